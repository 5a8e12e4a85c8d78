package dev.nightshift.backup.adopted;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A repository of pgBackRest's, made by it: what it prints stands beside the instance. */
class AdoptedBackupsIT {
    private static final Duration DEADLINE = Duration.ofMinutes(1);

    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void whatPgBackRestHoldsIsShownAsItTellsIt(@TempDir Path work) throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "adopted");
        TestProject other = TestProject.create(nightshift.admin(), "adopted-by-others");
        try (Postgres source = Postgres.start(Postgres.debian15(), Map.of());
                Postgres another = Postgres.start(Postgres.debian15(), Map.of())) {
            project.register("shop", source, "postgres");
            project.register("another", another, "postgres");
            String path = project.path("instances/shop/adopted-backups");
            assertEquals(List.of(), reports(project, path));

            onSource(work, source, "stanza-create");
            onSource(work, source, "backup", "--type=full");
            Instant before = Instant.now();
            send(project, path, info(work)).expect(200);
            JsonObject report = reports(project, path).get(0);
            JsonObject full = report.getJsonArray("backups").getJsonObject(0);
            assertAll(
                    () -> assertEquals("pgbackrest", report.getString("tool")),
                    () -> assertEquals("source", report.getString("name")),
                    () -> assertTrue(
                            !Instant.parse(report.getString("reportedAt")).isBefore(before.minusSeconds(1))),
                    () -> assertEquals("FULL", full.getString("kind")),
                    () -> assertTrue(full.getString("label").endsWith("F"), full::toString),
                    () -> assertTrue(full.getJsonNumber("storedBytes").longValue() > 1_000_000, full::toString),
                    () -> assertTrue(
                            Duration.between(Instant.parse(full.getString("endedAt")), Instant.now())
                                            .compareTo(DEADLINE.multipliedBy(3))
                                    < 0,
                            full::toString));

            onSource(work, source, "backup", "--type=incr");
            String both = info(work);
            send(project, path, both).expect(200);
            List<JsonObject> backups =
                    reports(project, path).get(0).getJsonArray("backups").getValuesAs(JsonObject.class);
            assertEquals(
                    List.of("INCREMENTAL", "FULL"),
                    backups.stream().map(each -> each.getString("kind")).toList());
            assertEquals(full.getString("label"), backups.get(0).getString("parent"));

            JsonObject wrong = send(project, project.path("instances/another/adopted-backups"), both)
                    .expect(400)
                    .object();
            assertTrue(wrong.getString("detail").contains("another server"), wrong::toString);
            assertEquals(List.of(), reports(project, project.path("instances/another/adopted-backups")));
            send(other, other.path("instances/shop/adopted-backups"), both).expect(404);
            send(project, path, "{\"no\":\"list\"}").expect(400);
            assertEquals(
                    2, reports(project, path).get(0).getJsonArray("backups").size(), "what was refused lost nothing");

            project.api().delete(path + "/barman").expect(404);
            project.api().delete(path + "/pgbackrest").expect(204);
            assertEquals(List.of(), reports(project, path));
        }
    }

    private static Api.Answer send(TestProject project, String path, String report) {
        return project.api().send("PUT", path + "/pgbackrest", report);
    }

    private static List<JsonObject> reports(TestProject project, String path) {
        return project.api()
                .get(path)
                .expect(200)
                .object()
                .getJsonArray("reports")
                .getValuesAs(JsonObject.class);
    }

    private static String info(Path work) throws IOException {
        return pgBackRest(work, List.of("info", "--output=json"));
    }

    private static void onSource(Path work, Postgres source, String... command) throws IOException {
        List<String> words = new ArrayList<>(List.of(command));
        words.addAll(List.of(
                "--stanza=source",
                "--pg1-path=" + source.data(),
                "--pg1-port=" + source.port(),
                "--pg1-user=" + source.user()));
        if (words.get(0).equals("backup")) {
            words.addAll(List.of("--start-fast", "--no-archive-check"));
        }
        pgBackRest(work, List.of("env", "PGHOST=" + source.host(), "PGPASSWORD=" + source.password()), words);
    }

    private static String pgBackRest(Path work, List<String> words) throws IOException {
        return pgBackRest(work, List.of("env"), words);
    }

    private static String pgBackRest(Path work, List<String> before, List<String> words) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.add("pgbackrest");
        command.addAll(words);
        command.addAll(List.of(
                "--no-config",
                "--repo1-path=" + work.resolve("repository"),
                "--lock-path=" + work.resolve("lock"),
                "--log-level-file=off",
                "--log-level-console=error"));
        return Processes.run(DEADLINE, command).succeeded().output();
    }
}
