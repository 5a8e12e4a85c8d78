package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Postgres;
import jakarta.json.Json;
import jakarta.json.JsonException;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a process: what ./mvnw runs, without the build. */
class LauncherIT {
    private static final Duration START = Duration.ofMinutes(4);
    private static final String KEY = "ns_a-key-that-is-long-enough-for-a-test";

    private final Path folder;
    private final List<Process> started = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private final int http = Ports.anyFree();

    LauncherIT(@TempDir Path folder) {
        this.folder = folder;
        environment.put("NIGHTSHIFT_DATA", data().toString());
        environment.put("NIGHTSHIFT_HTTP_PORT", Integer.toString(http));
        environment.put("NIGHTSHIFT_HTTPS_PORT", Integer.toString(Ports.anyFree()));
        environment.put("NIGHTSHIFT_POSTGRES_PORT", Integer.toString(Ports.anyFree()));
    }

    @AfterEach
    void endWhatATestLeft() throws InterruptedException {
        for (Process process : started) {
            process.destroy();
            process.waitFor(60, TimeUnit.SECONDS);
        }
        LibertyServer.stopOrphan(data());
    }

    @Test
    void aSecondStartTakesUpWhatAKillLeftAndASignalEndsEverything() throws Exception {
        Process first = start("first");
        await(first, "first");
        String said = said("first");
        assertTrue(said.contains("admin / " + Files.readString(data().resolve("secrets/admin.password"))), said);
        assertTrue(said.contains("master.key"), said);
        assertEquals(200, get("/health/ready"));

        Process refused = start("refused");
        assertTrue(refused.waitFor(60, TimeUnit.SECONDS));
        assertEquals(1, refused.exitValue());
        assertTrue(said("refused").contains("NIGHTSHIFT_DATA"), said("refused"));

        long repository = pid("repository");
        first.destroyForcibly().waitFor();
        ProcessHandle postmaster = ProcessHandle.of(repository).orElseThrow();
        postmaster.destroyForcibly();
        postmaster.onExit().get(10, TimeUnit.SECONDS);
        assertEquals(1, servers(), "the server outlives its launcher");

        environment.put("NIGHTSHIFT_DRAIN_SECONDS", "5");
        Process second = start("second");
        await(second, "second");
        said = said("second");
        assertTrue(said.contains("left behind"), said);
        assertFalse(said.contains("admin / "), "the password is shown once");
        assertFalse(said.contains("Demo shop filled"), "the shop is made once");
        assertEquals(1, servers());

        second.destroy();
        awaitDrain();
        assertTrue(second.waitFor(90, TimeUnit.SECONDS));
        assertEquals(0, second.exitValue(), said("second"));
        assertEquals(0, servers());
        assertFalse(PostmasterPid.anyProcessIn(data().resolve("repository/data")));
        assertFalse(PostmasterPid.anyProcessIn(data().resolve("demo/data")));
        assertFalse(Files.exists(data().resolve("run/variables")), "secrets for the server go with it");
    }

