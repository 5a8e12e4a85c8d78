package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.runtime.tls.ServedCertificate;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The jar as people run it, by its script, against the product as people start it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CliIT {
    private static final Duration DEADLINE = Duration.ofMinutes(3);
    private static final Path COMMAND = Path.of("bin", "nightshift").toAbsolutePath();

    private Nightshift nightshift;
    private Path home;

    private record Result(int exit, String out, String err) {
        Result expect(int code) {
            assertEquals(code, exit, () -> out + err);
            return this;
        }

        JsonValue json() {
            try (JsonReader reader = Json.createReader(new StringReader(out))) {
                return reader.readValue();
            }
        }

        Facts facts() {
            return new Facts(json().asJsonObject());
        }
    }

    @BeforeAll
    void logIn(@TempDir Path folder) throws Exception {
        nightshift = Nightshift.shared();
        nightshift.awaitDemoRound();
        home = Files.createDirectory(folder.resolve("home"));
        URI https = nightshift.https();
        Path certificate = Files.writeString(
                folder.resolve("nightshift.pem"),
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(ServedCertificate.at(https.getHost(), https.getPort())
                                        .getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        Result login = run(
                        Map.of("NIGHTSHIFT_KEY", Nightshift.BOOTSTRAP_KEY),
                        List.of(
                                COMMAND.toString(),
                                "login",
                                "--url",
                                https.toString(),
                                "--project",
                                "demo",
                                "--ca-file",
                                certificate.toString()))
                .expect(0);
        assertFalse((login.out() + login.err()).contains(Nightshift.BOOTSTRAP_KEY), "the key is not shown");
    }

    private Result nightshift(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(COMMAND.toString()));
        command.addAll(Arrays.asList(arguments));
        return run(Map.of(), command);
    }

    private Result run(Map<String, String> environment, List<String> command) throws IOException {
        Process process = start(environment, command);
        try {
            if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " was not done in " + DEADLINE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return new Result(
                process.exitValue(), Files.readString(home.resolve("out")), Files.readString(home.resolve("err")));
    }

    private Process start(Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(home.resolve("out").toFile())
                .redirectError(home.resolve("err").toFile());
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("NIGHTSHIFT_") || name.startsWith("LC_") || name.equals("LANG"));
        builder.environment()
                .putAll(Map.of(
                        "HOME",
                        home.toString(),
                        "XDG_CONFIG_HOME",
                        home.resolve("config").toString(),
                        "JAVA_HOME",
                        System.getProperty("java.home"),
                        "TZ",
                        "Europe/Vienna"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** A backup that takes long enough to be met. */
    private String slowBackup() throws IOException {
        String id = nightshift("run", "start", "backup", "-d", "demo", "-p", "rateLimitKilobytesPerSecond=768")
                .expect(0)
                .out()
                .strip();
        Eventually.isTrue(
                "its copy",
                Duration.ofMinutes(1),
                () -> TestProject.of(nightshift.admin(), "demo")
                        .currentStep(id)
                        .filter("copy"::equals)
                        .isPresent());
        return id;
    }

    @Test
    void theKeyIsKeptWhereOnlyItsOwnerReadsIt() throws Exception {
        Path stored = home.resolve("config/nightshift/config");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(stored)));
        assertTrue(Files.readString(stored).contains(Nightshift.BOOTSTRAP_KEY));
    }

    @Test
    void theKeyIsAskedForWithoutEcho() throws Exception {
        Path out = home.resolve("out");
        Process login = start(
                Map.of("XDG_CONFIG_HOME", home.resolve("typed").toString(), "TERM", "xterm"),
                List.of(
                        "script",
                        "-qec",
                        COMMAND + " login --url " + nightshift.http() + " --project demo",
                        "/dev/null"));
        Eventually.isTrue(
                "the question", Duration.ofSeconds(30), () -> out.toFile().length() > 0);
        login.getOutputStream().write((Nightshift.BOOTSTRAP_KEY + "\r").getBytes(StandardCharsets.US_ASCII));
        login.getOutputStream().flush();
        assertTrue(login.waitFor(30, TimeUnit.SECONDS));
        String shown = Files.readString(out);
        assertEquals(0, login.exitValue(), shown);
        assertTrue(shown.contains("API key (not shown): ") && shown.contains("Logged in at"), shown);
        assertFalse(shown.contains(Nightshift.BOOTSTRAP_KEY), shown);
    }

    @Test
    void aCertificateThatNobodyKnowsIsNotTrusted() throws Exception {
        Result login = run(
                        Map.of("NIGHTSHIFT_KEY", Nightshift.BOOTSTRAP_KEY),
                        List.of(
                                COMMAND.toString(),
                                "login",
                                "--url",
                                nightshift.https().toString()))
                .expect(5);
        assertTrue(login.err().contains("is not trusted") && login.err().contains("--ca-file"), login.err());
    }

    @Test
    void onItsOwnMachineAKeyAndPlainHttpAreEnough() throws Exception {
        run(
                        Map.of(
                                "NIGHTSHIFT_URL",
                                nightshift.http().toString(),
                                "NIGHTSHIFT_KEY",
                                Nightshift.BOOTSTRAP_KEY,
                                "NIGHTSHIFT_PROJECT",
                                "demo"),
                        List.of(COMMAND.toString(), "database", "check", "demo"))
                .expect(0);
    }

    @Test
    void aBackupIsWaitedForListedShownAndRestored() throws Exception {
        Result start =
                nightshift("run", "start", "backup", "-d", "demo", "--wait").expect(0);
        assertTrue(start.out().startsWith("● done  backup of demo  "), start.out());
        assertEquals(1, start.out().lines().count(), start.out());
        assertTrue(start.err().contains("demo copy  ● done"), "a line for each change: " + start.err());
        String id = start.out().strip().substring(start.out().strip().lastIndexOf(' ') + 1);

        Facts newest = nightshift("run", "list", "--job", "backup", "--status", "completed", "--limit", "1", "--json")
                .expect(0)
                .facts();
        assertEquals(id, newest.list("items").get(0).textOr("id", ""));
        Result list = nightshift("run", "list").expect(0);
        assertTrue(list.out().startsWith("ID ") && list.out().contains(id), list.out());
        assertTrue(nightshift("run", "show", id.substring(id.length() - 12))
                .expect(0)
                .out()
                .contains("checkpoint"));
        assertTrue(nightshift("run", "log", id).expect(0).out().contains("  demo  "), "lines name their target");

        String backup = nightshift("run", "show", id, "--json")
                .expect(0)
                .facts()
                .list("targets")
                .get(0)
                .object("figures")
                .orElseThrow()
                .textOr("backup", "");
        assertTrue(nightshift("backup", "list", "-d", "demo").expect(0).out().contains(backup));
        assertTrue(nightshift("backup", "show", backup).expect(0).out().contains("not proven"));
        Path folder = nightshift.data().resolve("restore").resolve("by-command");
        nightshift("backup", "restore", backup, "--folder", folder.toString(), "--wait")
                .expect(0);
        assertTrue(Files.exists(folder.resolve("PG_VERSION")));
        Result again = nightshift("backup", "restore", backup, "--folder", folder.toString(), "--wait")
                .expect(1);
        assertTrue(again.err().contains("empty"), "the reason: " + again.err());
        Result outside =
                nightshift("backup", "restore", backup, "--folder", "relative").expect(2);
        assertTrue(outside.err().startsWith("nightshift: parameters.folder: "), outside.err());
        assertTrue(nightshift("run", "restart", id).expect(6).err().startsWith("nightshift: "));
    }

    @Test
    void aRunIsFollowedAndStopped() throws Exception {
        String id = slowBackup();
        Process following = start(
                Map.of(), List.of("sh", "-c", "exec " + COMMAND + " run log " + id + " --follow > '" + home + "/log'"));
        Eventually.isTrue(
                "a first line",
                Duration.ofSeconds(30),
                () -> Files.exists(home.resolve("log"))
                        && home.resolve("log").toFile().length() > 0);
        assertTrue(following.isAlive(), "it goes on");
        assertTrue(nightshift("run", "stop", id, "--wait").expect(0).out().startsWith("– stopped  backup of demo"));
        assertTrue(following.waitFor(30, TimeUnit.SECONDS), "it ends with the run");
        assertEquals(0, following.exitValue());
        assertEquals(
                nightshift("run", "log", id).expect(0).out(), Files.readString(home.resolve("log")), "no line is lost");
    }

    @Test
    void ctrlCLeavesTheRunGoingAndSaysSo() throws Exception {
        String id = slowBackup();
        Process waiting = start(Map.of(), List.of(COMMAND.toString(), "run", "restart", id, "--wait"));
        assertTrue(waiting.waitFor(30, TimeUnit.SECONDS));
        assertEquals(6, waiting.exitValue(), "what runs is not restarted");
        Process second = start(Map.of(), List.of(COMMAND.toString(), "run", "start", "backup", "-d", "demo", "--wait"));
        Path err = home.resolve("err");
        Eventually.isTrue(
                "its first line", Duration.ofSeconds(30), () -> err.toFile().length() > 0);
        // Who starts the tests in the background may have them ignore Ctrl-C, and all that they start
        boolean heard = Processes.hears(second.toHandle(), 2);
        new ProcessBuilder("kill", heard ? "-INT" : "-TERM", Long.toString(second.pid()))
                .start()
                .waitFor();
        assertTrue(second.waitFor(30, TimeUnit.SECONDS));
        assertEquals(heard ? 130 : 143, second.exitValue());
        String said = Files.readString(err);
        assertTrue(said.contains("goes on. Follow it: nightshift run log"), said);
        nightshift("run", "stop", said.substring(said.lastIndexOf(' ')).strip(), "--wait")
                .expect(0);
        nightshift("run", "stop", id, "--wait").expect(0);
    }

    @Test
    void aTerminalSeesABar() throws Exception {
        Result shown = run(
                        Map.of("TERM", "xterm"),
                        List.of("script", "-qec", COMMAND + " run start vacuum -d demo --wait", "/dev/null"))
                .expect(0);
        assertTrue(shown.out().contains("\r\u001b[K"), "drawn over: " + shown.out());
        assertTrue(shown.out().contains("● done  vacuum of demo"), shown.out());
    }

    @Test
    void refusalsHaveTheirCodes() throws Exception {
        Result wrong = run(
                        Map.of("NIGHTSHIFT_KEY", "ns_not-a-key-of-anybody"), List.of(COMMAND.toString(), "run", "list"))
                .expect(3);
        assertFalse(wrong.err().contains("ns_not-a-key"), wrong.err());
        nightshift("run", "show", "01a1fd6a-f8b1-73eb-b7f6-77f4b37ee9e1").expect(4);
        nightshift("database", "check", "nowhere").expect(4);
        nightshift("run", "list", "--project", "nowhere").expect(4);
        Result parameter = nightshift("run", "start", "vacuum", "-d", "demo", "-p", "maxMinutes=0")
                .expect(2);
        assertTrue(parameter.err().startsWith("nightshift: parameters.maxMinutes: "), parameter.err());
        assertEquals(1, parameter.err().lines().count(), parameter.err());
        run(
                        Map.of("NIGHTSHIFT_URL", "https://localhost:1", "NIGHTSHIFT_KEY", "ns_any-key-of-8"),
                        List.of(COMMAND.toString(), "job", "list"))
                .expect(5);
    }

    @Test
    void jsonIsOneDocument() throws Exception {
        for (String command :
                List.of("run list", "schedule list", "database list", "backup list", "node list", "job list")) {
            String[] arguments = (command + " --json").split(" ");
            JsonValue json = nightshift(arguments).expect(0).json();
            assertTrue(
                    json.getValueType() == JsonValue.ValueType.ARRAY
                            || json.asJsonObject().containsKey("items"),
                    command + ": " + json);
            assertFalse(nightshift(command.split(" ")).expect(0).out().contains("{"), command);
        }
        assertTrue(nightshift("database", "check", "demo", "--json")
                .expect(0)
                .facts()
                .is("ok"));
    }

    @Test
    void aScheduleIsPausedShownAndResumed() throws Exception {
        String path = "api/projects/demo/schedules";
        nightshift
                .admin()
                .post(
                        path,
                        Json.createObjectBuilder()
                                .add("name", "by-command")
                                .add("job", "backup")
                                .add("cron", "15 2 * * *")
                                .add("zone", "America/New_York")
                                .add("databases", Json.createArrayBuilder().add("demo"))
                                .build())
                .expect(201);
        try {
            assertTrue(nightshift("schedule", "list").expect(0).out().contains("● active"));
            Result paused = nightshift(
                            "schedule", "pause", "by-command", "--why", "Umzug für Anna", "--until", "2099-12-01 07:00")
                    .expect(0);
            assertTrue(
                    paused.out().startsWith("by-command  – paused until 2099-12-01 07:00:00: Umzug für Anna"),
                    paused.out());
            Facts shown = nightshift("schedule", "show", "by-command", "--json")
                    .expect(0)
                    .facts();
            assertEquals(
                    Instant.parse("2099-12-01T06:00:00Z"),
                    shown.object("paused").flatMap(pause -> pause.time("until")).orElseThrow(),
                    "as meant in Vienna");
            assertTrue(nightshift("schedule", "resume", "by-command")
                    .expect(0)
                    .out()
                    .startsWith("by-command  ● active"));
        } finally {
            nightshift.admin().delete(path + "/by-command?confirm=by-command").expect(204);
        }
        nightshift("schedule", "show", "by-command").expect(4);
    }

    @Test
    void aCronExpressionIsPreviewedOrRefusedByItsField() throws Exception {
        Result preview = nightshift("schedule", "preview", "15 2 * * *", "--zone", "America/New_York")
                .expect(0);
        assertTrue(
                preview.out()
                        .matches(
                                "(?s)IN America/New_York +IN Europe/Vienna \\(YOURS\\)\n.* 02:15 -0[45]:00  .* 0[78]:15 \\+0[12]:00\n.*"),
                preview.out());
        assertEquals(6, preview.out().lines().count(), preview.out());
        Result never =
                nightshift("schedule", "preview", "0 0 31 2 *", "--zone", "UTC").expect(2);
        assertTrue(never.err().startsWith("nightshift: cron: "), never.err());
    }

    @Test
    void bashCompletesCommands() throws Exception {
        String script = "source <(" + COMMAND + " completion bash); COMP_WORDS=(nightshift run st); COMP_CWORD=2;"
                + " COMP_LINE='nightshift run st'; COMP_POINT=17; _complete_nightshift; echo \"${COMPREPLY[@]}\"";
        assertEquals(
                "start stop",
                run(Map.of(), List.of("bash", "-c", script)).expect(0).out().strip());
    }

    @Test
    void itSaysItsVersion() throws Exception {
        assertTrue(nightshift("--version").expect(0).out().matches("nightshift \\d+\\.\\d+.*\n"));
    }
}
