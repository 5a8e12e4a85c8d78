package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.BaseBackup;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backups that hold changes only: taken, restored and started, proven, and refused where they cannot be. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IncrementalIT {
    private static final Map<String, String> SUMMARIES = Map.of(
            "wal_level",
            "logical",
            "max_wal_senders",
            "6",
            "summarize_wal",
            "on",
            "autovacuum", // it may cut a table of the catalogue
            "off");

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;

    @BeforeAll
    void aProject() {
        project = TestProject.create(nightshift.admin(), "incremental");
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
            Path last = restored(major, name, third, rows3, false);
            assertReadByTheServer(source, last.resolve("backup_manifest"));
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

    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void whereATableWasCutAndGrewAgainAFullBackupIsTakenAndHoldsEveryRow(int major) throws Exception {
        String name = "cut" + major;
        try (Postgres source = Postgres.start(major, SUMMARIES)) {
            source.execute(
                    "postgres",
                    "create database shop",
                    "create database extra strategy file_copy",
                    "create database other strategy file_copy");
            for (String[] each : new String[][] {{"extra", "here"}, {"other", "there"}}) {
                source.execute(each[0], "create table " + each[1] + " as select generate_series(1, 1000) id");
            }
            source.execute(
                    "shop",
                    "create table item as select id, md5(id::text) as note from generate_series(1, 60000) id",
                    "create index item_id on item (id)");
            project.register(name, source, "shop");
            String full = take(name, "full", null);
            // The cut is in one summary of the log, the growth in others: the server merges them in no order
            source.execute("shop", "delete from item where id > 30000", "vacuum (truncate true) item", "checkpoint");
            for (int from = 100_001; from < 130_000; from += 3000) {
                source.execute(
                        "shop",
                        "insert into item select id, md5(id::text) from generate_series(" + from + ", " + from
                                + " + 2999) id",
                        "checkpoint");
            }
            String grown = fingerprint(source.connect("shop"));
            JsonObject run = project.complete("backup", name, IncrementalRefusedIT.asked("incremental", null));
            String whole = IncrementalRefusedIT.figures(run).getString("backup");
            JsonObject taken = project.backup(whole);
            assertEquals("FULL", taken.getString("kind"), taken::toString);
            String because = taken.getString("fullBecause");
            assertTrue(
                    because.startsWith("the server cannot tell what changed since backup " + full)
                            && because.contains("VACUUM cut the file ")
                            && because.contains(" in database \"shop\" to "),
                    because);
            restored(major, name, whole, grown, true);

            source.execute("shop", "update item set note = 'later' where id % 101 = 0");
            String later = fingerprint(source.connect("shop"));
            String next = take(name, "incremental", null);
            assertEquals(whole, project.backup(next).getString("parent", null), "the cut is before its window");
            restored(major, name, next, later, true);

            // No summary has it yet when the backup begins; the server makes one for it
            String before = lsn(source, "pg_current_wal_insert_lsn()");
            source.execute("shop", "delete from item where ctid > '(100,0)'", "vacuum (truncate true) item");
            assertTrue(Lsn.parse(lsn(source, "max(end_lsn) from pg_available_wal_summaries()"))
                            .compareTo(Lsn.parse(before))
                    <= 0);
            String less = fingerprint(source.connect("shop"));
            String last = take(name, "incremental", null);
            assertTrue(project.backup(last).getString("fullBecause", "").contains("VACUUM cut the file "), last);
            restored(major, name, last, less, true);
        }
    }

    private static String lsn(Postgres source, String what) throws SQLException {
        try (Connection connection = source.connect("postgres");
                Statement statement = connection.createStatement()) {
            return text(statement, "select " + what);
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
                "create table emptied as select id, md5(id::text) as note from generate_series(1, 12000) id",
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
                "delete from emptied",
                "vacuum (truncate true) emptied",
                "checkpoint",
                "insert into emptied select id, 'again' from generate_series(1, 9000) id",
                "drop table going",
                "create table moved tablespace later as select id, md5(id::text) as note from generate_series(1, 5000) id",
                "update spaced set note = 'changed' where id < 100");
    }

    private static void changeMore(Postgres source) throws SQLException {
        source.execute(
                "shop",
                "insert into emptied select id, 'second' from generate_series(70001, 90000) id",
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

    private String take(String name, String kind, @Nullable String parent) {
        JsonObject run = project.complete("backup", name, IncrementalRefusedIT.asked(kind, parent));
        return IncrementalRefusedIT.figures(run).getString("backup");
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

    private Path restored(int major, String name, String backup, String rows, boolean other)
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
        assertListed(folder);
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
        return folder;
    }

    /** As pg_verifybackup looks at it, which the programs here lack: nothing missing, nothing more, every sum right. */
    private static void assertListed(Path folder) throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String path = folder.relativize(file).toString();
                if (!path.startsWith("pg_wal/")
                        && !List.of("backup_manifest", "postgresql.auto.conf").contains(path)) {
                    CRC32C crc = new CRC32C();
                    crc.update(Files.readAllBytes(file));
                    found.put(
                            path,
                            Files.size(file) + " "
                                    + HexFormat.of().toHexDigits(Integer.reverseBytes((int) crc.getValue())));
                }
            }
        }
        Map<String, String> listed = new TreeMap<>();
        try (InputStream text = Files.newInputStream(folder.resolve("backup_manifest"));
                JsonReader reader = Json.createReader(text)) {
            for (JsonObject file : reader.readObject().getJsonArray("Files").getValuesAs(JsonObject.class)) {
                if (!file.getString("Path").equals("postgresql.auto.conf")) {
                    listed.put(file.getString("Path"), file.getJsonNumber("Size") + " " + file.getString("Checksum"));
                }
            }
        }
        assertEquals(listed, found);
    }

    /** The server's own reader of such lists, the one of pg_verifybackup and pg_combinebackup, takes the new one. */
    private static void assertReadByTheServer(Postgres source, Path list) throws Exception {
        Endpoint endpoint = Endpoint.local(source.port(), "postgres", source.user(), source::password);
        Taken taken = new Taken();
        try (ReplicationSession session = ReplicationSession.open(endpoint)) {
            session.incrementalBackup(
                    Files.readAllBytes(list), new BaseBackup("again", true, 0, false), taken, start -> {});
        }
        assertTrue(taken.bytes > 0 && taken.bytes < 30_000_000, "bytes " + taken.bytes);
    }

    private static final class Taken implements BaseBackup.Sink {
        private long bytes;

        @Override
        public void started(Lsn start, int timeline, List<BaseBackup.Tablespace> tablespaces) {}

        @Override
        public void archive(String name) {}

        @Override
        public void manifest() {}

        @Override
        public void data(InputStream in, int length) throws IOException {
            in.skipNBytes(length);
            bytes += length;
        }

        @Override
        public void progress(long done) {}
    }
}
