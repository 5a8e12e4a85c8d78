package dev.nightshift.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The product as people start it: the launcher in a JVM of its own, with its databases and its server, on free ports and in
 * a folder of its own. One is shared by all tests of a run, because a start takes half a minute; whoever kills it starts it
 * again.
 */
public final class Nightshift {
    /** As NIGHTSHIFT_BOOTSTRAP_KEY: an installation admin. */
    public static final String BOOTSTRAP_KEY = "test-bootstrap-key-5f1c9d02b7a84e63";

    /** A target's password, in the variable NIGHTSHIFT_CREDENTIAL_TEST of every one. */
    public static final String CREDENTIAL = "password-in-a-variable-4b8e07";

    /** The first compiler alone, for most servers live for minutes; with it the rounds of a good hash take over a second. */
    private static final String JAVA_OPTIONS =
            "-Xmx768m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dnightshift.password.rounds=10000";

    private static final String LAUNCHER = "dev.nightshift.runtime.Launcher";

    /** In the command line of every server, before its data folder. */
    private static final String SERVER = "-Dnightshift.data=";

    /** Two shared cores, a cold cache, a demo to fill. */
    private static final Duration START = Duration.ofMinutes(6);

    private static final Pattern ADMIN = Pattern.compile("Login\\s+admin / (\\S+)");

    private static @Nullable Nightshift shared;

    private final Path home;
    private final int http;
    private final int https;
    private final int postgres;
    private final int demo;
    private final Map<String, String> environment;
    private final List<String> inside;
    private @Nullable Process launcher;
    private int starts;

    private Nightshift(Path home, Map<String, String> environment, List<String> inside) {
        List<Integer> ports = FreePorts.different(4);
        this.home = home;
        this.inside = inside;
        this.http = ports.get(0);
        this.https = ports.get(1);
        this.postgres = ports.get(2);
        this.demo = ports.get(3);
        this.environment = new TreeMap<>(environment);
        this.environment.put("NIGHTSHIFT_CREDENTIAL_TEST", CREDENTIAL);
    }

    /** For the next start: what can be told only once its ports are known, or is to change. */
    public void set(String variable, String value) {
        environment.put(variable, value);
    }

    /** The one of this test run, started if it does not run. */
    public static synchronized Nightshift shared() {
        Nightshift running = shared;
        if (running == null) {
            running = prepare(Map.of());
            shared = running;
            Runtime.getRuntime().addShutdownHook(new Thread(running::remove));
        }
        if (!running.isRunning()) {
            running.start();
        }
        return running;
    }

    /** One of a test's own; not started yet. Whoever made it calls {@link #remove}. */
    public static Nightshift prepare(Map<String, String> environment) {
        return prepare(environment, List.of());
    }

