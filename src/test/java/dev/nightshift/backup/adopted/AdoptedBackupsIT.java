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
import jakarta.json.JsonString;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
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

    /** What it says, for a repository's status, of one that it could not read. */
    private static final String FAILED =
            "\"status\":{\"code\":99,\"message\":\"[PathOpenError] unable to list file info\"}";

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

            String failed = both.replaceAll("\"status\":\\{\"code\":0,\"message\":\"ok\"}", FAILED);
            assertTrue(send(project, path, failed).expect(400).body().contains("unable to list"), failed);
            theProjectsListHasThoseOfAllServers(project, other, backups);

            project.api().delete(path + "/barman").expect(404);
            project.api().delete(path + "/pgbackrest").expect(204);
            assertEquals(List.of(), reports(project, path));
        }
    }

    /** Those of pgBackRest are of the instance shop, the newest first; Barman's are told of the other one. */
    private static void theProjectsListHasThoseOfAllServers(
            TestProject project, TestProject other, List<JsonObject> shop) {
        String far =
                "{\"far\": [{\"backup_id\": \"long-ago\", \"status\": \"DONE\", \"end_time_timestamp\": \"1000000000\","
                        + " \"size_bytes\": 40645044}, {\"backup_id\": \"begun\", \"status\": \"STARTED\"}]}";
        project.api()
                .send("PUT", project.path("instances/another/adopted-backups/barman"), far)
                .expect(200);
        List<JsonObject> all = listed(project, "");
        assertEquals(
                List.of("begun", shop.get(0).getString("label"), shop.get(1).getString("label"), "long-ago"),
                labels(all));
        JsonObject begun = all.get(0);
        JsonObject newest = all.get(1);
        JsonObject oldest = all.get(3);
        assertAll(
                () -> assertEquals("another", begun.getString("instance")),
                () -> assertEquals(begun.getString("reportedAt"), begun.getString("at"), "it is not over"),
                () -> assertEquals("shop", newest.getString("instance")),
                () -> assertEquals("pgbackrest", newest.getString("tool")),
                () -> assertEquals("source", newest.getString("name")),
                () -> assertEquals(newest.getJsonObject("backup").getString("endedAt"), newest.getString("at")),
                () -> assertEquals(shop.get(0), newest.getJsonObject("backup")),
                () -> assertEquals("barman", oldest.getString("tool")),
                () -> assertEquals(Instant.ofEpochSecond(1_000_000_000), Instant.parse(oldest.getString("at"))),
                () -> assertEquals(40645044, oldest.getJsonObject("backup").getInt("storedBytes")));

        List<String> onePerPage = new ArrayList<>();
        String after = "";
        while (after != null) {
            JsonObject page = project.api()
                    .get(project.path("adopted-backups?limit=1" + after))
                    .expect(200)
                    .object();
            onePerPage.addAll(labels(page.getJsonArray("items").getValuesAs(JsonObject.class)));
            after = page.get("next") instanceof JsonString next
                    ? "&after=" + URLEncoder.encode(next.getString(), StandardCharsets.UTF_8)
                    : null;
        }
        assertEquals(labels(all), onePerPage);
        assertEquals(List.of("begun", "long-ago"), labels(listed(project, "?instance=another")));
        assertEquals(labels(all).subList(1, 3), labels(listed(project, "?database=shop")));
        assertEquals(List.of(), listed(project, "?database=nobody"));
        assertEquals(List.of(), listed(other, ""));

        project.api().delete(project.path("databases/another?confirm=another")).expect(204);
        assertEquals(labels(all).subList(1, 3), labels(listed(project, "")), "a server that is deleted has no backups");
    }

    private static List<JsonObject> listed(TestProject project, String filter) {
        return project.api()
                .get(project.path("adopted-backups" + filter))
                .expect(200)
                .items();
    }

    private static List<String> labels(List<JsonObject> listed) {
        return listed.stream()
                .map(each -> each.getJsonObject("backup").getString("label"))
                .toList();
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
