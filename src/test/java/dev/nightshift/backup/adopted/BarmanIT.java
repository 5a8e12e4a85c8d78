package dev.nightshift.backup.adopted;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Barman itself prints of backups that it has taken, is taking and has failed to take; .ci/run installs it. */
@Tag("thorough")
class BarmanIT {
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private final Nightshift nightshift = Nightshift.shared();
    private final Path home;
    private final Path configuration;
    private final List<Process> running = new ArrayList<>();

    BarmanIT(@TempDir Path folder) throws IOException {
        this.home = Files.createDirectory(folder.resolve("barman"));
        this.configuration = folder.resolve("barman.conf");
    }

    @AfterEach
    void end() throws InterruptedException {
        for (Process each : running) {
            each.descendants().forEach(ProcessHandle::destroyForcibly);
            each.destroyForcibly().waitFor();
        }
    }

    @Test
    void whatBarmanHoldsIsShownAsItTellsIt() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "adopted-barman");
        try (Postgres source = Postgres.start(Postgres.debian15(), Map.of())) {
            project.register("shop", source, "postgres");
            String path = project.path("instances/shop/adopted-backups");
            configure(source, "");
            assertAll(
                    () -> assertEquals("{\"shop\": []}", list("shop")),
                    () -> send(project, path, list("shop"), null).expect(200),
                    () -> assertEquals(List.of(), backups(project, path)));

            barman("receive-wal", "--create-slot", "shop").succeeded();
            start("receive-wal", "shop");
            Eventually.isTrue(
                    "the first log",
                    DEADLINE,
                    () -> run("switch-wal", "--force", "--archive", "--archive-timeout", "20", "shop")
                                    .exit()
                            == 0);
            Instant before = Instant.now();
            barman("backup", "shop").succeeded();
            send(project, path, list("shop"), null).expect(200);
            JsonObject done = backups(project, path).get(0);
            Instant ended = Instant.parse(done.getString("endedAt"));
            assertAll(
                    () -> assertEquals("FULL", done.getString("kind")),
                    () -> assertTrue(done.getString("label").matches("\\d{8}T\\d{6}"), done::toString),
                    () -> assertFalse(done.getBoolean("failed"), done::toString),
                    () -> assertTrue(done.getJsonNumber("storedBytes").longValue() > 10_000_000, done::toString),
                    () -> assertFalse(
                            ended.isBefore(before.minusSeconds(1)) || ended.isAfter(Instant.now()), done::toString));

            configure(source, "bandwidth_limit = 200\n");
            Process backup = start("backup", "shop");
            Eventually.isTrue(
                    "the second backup copies files",
                    DEADLINE,
                    () -> copying(backup).size() == 1);
            send(project, path, list("shop"), null).expect(200);
            JsonObject underWay = backups(project, path).stream()
                    .filter(each -> !each.getString("label").equals(done.getString("label")))
                    .findFirst()
                    .orElseThrow();
            assertTrue(underWay.getBoolean("failed") && underWay.isNull("endedAt"), underWay::toString);

            copying(backup).forEach(ProcessHandle::destroyForcibly);
            assertNotEquals(0, backup.waitFor());
            assertTrue(list("shop").contains("\"status\": \"FAILED\""), list("shop"));
            send(project, path, list("shop"), null).expect(200);
            assertEquals(
                    List.of(true, false),
                    backups(project, path).stream()
                            .map(each -> each.getBoolean("failed"))
                            .sorted(java.util.Comparator.reverseOrder())
                            .toList());

            // Of all its servers, one is not configured as it should be: what it says of the others holds
            configure(source, "\n[wrong]\ndescription = no slot\n" + connection(source));
            String all = list("all");
            assertTrue(all.contains("_ERROR"), all);
            send(project, path, all, "shop").expect(200);
            assertEquals(2, backups(project, path).size());
            assertAll(
                    () -> assertTrue(
                            send(project, path, all, null).expect(400).body().contains("slot_name"), all),
                    () -> assertTrue(
                            send(project, path, all, "wrong").expect(400).body().contains("slot_name"), all),
                    () -> assertTrue(send(project, path, list("nosuch"), "nosuch")
                            .expect(400)
                            .body()
                            .contains("Unknown server")),
                    () -> assertEquals(2, backups(project, path).size(), "what was refused lost nothing"));
        }
    }

    private static List<ProcessHandle> copying(Process backup) {
        return backup.descendants()
                .filter(each -> Processes.commandLine(each).contains("/pg_basebackup"))
                .toList();
    }

    private static String connection(Postgres source) {
        String login = "host=" + source.host() + " port=" + source.port() + " user=" + source.user() + " password="
                + source.password();
        return "conninfo = " + login + " dbname=postgres\nstreaming_conninfo = " + login
                + "\nbackup_method = postgres\nstreaming_archiver = on\n";
    }

    private void configure(Postgres source, String more) throws IOException {
        Files.writeString(
                configuration,
                "[barman]\nbarman_user = " + System.getProperty("user.name") + "\nbarman_home = " + home
                        + "\nbarman_lock_directory = " + home + "\nlog_file = " + home.resolveSibling("barman.log")
                        + "\npath_prefix = " + Postgres.debian15().bin() + "\n[shop]\ndescription = shop\n"
                        + connection(source) + "slot_name = barman\n" + more);
    }

    private List<String> command(String... words) {
        List<String> command = new ArrayList<>(List.of("barman", "-c", configuration.toString()));
        command.addAll(List.of(words));
        return command;
    }

    private Processes.Result barman(String... words) throws IOException {
        return Processes.run(DEADLINE, command(words));
    }

    private Processes.Result run(String... words) {
        try {
            return barman(words);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Process start(String... words) throws IOException {
        Process process = new ProcessBuilder(command(words))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        running.add(process);
        return process;
    }

    private String list(String server) throws IOException {
        return barman("-f", "json", "list-backup", server).output().strip();
    }

    private static Api.Answer send(TestProject project, String path, String report, @Nullable String name) {
        return project.api().send("PUT", path + "/barman" + (name == null ? "" : "?name=" + name), report);
    }

    private static List<JsonObject> backups(TestProject project, String path) {
        return project.api()
                .get(path)
                .expect(200)
                .object()
                .getJsonArray("reports")
                .getJsonObject(0)
                .getJsonArray("backups")
                .getValuesAs(JsonObject.class);
    }
}
