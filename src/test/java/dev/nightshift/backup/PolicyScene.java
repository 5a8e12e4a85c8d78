package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** A project with a server, goals for it, and the looks that tests of policies take at both. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PolicyScene {
    static final String NAME = "shop";
    static final Duration SOON = Duration.ofSeconds(90);

    final Nightshift nightshift = Nightshift.shared();
    TestProject project;
    Postgres source;

    @BeforeAll
    void aServerWithoutBackups() throws Exception {
        project = TestProject.create(nightshift.admin(), "goals");
        source = Postgres.start(18, Map.of("max_wal_senders", "6", "max_replication_slots", "6", "autovacuum", "off"));
        source.execute("postgres", "create table t as select 1 as id");
        project.register(NAME, source, "postgres");
    }

    @AfterAll
    void noSlotIsLeft() {
        archive(false);
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        source.close();
    }

    Api api() {
        return project.api();
    }

    void archive(boolean enabled) {
        api().put(
                        project.path("instances/" + NAME + "/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", enabled)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
    }

    JsonObject wal() {
        return api().get(project.path("instances/" + NAME + "/wal")).expect(200).object();
    }

    static JsonObjectBuilder policy(String name, String databases, JsonObjectBuilder goals) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("databases", Json.createArrayBuilder().add(databases))
                .add("goals", goals);
    }

    static JsonObjectBuilder goals(int rpoSeconds) {
        return Json.createObjectBuilder()
                .add("rpoSeconds", rpoSeconds)
                .add("rtoSeconds", 600)
                .add("proofDays", 1)
                .add("backupHours", 24);
    }

    static JsonObjectBuilder newest() {
        return Json.createObjectBuilder().add("count", 1);
    }

    JsonObject details(String name) {
        return api().get(project.path("policies/" + name)).expect(200).object();
    }

    JsonObject goal(String name) {
        JsonObject details = details("gold");
        assertEquals(1, details.getJsonArray("instances").size(), details::toString);
        return details
                .getJsonArray("instances")
                .getJsonObject(0)
                .getJsonArray("goals")
                .getValuesAs(JsonObject.class)
                .stream()
                .filter(each -> each.getString("goal").equals(name))
                .findFirst()
                .orElseThrow();
    }

    void state(String goal, String state, String reason) {
        JsonObject is = goal(goal);
        assertEquals(state, is.getString("state"), is::toString);
        assertTrue(is.getString("reason").startsWith(reason), is::toString);
    }

    boolean found(String goal) {
        return api().get(project.path("findings?state=OPEN")).expect(200).items().stream()
                .anyMatch(each -> each.getString("title").equals("The goal for the " + goal + " of shop is missed"));
    }

    /** What lies in the store of each backup, in bytes. */
    static Map<String, Long> backups(Path folder) throws IOException {
        Map<String, Long> all = new HashMap<>();
        try (var folders = Files.list(folder)) {
            for (Path each : folders.filter(path -> Files.exists(path.resolve("manifest.json")))
                    .toList()) {
                all.put(String.valueOf(each.getFileName()), bytes(each));
            }
        }
        return all;
    }

    static long bytes(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