    @Test
    void anExternalRepositoryServesWithoutAnyEmbeddedDatabaseAndTheServersOwnEndIsSaid() throws Exception {
        try (Postgres external = Postgres.start(16)) {
            external.execute(
                    "postgres",
                    "create role books_owner login password 'owner-secret'",
                    "create role books_app login password 'app-secret'",
                    "create database books owner books_owner");
            environment.put("NIGHTSHIFT_REQUESTS_PER_MINUTE", "20");
            environment.put("NIGHTSHIFT_BOOTSTRAP_KEY", KEY);
            environment.putAll(Map.of(
                    "NIGHTSHIFT_DEMO", "false",
                    "NIGHTSHIFT_LOG_FORMAT", "json",
                    "NIGHTSHIFT_METRICS_PUBLIC", "true",
                    "NIGHTSHIFT_REPOSITORY_URL", external.url("books"),
                    "NIGHTSHIFT_REPOSITORY_USER", "books_app",
                    "NIGHTSHIFT_REPOSITORY_PASSWORD", "app-secret",
                    "NIGHTSHIFT_REPOSITORY_OWNER_USER", "books_owner",
                    "NIGHTSHIFT_REPOSITORY_OWNER_PASSWORD", "owner-secret",
                    "NIGHTSHIFT_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="));
            Process launcher = start("external");
            await(launcher, "external");
            assertFalse(Files.exists(data().resolve("repository")));
            assertFalse(Files.exists(data().resolve("demo")));
            assertFalse(Files.exists(data().resolve("secrets/master.key")));
            assertEquals(200, get("/health/ready"));
            assertEquals(200, get("/metrics"), "public as it was asked for");
            assertTheKeyIsSlowedDown();

            servers(ProcessHandle::destroyForcibly);
            assertTrue(launcher.waitFor(60, TimeUnit.SECONDS));
            assertEquals(1, launcher.exitValue());
            String said = said("external");
            assertTrue(said.contains("ended by itself") && said.contains("messages.log"), said);
            assertFalse(said.contains("app-secret"), said);
            assertEveryLineIsAnObject(data().resolve("logs/messages.log"));
        }
    }

    /** What collects logs reads them line by line, from the first one on. */
    private static void assertEveryLineIsAnObject(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        assertTrue(lines.size() > 10, lines::toString);
        for (String line : lines) {
            try (var reader = Json.createReader(new StringReader(line))) {
                assertTrue(reader.readObject().containsKey("message"), line);
            } catch (JsonException e) {
                throw new AssertionError("No JSON object: " + line, e);
            }
        }
    }

    private Path data() {
        return folder.resolve("data").toAbsolutePath();
    }

    private Process start(String name) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Launcher.class.getName(),
                        Path.of("").toAbsolutePath().toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".out").toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("NIGHTSHIFT_"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private void await(Process launcher, String name) throws Exception {
        long end = System.nanoTime() + START.toNanos();
        while (!said(name).contains("Ready in ")) {
            assertTrue(launcher.isAlive(), () -> said(name));
            assertTrue(System.nanoTime() < end, () -> said(name));
            Thread.sleep(300);
        }
        while (!said(name).contains("Ctrl-C")) {
            Thread.sleep(100);
        }
    }

    private void assertTheKeyIsSlowedDown() {
        Api script = Api.at(URI.create("http://127.0.0.1:" + http + "/")).withKey(KEY);
        Api.Answer answer = script.get("api/me").expect(200);
        for (int i = 0; i < 100 && answer.status() == 200; i++) {
            answer = script.get("api/me");
        }
        Api.Answer refused = answer.expect(429);
        long wait = Long.parseLong(String.valueOf(refused.header("Retry-After")));
        assertTrue(wait >= 1 && wait <= 4, "a token comes back every 3 s, and a second in reserve: " + wait);
        assertTrue(refused.object().getString("detail").contains("bootstrap"), refused.body());
    }

    /** What a load balancer hears before the port is closed. */
    private void awaitDrain() throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (get("/health/ready") != 503) {
            assertTrue(System.nanoTime() < end, "the node does not say that it drains");
            Thread.sleep(100);
        }
        assertEquals(200, get("/health/live"));
    }

    private String said(String name) {
        try {
            return Files.readString(folder.resolve(name + ".out"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long pid(String cluster) {
        return PostmasterPid.read(data().resolve(cluster).resolve("data"))
                .orElseThrow()
                .pid();
    }

    private int servers() {
        return servers(process -> true);
    }

    private int servers(java.util.function.Predicate<ProcessHandle> each) {
        return (int) ProcessHandle.allProcesses()
                .filter(process -> LibertyServer.serves(process, data()))
                .filter(each)
                .count();
    }

    private int get(String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + http + path).toURL().openConnection();
        try {
            return connection.getResponseCode();
        } finally {
            connection.disconnect();
        }
    }
}
