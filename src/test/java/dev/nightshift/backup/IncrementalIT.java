package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Damage;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backups that hold changes only: taken, restored and started, proven, and refused where they cannot be. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IncrementalIT {
    private static final Map<String, String> SUMMARIES =
            Map.of("wal_level", "logical", "max_wal_senders", "6", "summarize_wal", "on");
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;

    @BeforeAll
    void aProject() {
        project = TestProject.create(nightshift.admin(), "changes");
    }

    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void eachBackupOfAChainRestoresToWhatTheSourceHeldThen(int major) throws Exception {
        String name = "chain" + major;
        try (Postgres source = Postgres.start(major, SUMMARIES)) {
            Path spaces = nightshift.scratch("spaces-" + name);
            fill(source, spaces);
            project.register(name, source, "shop");
            String full = take(name, "full", null);
            change(source, spaces);
            String rows1 = fingerprint(source.connect("shop"));
            String first = take(name, "incremental", null);
            changeMore(source);
            String rows2 = fingerprint(source.connect("shop"));
            String second = take(name, "incremental", null);
            source.execute("shop", "update item set note = 'third' where id % 101 = 0");
            String rows3 = fingerprint(source.connect("shop"));
            String third = take(name, "differential", null);

            assertAll(
                    () -> assertChain(full, "FULL", null, List.of(full)),
                    () -> assertChain(first, "INCREMENTAL", full, List.of(full, first)),
                    () -> assertChain(second, "INCREMENTAL", first, List.of(full, first, second)),
                    () -> assertChain(third, "DIFFERENTIAL", full, List.of(full, third)),
                    () -> assertTrue(
                            size(first) < size(full) / 2 && size(second) < size(full) / 3,
                            size(full) + " " + size(first) + " " + size(second)));

            restored(major, name, first, rows1, true);
            restored(major, name, second, rows2, false);
            restored(major, name, third, rows3, false);
            assertEquals(rows3, fingerprint(source.connect("shop")), "the source's own files are as they were");

            for (String proven : List.of(second, third)) {
                project.complete("restore-drill", name, TestProject.parameters("backup", proven));
                JsonObject proof = project.backup(proven).getJsonObject("proof");
                assertEquals("MATCHED", proof.getString("level"), proof::toString);
                String stored = proof.getJsonArray("ladder").getJsonObject(0).getString("evidence");
                assertTrue(
                        stored.contains("of a chain of " + (proven.equals(second) ? 3 : 2) + " backups: full " + full),
                        stored);
            }
        }
    }

    private static void fill(Postgres source, Path spaces) throws SQLException, IOException {
        Path side = Files.createDirectories(spaces.resolve("side"));
        source.execute("postgres", "create database shop", "create database closing");
        source.execute("postgres", "create tablespace side location '" + side + "'");
        source.execute(
                "shop",
                "create table item as select id, md5(id::text) as note from generate_series(1, 60000) id",
                "create index item_id on item (id)",
                "create table shrinking as select id, md5(id::text) as note from generate_series(1, 60000) id",
                "create table going as select id, md5(id::text) as note from generate_series(1, 10000) id",
                "create table spaced tablespace side as select id, md5(id::text) as note from generate_series(1, 20000) id",
                "vacuum");
    }

    private static void change(Postgres source, Path spaces) throws SQLException, IOException {
        Path later = Files.createDirectories(spaces.resolve("later"));
        source.execute("postgres", "create tablespace later location '" + later + "'", "drop database closing");
        source.execute(
                "postgres", "create database extra strategy wal_log", "create database other strategy file_copy");
        source.execute("extra", "create table here as select generate_series(1, 1000) id");
        source.execute("other", "create table there as select generate_series(1, 1000) id");
        source.execute(
                "shop",
                "insert into item select id, 'new' from generate_series(60001, 65000) id",
                "update item set note = 'changed' where id between 1000 and 1200",
                "delete from shrinking where id > 5000",
                "vacuum (truncate true) shrinking",
                "drop table going",
                "create table moved tablespace later as select id, md5(id::text) as note from generate_series(1, 5000) id",
                "update spaced set note = 'changed' where id < 100");
    }

    private static void changeMore(Postgres source) throws SQLException {
        source.execute(
                "shop",
                "insert into shrinking select id, 'again' from generate_series(70001, 90000) id",
                "update item set note = 'second' where id % 97 = 0",
                "truncate moved",
                "insert into moved select id, 'fresh' from generate_series(1, 100) id",
                "create unlogged table unlogged as select 1 as id",
                "alter table spaced set tablespace pg_default",
                "vacuum full item");
        source.execute("postgres", "drop database other");
    }

    /** Rows of every table, by reading them in order and through the index. */
    private static String fingerprint(Connection connection) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (connection;
                Statement statement = connection.createStatement()) {
            List<String> tables = new ArrayList<>();
            try (ResultSet rows =
                    statement.executeQuery("select relname from pg_class where relkind = 'r' and relpersistence = 'p'"
                            + " and relnamespace = 'public'::regnamespace order by 1")) {
                while (rows.next()) {
                    tables.add(rows.getString(1));
                }
            }
            for (String table : tables) {
                lines.add(table + " "
                        + text(
                                statement,
                                "select count(*) || ' ' || sum(hash_record_extended(row(t.*), 0)) from " + table
                                        + " t"));
            }
            statement.execute("set enable_seqscan = off");
            lines.add(text(statement, "select count(*)::text from item where id > 0"));
            lines.add(text(statement, "select string_agg(datname, ' ' order by datname) from pg_database"));
        }
        return String.join("\n", lines);
    }

    private static String text(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static JsonObject asked(String kind, @Nullable String parent) {
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

    private static JsonObject figures(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0).getJsonObject("figures");
    }

    private void assertChain(String id, String kind, @Nullable String parent, List<String> chain) {
        JsonObject backup = project.backup(id);
        assertAll(
                () -> assertEquals(kind, backup.getString("kind")),
                () -> assertEquals(parent, backup.getString("parent", null)),
                () -> assertEquals(
                        chain,
                        backup.getJsonObject("chain").getJsonArray("backups").getValuesAs(JsonString::getString)),
                () -> assertEquals(chain.size(), backup.getJsonObject("chain").getInt("position")),
                () -> assertEquals(4, backup.getJsonObject("chain").getInt("of")));
    }

    private long size(String backup) {
        return project.backup(backup).getJsonNumber("sizeBytes").longValue();
    }

    private Path restore(String name, String backup) {
        Path folder = nightshift.data().resolve("restore").resolve(name + "-" + backup);
        project.complete(
                "restore",
                name,
                Json.createObjectBuilder()
                        .add("backup", backup)
                        .add("folder", folder.toString())
                        .build());
        return folder;
    }

    private void restored(int major, String name, String backup, String rows, boolean other)
            throws IOException, SQLException {
        Path folder = restore(name, backup);
        String label = Files.readString(folder.resolve("backup_label"));
        assertTrue(!label.contains("INCREMENTAL") && label.contains("START WAL LOCATION"), label);
        try (Stream<Path> files = Files.walk(folder)) {
            assertEquals(
                    List.of(),
                    files.filter(file -> file.getFileName().toString().startsWith("INCREMENTAL"))
                            .toList());
        }
        String keep = System.getProperty("nightshift.keep");
        if (keep != null) {
            new ProcessBuilder("cp", "-a", folder.toString(), keep + "/" + name + "-" + backup)
                    .start()
                    .onExit()
                    .join();
        }
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(major), folder)) {
            assertEquals(rows, fingerprint(server.connect("shop", "secret")));
            for (String database : other ? List.of("extra", "other") : List.of("extra")) {
                try (Connection connection = server.connect(database, "secret");
                        Statement statement = connection.createStatement()) {
                    String table = database.equals("extra") ? "here" : "there";
                    assertEquals("1000", text(statement, "select count(*)::text from " + table));
                }
            }
        }
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

    private Path wal(String backup) throws IOException {
        Path folder = nightshift
                .data()
                .resolve("store")
                .resolve(project.backup(backup).getString("location"));
        try (Stream<Path> files = Files.list(folder.resolve("wal"))) {
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
            assertEquals(full, figures(next).getString("parent"), "not the one that is proven to be bad");
        }
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
