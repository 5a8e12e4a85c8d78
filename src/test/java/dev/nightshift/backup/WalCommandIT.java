package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server pushes its log by archive_command, and stock PostgreSQL recovers with restore_command: to the end of the log, and never
 * past what is missing. The script, the server and PostgreSQL are the real ones.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WalCommandIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final String NAME = "pushed";
    private static final String HISTORY_2 = "00000002.history";

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private Path folder;
    private Path files;
    private WalCommand reader;
    private WalCommand shipper;
    private String newest;
    private String system;

    @BeforeAll
    void aServerThatPushesWithABackupAndRowsBehindIt(@TempDir Path here) throws Exception {
        folder = here;
        project = TestProject.create(nightshift.admin(), "log-push");
        source = Postgres.start(Postgres.debian15(), Map.of("archive_mode", "on", "max_wal_senders", "6"));
        project.register(NAME, source, "postgres");
        project.api().post(project.path("databases/" + NAME + "/check")).expect(200);
        shipper = command("ship", "LOG_SHIPPER");
        reader = command("read", "LOG_READER");
        Path data = source.data();
        String first = text("select pg_walfile_name(pg_current_wal_lsn())");
        Processes.Result early = shipper.run(data, "push", "pg_wal/" + first, first);
        assertEquals(1, early.exit(), early.output());
        assertTrue(early.output().contains("is not to be archived"), early.output());
        assertEquals(200, reader.run(data, "fetch", first, "x").exit(), "nothing is archived of it at all");

        project.api()
                .put(
                        project.path("instances/" + NAME + "/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", true)
                                .add("method", "PUSH")
                                .build())
                .expect(200);
        source.execute(
                "postgres",
                "alter system set archive_command = '" + shipper.documented("archive_command") + "'",
                "select pg_reload_conf()",
                "create table t as select 1 as id");
        String backup = project.complete("backup", NAME, TestProject.none())
                .getJsonArray("targets")
                .getJsonObject(0)
                .getJsonObject("figures")
                .getString("backup");
        for (int i = 2; i <= 4; i++) {
            source.execute("postgres", "insert into t values (" + i + ")", "select pg_switch_wal()");
        }
        newest = text("select pg_walfile_name(pg_switch_wal())");
        Instant now = Instant.now();
        Eventually.isTrue(
                "the moment",
                SOON,
                () -> !stretch().isNull("coveredTo")
                        && Instant.parse(stretch().getString("coveredTo")).isAfter(now));
        system = text("select system_identifier::text from pg_control_system()");
        files = folder.resolve("files");
        ByHand.decode(
                        nightshift
                                .data()
                                .resolve("store")
                                .resolve(project.backup(backup).getString("location")),
                        project.recoveryKey(folder),
                        files)
                .succeeded();
    }

    @AfterAll
    void stop() {
        project.api()
                .put(
                        project.path("instances/" + NAME + "/wal"),
                        Json.createObjectBuilder().add("enabled", false).build())
                .expect(200);
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        source.close();
    }

    private WalCommand command(String name, String role) throws Exception {
        String key = Accounts.key(nightshift, project.name(), role)
                .header("Authorization")
                .replace("Bearer ", "");
        return WalCommand.install(folder.resolve(name), nightshift, project.name(), NAME, key);
    }

    private JsonObject wal() {
        return project.api()
                .get(project.path("instances/" + NAME + "/wal"))
                .expect(200)
                .object();
    }

    private JsonObject stretch() {
        var stretches = wal().getJsonArray("stretches");
        return stretches.isEmpty()
                ? Json.createObjectBuilder().addNull("coveredTo").build()
                : stretches.getJsonObject(0);
    }

    private String text(String sql) throws SQLException {
        try (Connection connection = source.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    void whatIsPushedIsStoredAsWhatIsStreamed() throws Exception {
        JsonObject wal = wal();
        assertEquals("RECEIVING", wal.getString("state"), wal::toString);
        assertEquals(1, wal.getJsonArray("stretches").size(), wal::toString);
        assertTrue(stretch().isNull("gap"));
        assertEquals("0", text("select count(*)::text from pg_replication_slots"), "nothing is kept for it");
        String last = text("select last_archived_wal from pg_stat_archiver");
        Path here = Files.createDirectory(folder.resolve("same"));
        Processes.Result fetched = reader.run(here, "fetch", last, here + "/fetched");
        assertEquals(0, fetched.exit(), fetched.output());
        assertArrayEquals(
                Files.readAllBytes(source.data().resolve("pg_wal/" + last)),
                Files.readAllBytes(here.resolve("fetched")));
    }

    @Test
    void recoveryComesToTheEndOfTheLog() throws Exception {
        assertEquals("1 2 3 4", recovered(recovering("end", reader.documented("restore_command"))));
        assertTrue(Files.exists(folder.resolve("end/data/pg_wal").resolve(HISTORY_2)), "it was promoted");
    }

    private String recovered(Path data) throws Exception {
        try (RestoredServer restored = RestoredServer.start(Postgres.debian15(), data);
                Connection connection = restored.connect("postgres", source.password());
                Statement statement = connection.createStatement()) {
            restored.awaitEndOfRecovery(connection);
            try (ResultSet row = statement.executeQuery("select string_agg(id::text, ' ' order by id) from t")) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** Last, as the others know one timeline. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aPromotionIsFollowed() throws Exception {
        String current = text("select pg_walfile_name(pg_current_wal_lsn())");
        source.execute("postgres", "insert into t values (5)");
        source.kill();
        Files.createFile(source.data().resolve("standby.signal"));
        source.startAgain(Map.of("archive_mode", "on", "max_wal_senders", "6"));
        text("select pg_promote()::text");
        source.execute("postgres", "insert into t values (6)", "select pg_switch_wal()");
        Eventually.isTrue(
                "the new timeline",
                SOON,
                () -> stretch().getInt("timeline") == 2
                        && !stretch().getString("to").equals(stretch().getString("from")));

        JsonObject wal = wal();
        assertEquals(2, wal.getJsonArray("stretches").size(), wal::toString);
        assertTrue(stretch().isNull("gap"), "all of the old timeline is there: " + wal);
        Path here = Files.createDirectory(folder.resolve("promoted"));
        Path pgWal = source.data().resolve("pg_wal");
        fetched(reader, here, HISTORY_2, Files.readAllBytes(pgWal.resolve(HISTORY_2)));
        fetches(1, "and nothing that comes after it", reader, here, "00000003.history");
        // What was written of the old timeline's last segment, and zeros
        byte[] left = Files.readAllBytes(pgWal.resolve(current + ".partial"));
        Lsn to = Lsn.parse(wal.getJsonArray("stretches").getJsonObject(1).getString("to"));
        Arrays.fill(left, (int) (to.value() - to.segmentStart(left.length).value()), left.length, (byte) 0);
        fetched(reader, here, current, left);
        fetches(1, "and nothing that comes after it", reader, here, previous(current, -1));

        String first = "00000002" + current.substring(8);
        Path history = stored(HISTORY_2);
        Path aside = folder.resolve("history");
        Files.move(history, aside);
        fetches(200, "though log of timeline 2 is", reader, here, HISTORY_2);
        fetches(200, "whose history is not", reader, here, previous(current, -1));
        assertEquals(
                1,
                shipper.run(
                                here,
                                "push",
                                Files.copy(pgWal.resolve(first), here.resolve("f"))
                                        .toString(),
                                first)
                        .exit());
        Processes.Result again = shipper.run(source.data(), "push", "pg_wal/" + first, first);
        assertEquals(0, again.exit(), again.output());
        assertTrue(Files.exists(history), "pushed with the segment that needs it");

        assertEquals("1 2 3 4 5 6", recovered(recovering("latest", reader.documented("restore_command"))));
    }

    private static void fetched(WalCommand command, Path here, String file, byte[] expected) throws IOException {
        Processes.Result result =
                command.run(here, "fetch", file, here.resolve(file).toString());
        assertEquals(0, result.exit(), result.output());
        assertArrayEquals(expected, Files.readAllBytes(here.resolve(file)), file);
    }

    @Test
    void recoveryIsAbortedWhereNightshiftGoesAwayMeanwhile() throws Exception {
        Path seen = folder.resolve("seen");
        WalCommand away = reader.with("NIGHTSHIFT_URL", "http://127.0.0.1:" + RestoredServer.freePort());
        Path goes = Files.writeString(
                folder.resolve("goes-away"),
                "case $1 in *.history) ;; *) [ ! -e " + seen + " ] || exec "
                        + away.documented("restore_command").replace("%f %p", "\"$1\" \"$2\"") + "; : > " + seen
                        + " ;; esac\nexec "
                        + reader.documented("restore_command").replace("%f %p", "\"$1\" \"$2\"") + "\n");
        aborts(recovering("away", "sh " + goes + " %f %p"), "Failed to connect");
        assertTrue(Files.exists(seen), "it had begun");
    }

    @Test
    void recoveryIsAbortedAtAGap() throws Exception {
        Path object = stored(previous(newest, 1));
        Path aside = folder.resolve("aside");
        Files.move(object, aside);
        try {
            aborts(recovering("gap", reader.documented("restore_command")), "has a gap");
        } finally {
            Files.move(aside, object);
        }
    }

    /** The file of a segment in the store. */
    private Path stored(String segment) throws IOException {
        Path archive = nightshift.data().resolve("store").resolve(wal().getString("location"));
        try (Stream<Path> found = Files.walk(archive)) {
            return found.filter(each -> each.getFileName().toString().startsWith(segment + "."))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** So many segments before. */
    private static String previous(String segment, int count) {
        return String.format("%s%08X", segment.substring(0, 16), Long.parseLong(segment.substring(16), 16) - count);
    }

    private Path recovering(String name, String command) throws IOException {
        Path data = ByHand.assemble(files, Files.createDirectory(folder.resolve(name)));
        Files.createFile(data.resolve("recovery.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "archive_mode = off\nrestore_command = '" + command + "'\n",
                StandardOpenOption.APPEND);
        return data;
    }

    private static void aborts(Path data, String why) throws IOException {
        String log;
        try {
            RestoredServer restored = RestoredServer.start(Postgres.debian15(), data);
            Eventually.isTrue("the end of " + data, SOON, () -> !Files.exists(data.resolve("postmaster.pid")));
            restored.close();
            log = "it runs";
        } catch (AssertionError e) {
            log = e.getMessage() + Files.readString(data.resolveSibling("data.log"));
        }
        assertTrue(log.contains("FATAL:  could not restore file"), log);
        assertTrue(log.contains(why), log);
        assertTrue(Files.exists(data.resolve("recovery.signal")), "it goes on when it is started again");
        assertFalse(Files.exists(data.resolve("pg_wal").resolve(HISTORY_2)), "it was not promoted");
    }

    @Test
    void onlyProvenAbsenceIsTheEndOfTheLog() throws Exception {
        Path here = Files.createDirectory(folder.resolve("rows"));
        String next = previous(newest, -1);
        fetches(1, "and nothing that comes after it", reader, here, next);
        fetches(1, "and nothing that comes after it", reader, here, HISTORY_2);
        fetches(200, "no name of a file", reader, here, "../../etc/passwd");
        fetches(200, "no name of a file of a server's log", reader, here, "postgresql.conf");
        fetches(200, "HTTP 404", reader.with("NIGHTSHIFT_SERVER", "nobody"), here, next);
        fetches(200, "HTTP 404", reader.with("NIGHTSHIFT_PROJECT", "nobody"), here, next);
        Path wrong = Files.writeString(here.resolve("wrong"), "ns_no-key-of-anybody\n");
        Files.setPosixFilePermissions(wrong, PosixFilePermissions.fromString("rw-------"));
        fetches(200, "HTTP 401", reader.with("NIGHTSHIFT_KEY_FILE", wrong.toString()), here, next);
        Files.setPosixFilePermissions(wrong, PosixFilePermissions.fromString("rw-r--r--"));
        fetches(200, "Every user", reader.with("NIGHTSHIFT_KEY_FILE", wrong.toString()), here, next);
        fetches(
                200,
                "certificate",
                reader.with("NIGHTSHIFT_CA_FILE", "/etc/ssl/certs/ca-certificates.crt"),
                here,
                next);
        fetches(200, "Could not resolve", reader.with("NIGHTSHIFT_URL", "https://nightshift.invalid"), here, next);
        fetches(200, "for this machine alone", reader.with("NIGHTSHIFT_URL", "http://192.0.2.1"), here, next);
        assertEquals(
                200,
                reader.run(here, Map.of("PATH", "/nowhere"), "fetch", next, "x").exit(),
                "no tools");

        // Of the cluster that is recovered, as its control file says
        Files.createDirectory(here.resolve("global"));
        Path control = here.resolve("global/pg_control");
        Files.write(control, eight(Long.parseUnsignedLong(system) + 1));
        fetches(200, "of another cluster", reader, here, next);
        Files.write(control, eight(Long.parseUnsignedLong(system)));
        fetches(1, "and nothing that comes after it", reader, here, next);

        // A standby asks again, and is a standby only with its signal file
        WalCommand away = reader.with("NIGHTSHIFT_URL", "http://127.0.0.1:" + RestoredServer.freePort());
        assertEquals(200, away.run(here, "--standby", "fetch", next, "x").exit());
        Files.createFile(here.resolve("standby.signal"));
        assertEquals(1, away.run(here, "--standby", "fetch", next, "x").exit());
        assertEquals(200, away.run(here, "fetch", next, "x").exit());
        Path object = stored(previous(newest, 1));
        Path aside = folder.resolve("missing");
        Files.move(object, aside);
        try {
            fetches(200, "has a gap", reader, here, previous(newest, 1));
            assertEquals(
                    200,
                    reader.run(here, "--standby", "fetch", previous(newest, 1), "x")
                            .exit());
        } finally {
            Files.move(aside, object);
        }
        assertFalse(Files.exists(here.resolve("x")));
    }

    private static byte[] eight(long number) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array();
    }

    private static void fetches(int exit, String word, WalCommand command, Path here, String file) throws IOException {
        Path target = here.resolve("fetched");
        Processes.Result result = command.run(here, "fetch", file, target.toString());
        assertEquals(exit, result.exit(), file + ": " + result.output());
        assertTrue(result.output().contains(word), result.output());
        assertFalse(Files.exists(target), file);
        assertFalse(Files.exists(here.resolve("fetched.nightshift-wal")), file);
    }

    @Test
    void aStoreThatIsAwayOrAFullDiskIsNoEndOfTheLog() throws Exception {
        Path here = Files.createDirectory(folder.resolve("store-away"));
        Path archive = nightshift.data().resolve("store").resolve(wal().getString("location"));
        Path aside = archive.resolveSibling("aside");
        Files.move(archive, aside, StandardCopyOption.ATOMIC_MOVE);
        try {
            fetches(200, "cannot be read", reader, here, previous(newest, -1));
            fetches(200, "cannot be read", reader, here, newest);
            fetches(200, "cannot be read", reader, here, HISTORY_2);
        } finally {
            Files.move(aside, archive, StandardCopyOption.ATOMIC_MOVE);
        }
        Processes.Result full = reader.run(here, "fetch", newest, "/dev/full/x");
        assertEquals(200, full.exit(), full.output());
        Files.createSymbolicLink(here.resolve("y.nightshift-wal"), Path.of("/dev/full"));
        assertEquals(200, reader.run(here, "fetch", newest, here + "/y").exit(), "no space left");
        assertFalse(Files.exists(here.resolve("y")));
    }

    @Test
    void pushesNothingThatIsWrongAndReplacesNothing() throws Exception {
        Path here = Files.createDirectory(folder.resolve("pushes"));
        byte[] whole = Files.readAllBytes(source.data().resolve("pg_wal/" + newest));
        Path copy = Files.write(here.resolve("copy"), whole);
        pushes(0, "", shipper, copy, newest);
        byte[] other = whole.clone();
        other[100_000] ^= 1;
        Path changed = Files.write(here.resolve("changed"), other);
        pushes(1, "keeps what it holds", shipper, changed, newest);
        assertEquals("FAILING", wal().getString("state"));
        pushes(0, "", shipper, copy, newest);
        assertEquals("RECEIVING", wal().getString("state"));
        pushes(1, "another segment than its name", shipper, copy, previous(newest, -1));
        pushes(1, "bytes", shipper, Files.write(here.resolve("short"), Arrays.copyOf(whole, 8192)), newest);
        pushes(1, "no segment", shipper, Files.write(here.resolve("none"), new byte[16 << 20]), newest);
        other = whole.clone();
        other[24] ^= 1;
        pushes(1, "of another cluster", shipper, Files.write(here.resolve("foreign"), other), newest);
        pushes(1, "HTTP 403", reader, copy, newest);
        pushes(1, "no name of a file", shipper, copy, "postgresql.conf");
        pushes(0, "", shipper, Files.writeString(here.resolve("b"), "START"), newest + ".00000028.backup");
        assertTrue(wal().getJsonArray("stretches").size() == 1, "no gap");
    }

    private static void pushes(int exit, String word, WalCommand command, Path path, String file) throws IOException {
        Processes.Result result = command.run(path.resolveSibling("."), "push", path.toString(), file);
        assertEquals(exit, result.exit(), file + ": " + result.output());
        assertTrue(result.output().contains(word), result.output());
    }

    @Test
    void whatAProxySaysIsNoAnswer() throws Exception {
        Path here = Files.createDirectory(folder.resolve("proxies"));
        String next = previous(newest, -1);
        Path copy = Files.copy(source.data().resolve("pg_wal/" + newest), here.resolve("copy"));
        for (String answer : List.of(
                "404 Not Found\r\nContent-Type: text/html",
                "404 Not Found\r\nNightshift-Log: ABSENT\r\nNightshift-Log-Request: " + "0".repeat(32),
                "200 OK\r\nContent-Type: text/html",
                "200 OK\r\nNightshift-Log: STORED\r\nNightshift-Log-Request: " + "0".repeat(32),
                "204 No Content",
                "302 Found\r\nLocation: http://127.0.0.1/",
                "403 Forbidden",
                "502 Bad Gateway",
                "503 Service Unavailable")) {
            try (StubProxy proxy = StubProxy.answering(answer, "nightshift-log absent " + next + " -\n")) {
                WalCommand behind =
                        reader.with("NIGHTSHIFT_URL", proxy.address().toString());
                fetches(200, "not known whether", behind, here, next);
                pushes(1, "is not stored", behind, copy, newest);
            }
        }
        URI dead;
        try (StubProxy proxy = StubProxy.answering("", "")) {
            dead = proxy.address();
            fetches(200, "not known whether", reader.with("NIGHTSHIFT_URL", dead.toString()), here, next);
        }
        fetches(200, "not known whether", reader.with("NIGHTSHIFT_URL", dead.toString()), here, next);
    }
}
