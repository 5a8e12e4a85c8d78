package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import jakarta.json.Json;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the command keeps, refuses and prints, besides runs. */
class CliIT extends InstalledCommand {
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
