package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Stock17;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Damage;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a backup that holds changes only cannot be taken, or is not worth what it seems: full, refused, or proven bad. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IncrementalRefusedIT {
    private static final Map<String, String> SUMMARIES =
            Map.of("wal_level", "replica", "max_wal_senders", "6", "summarize_wal", "on", "autovacuum", "off");
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;

    @BeforeAll
    void aProject() {
        project = TestProject.create(nightshift.admin(), "no-changes");
    }

    static JsonObject asked(String kind, @Nullable String parent) {
        JsonObjectBuilder parameters = Json.createObjectBuilder().add("kind", kind);
        if (parent != null) {
            parameters.add("parent", parent);
        }
        return parameters.build();
    }

    private String take(String name, String kind, @Nullable String parent) {
        JsonObject run = project.complete("backup", name, asked(kind, parent));
        return figures(run).getString("backup");
    }

    static JsonObject figures(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0).getJsonObject("figures");
    }

    @Test
    void whereThereIsNothingToBuildOnAFullOneIsTakenAndSaysSo() throws Exception {
        try (Postgres source = Postgres.start(18, SUMMARIES)) {
            project.register("nothing", source, "postgres");
            JsonObject first = project.complete("backup", "nothing", asked("incremental", null));
            assertFull(first, "there is no usable backup of this cluster to build on");

            String full = figures(first).getString("backup");
            Path summaries = source.cluster().data().resolve("pg_wal/summaries");
            source.execute("postgres", "create table filling as select generate_series(1, 1000) id", "checkpoint");
            Damage.flip(wal(full));
            Files.delete(wal(full));
            JsonObject second = project.complete("backup", "nothing", asked("incremental", null));
            assertFull(second, "there is no usable backup of this cluster to build on");
            String whole = figures(second).getString("backup");
            assertTrue(project.log(second.getString("id")).contains("Backup " + full + " cannot be built on"));

            source.execute("postgres", "insert into filling values (1)", "select pg_switch_wal()", "checkpoint");
            JsonObject third = project.complete("backup", "nothing", asked("incremental", whole));
            assertEquals("incremental", figures(third).getString("kind"));
            source.execute("postgres", "select pg_switch_wal()", "insert into filling values (1)", "checkpoint");
            try (Stream<Path> files = Files.list(summaries)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            JsonObject fourth = project.complete("backup", "nothing", asked("differential", null));
            assertFull(fourth, "the server cannot tell what changed since backup " + whole);

            JsonObject refused = ended("nothing", asked("incremental", full));
            assertEquals("SKIPPED", refused.getString("status"), refused::toString);
            assertTrue(refused.getString("reason").contains("cannot be built on"), refused::toString);
            badRequest("nothing", asked("full", whole), "A full backup is built on no other");
            badRequest(
                    "nothing",
                    asked("differential", figures(third).getString("backup")),
                    "A differential backup is built on a full one");
            badRequest("nothing", asked("incremental", "unknown"), "no backup of this id");
        }
    }

    @Test
    void whatWasPromotedOrHasOtherChecksumsSinceIsBackedUpWhole() throws Exception {
        try (Postgres source = Postgres.start(17, SUMMARIES)) {
            project.register("changed", source, "postgres");
            String full = take("changed", "full", null);
            String data = source.data().toString();
            Stock17.run("pg_ctl", "stop", "-D", data, "-m", "fast", "-w").succeeded();
            Stock17.run("pg_checksums", "--disable", "-D", data).succeeded();
            source.startAgain(SUMMARIES);
            JsonObject switched = project.complete("backup", "changed", asked("incremental", null));
            assertFull(switched, "page checksums were switched off since backup " + full + " was taken");

            source.kill();
            Files.createFile(source.data().resolve("standby.signal"));
            source.startAgain(SUMMARIES);
            source.execute("postgres", "select pg_promote()", "create table after_it as select 1 as id", "checkpoint");
            JsonObject promoted = project.complete("backup", "changed", asked("differential", null));
            assertFull(promoted, "it was promoted since, from timeline 1 to 2");
            assertEquals(
                    2, project.backup(figures(promoted).getString("backup")).getInt("timeline"));
            JsonObject next = project.complete("backup", "changed", asked("incremental", null));
            assertEquals("incremental", figures(next).getString("kind"), "on the new timeline it goes on");
        }
    }

    private void badRequest(String name, JsonObject parameters, String why) {
        String answer = project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "backup")
                                .add("databases", Json.createArrayBuilder().add(name))
                                .add("parameters", parameters)
                                .build())
                .expect(400)
                .body();
        assertTrue(answer.contains(why), answer);
    }

    private void skipped(JsonObject parameters, String why) {
        JsonObject target = ended("damaged", parameters);
        assertEquals("SKIPPED", target.getString("status"), target::toString);
        assertTrue(target.getString("reason").contains(why), target::toString);
    }

    private Path folder(String backup) {
        return nightshift.data().resolve("store").resolve(project.backup(backup).getString("location"));
    }

    private Path wal(String backup) throws IOException {
        try (Stream<Path> files = Files.list(folder(backup).resolve("wal"))) {
            return files.findFirst().orElseThrow();
        }
    }

    private void assertFull(JsonObject run, String because) {
        JsonObject figures = figures(run);
        JsonObject backup = project.backup(figures.getString("backup"));
        String log = project.log(run.getString("id"));
        assertAll(
                () -> assertEquals("full", figures.getString("kind")),
                () -> assertTrue(figures.getString("fullBecause").contains(because), figures::toString),
                () -> assertEquals("FULL", backup.getString("kind")),
                () -> assertTrue(backup.getString("fullBecause").contains(because), backup::toString),
                () -> assertTrue(log.contains("A full backup is taken instead") && log.contains(because), log));
    }

    private JsonObject ended(String name, JsonObject parameters) {
        String id = project.start("backup", name, parameters);
        return project.ended(id, DEADLINE).getJsonArray("targets").getJsonObject(0);
    }

    @Test
    void aDrillFindsWhatIsWrongWithABackupThatTheOneItProvesNeeds() throws Exception {
        try (Postgres source = Postgres.start(17, SUMMARIES)) {
            project.register("damaged", source, "postgres");
            String full = take("damaged", "full", null);
            String changes = take("damaged", "incremental", full);
            Damage.flip(wal(full));
            String drill = project.start("restore-drill", "damaged", TestProject.parameters("backup", changes));
            assertEquals("FAILED", project.ended(drill, DEADLINE).getString("status"));
            JsonObject proof = project.backup(changes).getJsonObject("proof");
            assertEquals("STORED", proof.getString("level"), proof::toString);
            assertTrue(proof.getString("reason").contains("The backup " + full), proof::toString);
            JsonObject next = project.complete("backup", "damaged", asked("incremental", null));
            assertFull(next, "there is no usable backup of this cluster to build on");
            String whole = figures(next).getString("backup");
            JsonObject after = project.complete("backup", "damaged", asked("incremental", null));
            assertEquals(whole, figures(after).getString("parent"));
            skipped(asked("incremental", full), "the proof of backup " + changes + ", which needs backup " + full);

            String last = figures(after).getString("backup");
            nightshift
                    .repository()
                    .execute("update backup.backup set chain = array_fill(chain[1], array[29]) || id where id = '"
                            + last + "'");
            skipped(asked("incremental", last), "has 30 backups, and may have 30");
            JsonObject begun = project.complete("backup", "damaged", asked("incremental", null));
            assertFull(begun, "the chain of backup " + last + " has 30 backups");

            String fresh = figures(begun).getString("backup");
            Files.move(folder(fresh), folder(fresh).resolveSibling("elsewhere"));
            Files.move(folder(whole), folder(fresh));
            skipped(asked("incremental", fresh), "in its folder lies backup " + whole);
        }
    }

    @Test
    void aFullBackupThatIsTakenInsteadNeedsItsRoomInTheStore() throws SQLException {
        try (Postgres source = Postgres.start(18, SUMMARIES)) {
            project.register("large", source, "postgres");
            source.execute("postgres", "create table queue as select generate_series(1, 20000) id");
            String full = take("large", "full", null);
            long stored = project.backup(full).getJsonNumber("storedBytes").longValue();
            storedBytes(full, Long.MAX_VALUE / 4);
            String changes = take("large", "incremental", null);
            source.execute("postgres", "delete from queue where id > 300", "vacuum (truncate true) queue");
            JsonObject target = ended("large", asked("incremental", null));
            storedBytes(full, stored);
            assertEquals("FAILED", target.getString("status"), target::toString);
            assertTrue(target.getString("reason").contains("the last full backup took"), target::toString);
            assertEquals(
                    List.of(changes, full),
                    project.backups("large").stream()
                            .map(each -> each.getString("id"))
                            .toList());
        }
    }

    private void storedBytes(String backup, long bytes) throws SQLException {
        nightshift
                .repository()
                .execute("update backup.backup set stored_bytes = " + bytes + " where id = '" + backup + "'");
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16})
    void anOlderServerIsRefusedAndTheFullOneOffered(int major) throws SQLException {
        try (Postgres old = Postgres.start(major)) {
            project.register("old" + major, old, "postgres");
            JsonObject target = ended("old" + major, asked("incremental", null));
            assertEquals("SKIPPED", target.getString("status"), target::toString);
            assertTrue(target.getString("reason").contains("they need 17 or newer"), target::toString);
            assertTrue(target.getString("remedy").contains("Take full backups"), target::toString);
            assertTrue(target.getString("remedy").contains("archive its log"), target::toString);
            assertEquals(List.of(), project.backups("old" + major));
        }
    }

    @Test
    void aServerWithoutSummariesIsRefusedWithTheRemedy() throws SQLException {
        try (Postgres source = Postgres.start(18)) {
            project.register("silent", source, "postgres");
            JsonObject target = ended("silent", asked("differential", null));
            assertEquals("SKIPPED", target.getString("status"), target::toString);
            assertTrue(target.getString("reason").contains("summarize_wal is off"), target::toString);
            assertTrue(target.getString("remedy").contains("ALTER SYSTEM SET summarize_wal = on"), target::toString);
        }
    }
}
