package dev.nightshift.runtime;

import dev.nightshift.job.JobConfig;
import dev.nightshift.kernel.Failure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The Open Liberty server as a process of its own: in its own session, with an environment that holds only what it is given,
 * secrets in files. Its state lives in the data folder, so that a clean build loses nothing.
 */
final class LibertyServer {
    private static final String NAME = "nightshift";
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(60);

    /** What the server prints outside its log: kept for a start that fails before there is a log. */
    private static final int CONSOLE_LIMIT_LINES = 10_000;

    /** Files of its work area that hold the values of variables. */
    private static final Set<String> REMEMBERED = Set.of("configs.data", "variableCacheData");

    /** Tells on the command line whose server it is; found again after the launcher was killed. */
    private static final String MARK = "-Dnightshift.data=";

    /**
     * Where things are.
     *
     * @param basedir the project: server.xml and target/ with the runtime, the driver and the exploded WAR
     * @param data the data folder
     */
    record Places(Path basedir, Path data) {
        Path runtime() {
            return basedir.resolve("target/wlp");
        }

        Path application() {
            return basedir.resolve("target/nightshift");
        }

        Path driver() {
            return basedir.resolve("target/jdbc");
        }

        Path logs() {
            return data.resolve("logs");
        }

        /** Configuration that not every server has. */
        Path configurations() {
            return basedir.resolve("src/main/liberty");
        }

        /** The server's own log. */
        Path log() {
            return logs().resolve("messages.log");
        }

        Path console() {
            return logs().resolve("console.log");
        }

        Path variables() {
            return data.resolve("run/variables");
        }

        Path workArea() {
            return userFolder().resolve("output").resolve(NAME).resolve("workarea");
        }

        /** Made from a certificate that was given; the server makes its own elsewhere. */
        Path keyStore() {
            return data.resolve("run/certificate.p12");
        }

        void removeKeyStore() {
            try {
                Files.deleteIfExists(keyStore());
            } catch (IOException e) {
                throw new Failure.Fatal("The key store " + keyStore() + " could not be removed.", null, e);
            }
        }

        /** While it is there, the node drains. */
        Path drain() {
            return data.resolve(JobConfig.DRAIN_FILE);
        }

        Path userFolder() {
            return data.resolve("liberty");
        }

        Path configuration() {
            return userFolder().resolve("servers").resolve(NAME);
        }
    }

    private final Places places;
    private final Process process;

    private LibertyServer(Places places, Process process) {
        this.places = places;
        this.process = process;
    }