    /** The same, started by programs that stand before the launcher's command, such as {@link SmallStore}'s. */
    public static Nightshift prepare(Map<String, String> environment, List<String> inside) {
        try {
            Path home = Path.of("target", "it-" + Long.toHexString(System.nanoTime()))
                    .toAbsolutePath();
            return new Nightshift(Files.createDirectories(home), environment, inside);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another node on this one's repository, key and store; not started yet. Whoever made it calls {@link #remove}. */
    public Nightshift anotherNode() {
        Path secrets = data().resolve("secrets");
        Map<String, String> settings = new TreeMap<>(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_REPOSITORY_URL",
                "jdbc:postgresql://127.0.0.1:" + postgres + "/nightshift",
                "NIGHTSHIFT_REPOSITORY_USER",
                "nightshift_app",
                "NIGHTSHIFT_REPOSITORY_PASSWORD_FILE",
                secrets.resolve("app.password").toString(),
                "NIGHTSHIFT_REPOSITORY_OWNER_USER",
                "nightshift_owner",
                "NIGHTSHIFT_REPOSITORY_OWNER_PASSWORD_FILE",
                secrets.resolve("owner.password").toString(),
                "NIGHTSHIFT_MASTER_KEY_FILE",
                secrets.resolve("master.key").toString(),
                "NIGHTSHIFT_STORE",
                data().resolve("store").toString(),
                "NIGHTSHIFT_NODE_NAME",
                "another"));
        settings.putAll(environment);
        return prepare(settings);
    }

    /** Starts and waits until it says that it is ready. */
    public void start() {
        try {
            Path output = output(++starts);
            List<String> command = new ArrayList<>(inside);
            command.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    classPath(),
                    LAUNCHER,
                    Path.of("").toAbsolutePath().toString()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("NIGHTSHIFT_"));
            builder.environment().putAll(environment());
            Process process = builder.start();
            launcher = process;
            Eventually.isTrue("\"Ready in\" of the launcher", START, () -> {
                if (!process.isAlive()) {
                    throw new AssertionError("The launcher ended:\n" + read(output));
                }
                return read(output).contains("Ready in");
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, String> environment() {
        Map<String, String> all = new TreeMap<>(Map.of(
                "NIGHTSHIFT_JAVA_OPTIONS", JAVA_OPTIONS,
                "NIGHTSHIFT_DRAIN_SECONDS", "0", // no load balancer watches; LauncherIT shows that a node drains
                "NIGHTSHIFT_DATA", data().toString(),
                "NIGHTSHIFT_HTTP_PORT", Integer.toString(http),
                "NIGHTSHIFT_HTTPS_PORT", Integer.toString(https),
                "NIGHTSHIFT_POSTGRES_PORT", Integer.toString(postgres),
                "NIGHTSHIFT_DEMO_PORT", Integer.toString(demo),
                "NIGHTSHIFT_BOOTSTRAP_KEY", BOOTSTRAP_KEY,
                "NIGHTSHIFT_POSTGRES_BINARIES", binaries()));
        all.putAll(environment);
        return all;
    }

    /** The server programs of every version, for its sandboxes; those of 18 it brings itself. */
    private static String binaries() {
        return Stream.of(15, 16, 17)
                .map(major -> Postgres.binaries(major).bin().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** What the product needs, without the tests' own classes. */
    private static String classPath() {
        return String.join(
                File.pathSeparator,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.endsWith("test-classes") && !entry.endsWith("test-classes/"))
                        .toList());
    }

    /** As Ctrl-C does; waits until everything has ended. */
    public void stop() {
        Process process = launcher;
        if (process == null) {
            return;
        }
        process.destroy();
        await(process, Duration.ofSeconds(150));
    }

    /** kill -9 of the server alone; the launcher notices, stops the databases and ends. */
    public void killServer() {
        List<ProcessHandle> servers = servers();
        if (servers.isEmpty()) {
            throw new AssertionError("No server runs in " + data());
        }
        servers.forEach(Processes::kill);
        Process process = launcher;
        if (process != null) {
            await(process, Duration.ofSeconds(90));
        }
    }

    /** kill -9 of launcher and server; the databases stay behind, as after a crash. */
    public void killEverything() {
        Process process = launcher;
        if (process != null) {
            Processes.kill(process.toHandle());
        }
        servers().forEach(Processes::kill);
    }

    private static void await(Process process, Duration most) {
        try {
            if (!process.waitFor(most.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("The launcher did not end within " + most.toSeconds() + " s.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public boolean isRunning() {
        Process process = launcher;
        return process != null && process.isAlive();
    }

    public ProcessHandle launcher() {
        Process process = launcher;
        if (process == null) {
            throw new IllegalStateException("It was not started.");
        }
        return process.toHandle();
    }

    /** The server's processes: its JVM, and the script that started it. */
    public List<ProcessHandle> servers() {
        return Processes.withArgument(SERVER + data());
    }

    /** Whether a process is a launcher or a server of any Nightshift. */
    public static boolean isOne(ProcessHandle process) {
        String command = Processes.commandLine(process);
        return command.contains(SERVER) || command.contains(LAUNCHER);
    }

    /** The data folder. */
    public Path data() {
        return home.resolve("data");
    }

    /** A folder for a test's own files, outside the data folder. */
    public Path scratch(String name) {
        try {
            return Files.createDirectories(home.resolve("scratch").resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the n-th start printed. */
    public Path output(int start) {
        return home.resolve("launcher-" + start + ".log");
    }

    /** What the current start has printed so far. */
    public String output() {
        return read(output(starts));
    }

    /** All that is written for people: the launcher's words and the server's logs. */
    public List<Path> logs() {
        List<Path> logs = new ArrayList<>();
        for (int start = 1; start <= starts; start++) {
            logs.add(output(start));
        }
        for (Path folder : List.of(data().resolve("logs"), data().resolve("repository"), data().resolve("demo"))) {
            if (!Files.isDirectory(folder)) {
                continue; // no demo, or another node's repository
            }
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(file -> file.toString().endsWith(".log")
                                || file.toString().endsWith(".txt"))
                        .forEach(logs::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return logs;
    }

    /** The generated password, as the first start printed it. */
    public String adminPassword() {
        var found = ADMIN.matcher(read(output(1)));
        if (!found.find()) {
            throw new AssertionError("The first start did not print the admin's password:\n" + read(output(1)));
        }
        return found.group(1);
    }

    public URI https() {
        return URI.create("https://localhost:" + https + "/");
    }

    public URI http() {
        return URI.create("http://localhost:" + http + "/");
    }

    /** As the installation's admin, by the bootstrap key. */
    public Api admin() {
        return Api.at(https()).withKey(BOOTSTRAP_KEY);
    }

    /** Waits until the round that the first start plays on the demo database is over, and fails if it went wrong. */
    public void awaitDemoRound() {
        DemoRound.await(admin());
    }

    /** As the user of scrapers, for /metrics. */
    public Api scraper() {
        String login =
                "metrics:" + read(data().resolve("secrets/metrics.password")).strip();
        return Api.at(https())
                .with(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
    }

    /** The demo's server. */
    public String demoUrl() {
        return "jdbc:postgresql://127.0.0.1:" + demo + "/";
    }

    /** Its embedded repository. */
    public RepositoryServer repository() {
        return new RepositoryServer(data(), postgres);
    }

    /** Stops it, keeps its logs in target/nightshift-logs, and removes its folder. */
    public void remove() {
        try {
            stop();
            if (Files.exists(data().resolve("logs"))) {
                keepLogs();
            }
            try (Stream<Path> files = Files.walk(home)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void keepLogs() throws IOException {
        Path kept = Files.createDirectories(
                Path.of("target", "nightshift-logs", home.getFileName().toString()));
        for (Path log : logs()) {
            String name = home.relativize(log).toString().replace(File.separatorChar, '-');
            Files.copy(log, kept.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