    /**
     * Starts the server.
     *
     * @param configurations files that it reads besides server.xml
     * @param variables of server.xml; each becomes a file
     * @param environment for the application, without secrets where a file can hold them
     * @param shown gets every line that a person should see
     */
    static LibertyServer start(
            Places places,
            List<Path> configurations,
            Map<String, String> variables,
            Map<String, String> environment,
            List<String> javaOptions,
            Consumer<String> shown) {
        try {
            prepare(places, configurations, variables, javaOptions);
            List<String> command = new ArrayList<>();
            if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
                command.add("/usr/bin/setsid");
            }
            command.addAll(List.of(places.runtime().resolve("bin/server").toString(), "run", NAME));
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(places.configuration().toFile())
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
            Map<String, String> clean = builder.environment();
            String path = clean.getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
            String home = clean.getOrDefault("HOME", places.data().toString());
            clean.clear();
            // glibc keeps up to eight areas a processor for what threads give back, and the stores' native clients have
            // many
            clean.put("MALLOC_ARENA_MAX", "2");
            clean.putAll(Map.of(
                    "PATH", path,
                    "HOME", home,
                    "LANG", "C.UTF-8",
                    "JAVA_HOME", System.getProperty("java.home"),
                    "WLP_USER_DIR", places.userFolder().toString(),
                    "WLP_OUTPUT_DIR", places.userFolder().resolve("output").toString(),
                    "LOG_DIR", places.logs().toString(),
                    "VARIABLE_SOURCE_DIRS", places.variables().toString()));
            clean.putAll(environment);
            Process process = builder.start();
            Thread reader = new Thread(() -> read(places, process, shown), "server-output");
            reader.setDaemon(true);
            reader.start();
            return new LibertyServer(places, process);
        } catch (IOException e) {
            throw new Failure.Fatal("The server could not be started: " + e.getMessage(), null, e);
        }
    }

    private static void prepare(
            Places places, List<Path> configurations, Map<String, String> variables, List<String> javaOptions)
            throws IOException {
        for (Path needed : List.of(places.runtime().resolve("bin/server"), places.application(), places.driver())) {
            if (!Files.exists(needed)) {
                throw new Failure.Fatal(
                        needed + " is missing.",
                        "Start with ./mvnw, which builds it, from the project's folder.",
                        null);
            }
        }
        Path script = places.runtime().resolve("bin/server");
        if (!Files.isExecutable(script) && !script.toFile().setExecutable(true)) {
            throw new Failure.Fatal(script + " is not executable.", null, null);
        }
        Files.createDirectories(places.logs());
        Folders.createPrivate(places.userFolder());
        Files.createDirectories(places.configuration());
        Files.copy(
                places.basedir().resolve("server.xml"),
                places.configuration().resolve("server.xml"),
                StandardCopyOption.REPLACE_EXISTING);
        Path besides = places.configuration().resolve("configDropins/overrides");
        Folders.delete(besides); // an earlier start's
        Files.createDirectories(besides);
        for (Path each : configurations) {
            // A file that people give may have any name; without .xml the server would pass over it
            String own = String.valueOf(each.getFileName());
            boolean ours = each.startsWith(places.configurations());
            Files.copy(each, besides.resolve(ours ? own : "messaging-external.xml"));
        }
        List<String> options = new ArrayList<>(List.of(MARK + places.data()));
        options.addAll(javaOptions);
        Files.write(places.configuration().resolve("jvm.options"), options);
        Folders.delete(places.variables());
        Folders.createPrivate(places.variables());
        Files.deleteIfExists(places.drain());
        variables.forEach((name, value) -> Secrets.write(places.variables().resolve(name), value));
    }

    private static void read(Places places, Process process, Consumer<String> shown) {
        ServerOutput output = new ServerOutput(places.log());
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
                PrintWriter kept = new PrintWriter(Files.newBufferedWriter(places.console()), true)) {
            int count = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (count++ < CONSOLE_LIMIT_LINES) {
                    kept.println(line);
                }
                output.shown(line).ifPresent(shown);
            }
        } catch (IOException e) {
            if (process.isAlive()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Done with the exit code when the process has ended. */
    CompletableFuture<Integer> ended() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /**
     * Has the node say for a while that it drains: load balancers send their requests elsewhere, runs that are almost done
     * end here. Returns at once if the server has ended.
     */
    void drain(Duration time) {
        if (time.isZero() || !isAlive()) {
            return;
        }
        try {
            Files.createFile(places.drain());
            process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (FileAlreadyExistsException e) {
            // Somebody has had it drained already.
        } catch (IOException e) {
            throw new Failure.Fatal("The node could not be told to drain: " + e.getMessage(), null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the server end what it does; kills it if that takes longer than 60 s. Removes what it was given in files. */
    void stop() {
        end(process.toHandle());
        try {
            Folders.delete(places.variables());
            forget(places.workArea());
        } catch (IOException e) {
            throw new Failure.Fatal("What the server was given could not be removed: " + e.getMessage(), null, e);
        }
    }

    /** The server keeps the variables' values, to start sooner; it reads its configuration anew where they are gone. */
    private static void forget(Path workArea) throws IOException {
        if (!Files.exists(workArea)) {
            return;
        }
        try (Stream<Path> files = Files.walk(workArea)) {
            for (Path file : files.filter(
                            each -> REMEMBERED.contains(each.getFileName().toString()))
                    .toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Stops a server of this data folder that an earlier launcher left behind; true if there was one. */
    static boolean stopOrphan(Path data) {
        List<ProcessHandle> orphans = ProcessHandle.allProcesses()
                .filter(candidate -> serves(candidate, data))
                .toList();
        orphans.forEach(LibertyServer::end);
        return !orphans.isEmpty();
    }

    static boolean serves(ProcessHandle candidate, Path data) {
        Path file = Path.of("/proc/" + candidate.pid() + "/cmdline");
        String mark = MARK + data;
        try {
            if (Files.exists(file)) {
                return List.of(Files.readString(file, StandardCharsets.ISO_8859_1)
                                .split("\0", -1))
                        .contains(new String(mark.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
            }
            return candidate
                    .info()
                    .arguments()
                    .filter(all -> List.of(all).contains(mark))
                    .isPresent();
        } catch (IOException e) {
            return false; // ended meanwhile, or somebody else's
        }
    }

    private static void end(ProcessHandle handle) {
        handle.destroy();
        try {
            handle.onExit().get(STOP_DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException | InterruptedException e) {
            handle.destroyForcibly();
            handle.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException("Waiting for a process failed.", e);
        }
    }
}
