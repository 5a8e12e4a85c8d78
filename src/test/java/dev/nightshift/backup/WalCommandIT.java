package dev.nightshift.backup;

import static dev.nightshift.backup.Segments.previous;
import static dev.nightshift.backup.WalCommand.fetched;
import static dev.nightshift.backup.WalCommand.fetches;
import static dev.nightshift.backup.WalCommand.pushes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import jakarta.json.JsonObject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server pushes its log by archive_command, and stock PostgreSQL recovers with restore_command: to the end of the log, and never
 * past what is missing. The script, the server and PostgreSQL are the real ones.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WalCommandIT {
    private static final String HISTORY_2 = "00000002.history";

    private final Nightshift nightshift = Nightshift.shared();
    private PushedServer server;
    private Postgres source;
    private Path folder;
    private Recovery recovery;
    private WalCommand reader;
    private WalCommand shipper;
    private String newest;

    @BeforeAll
    void start(@TempDir Path here) throws Exception {
        folder = here;
        server = new PushedServer(nightshift, folder);
        source = server.source;
        reader = server.reader;
        shipper = server.shipper;
        newest = server.newest;
        recovery = server.recovery();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void whatIsPushedIsStoredAsWhatIsStreamed() throws Exception {
        JsonObject wal = server.wal();
        assertEquals("RECEIVING", wal.getString("state"), wal::toString);
        assertEquals(1, wal.getJsonArray("stretches").size(), wal::toString);
        assertTrue(server.stretch().isNull("gap"));
        assertEquals("0", server.text("select count(*)::text from pg_replication_slots"), "nothing is kept for it");
        String last = server.text("select last_archived_wal from pg_stat_archiver");
        Path here = Files.createDirectory(folder.resolve("same"));
        Processes.Result fetched = reader.run(here, "fetch", last, here + "/fetched");
        assertEquals(0, fetched.exit(), fetched.output());
        assertArrayEquals(
                Files.readAllBytes(source.data().resolve("pg_wal/" + last)),
                Files.readAllBytes(here.resolve("fetched")));
    }

    @Test
    void recoveryComesToTheEndOfTheLog() throws Exception {
        assertEquals("1 2 3 4", recovery.recovered("end"));
        assertTrue(Files.exists(folder.resolve("end/data/pg_wal").resolve(HISTORY_2)), "it was promoted");
    }

    @Test
    @Order(Integer.MAX_VALUE - 3)
    void aHoleIsToldUntilAllOfItHasCome() throws Exception {
        Lsn end = server.pushesNothing();
        for (int i = 0; i < 4; i++) {
            source.execute("postgres", "create table hole" + i + " ()", "select pg_switch_wal()");
        }
        String[] next = new String[5];
        for (int i = 1; i < next.length; i++) {
            next[i] = new Lsn(end.value() + (i - 1) * (long) PushedServer.SEGMENT).segmentName(1, PushedServer.SEGMENT);
        }
        Path here = Files.createDirectory(folder.resolve("holes"));
        server.push(next[2]);
        server.push(next[4]);
        assertFalse(server.stretch().isNull("gap"), "one before the other");
        fetches(200, "has a gap", reader, here, next[1]);
        fetches(200, "has a gap", reader, here, next[3]);
        assertTrue(server.toldOfAGap());
        server.push(next[3]);
        assertTrue(server.toldOfAGap(), "the first one is still missing");
        server.push(next[1]);
        assertFalse(server.toldOfAGap());
        JsonObject wal = server.wal();
        assertEquals(1, wal.getJsonArray("stretches").size(), wal::toString);
        assertTrue(server.stretch().isNull("gap"), wal::toString);
        server.pushes();
    }

    /** As after a checkpoint, behind which PostgreSQL switches to no other segment: what is written belongs to no transaction. */
    @Test
    @Order(Integer.MAX_VALUE - 2)
    void whereNothingIsCommittedTimeIsCovered() throws Exception {
        source.execute("postgres", "create sequence s");
        Instant pushed = Instant.now();
        Eventually.isTrue(
                "all is pushed",
                PushedServer.SOON,
                () -> server.switched() && server.covered().isAfter(pushed));
        source.execute("postgres", "checkpoint");
        Instant idle = Instant.now();
        Lsn written = Lsn.parse(server.text("select pg_current_wal_insert_lsn()::text"));
        assertTrue(written.compareTo(server.to()) > 0, "something was written");
        Eventually.isTrue(
                "nothing was committed",
                PushedServer.SOON,
                () -> server.covered().isAfter(idle));
        assertTrue(written.compareTo(server.to()) > 0, "and it is not pushed");

        source.execute("postgres", "select nextval('s')");
        Instant committed = Instant.now();
        server.looks(committed);
        assertFalse(server.covered().isAfter(committed), "what was committed is not pushed");
    }

    @Test
    @Order(Integer.MAX_VALUE - 1)
    void ofAServerThatWasSetBackNoTimeIsCovered() throws Exception {
        Path earlier = server.copied();
        server.pushesMore();
        Path later = server.startsFrom(earlier);
        Eventually.isTrue(
                "behind",
                PushedServer.SOON,
                () -> server.wal().getString("message", "").contains("before the archive's end"));
        assertEquals("FAILING", server.wal().getString("state"));
        Instant covered = server.covered();
        server.looks(Instant.now());
        assertEquals(covered, server.covered());
        String last = new Lsn(server.to().value() - 1).segmentName(1, PushedServer.SEGMENT);
        Path here = Files.createDirectory(folder.resolve("set-back"));
        assertEquals(0, reader.run(here, "fetch", last, last).exit());
        server.startsFrom(later);
        server.pushesMore();
        server.looks(Instant.now());
        assertEquals("FAILING", server.wal().getString("state"), "it may be the other one that has pushed");
        assertEquals(covered, server.covered());
        pushes(0, "", shipper, here.resolve(last), last);
        assertEquals("RECEIVING", server.wal().getString("state"));
    }

    /** Last, as the others know one timeline. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aPromotionIsFollowed() throws Exception {
        server.pushesNothing();
        source.execute("postgres", "insert into t values (5)");
        // At a segment's very beginning it would be the one before
        String current = server.text("select pg_walfile_name(pg_current_wal_lsn())");
        source.kill();
        Files.createFile(source.data().resolve("standby.signal"));
        source.startAgain(PushedServer.SETTINGS);
        server.text("select pg_promote()::text");
        source.execute("postgres", "insert into t values (6)", "select pg_switch_wal()");
        Path pgWal = source.data().resolve("pg_wal");
        byte[] left = Files.readAllBytes(pgWal.resolve(current + ".partial"));
        String first = "00000002" + current.substring(8);
        server.push(first);
        assertEquals(2, server.stretch().getInt("timeline"));
        assertFalse(server.stretch().isNull("gap"), "of the old timeline something waits");
        assertTrue(server.toldOfAGap());
        server.pushes();
        assertTrue(server.writes(), "the archiver wakes up");
        Eventually.isTrue("the old timeline", PushedServer.SOON, server::comesIntoASegment);
        assertTrue(server.stretch().isNull("gap"), () -> "nothing waits any more: " + server.wal());
        assertFalse(server.toldOfAGap());

        JsonObject wal = server.wal();
        assertEquals(2, wal.getJsonArray("stretches").size(), wal::toString);
        Path here = Files.createDirectory(folder.resolve("promoted"));
        fetched(reader, here, HISTORY_2, Files.readAllBytes(pgWal.resolve(HISTORY_2)));
        fetches(1, "and nothing that comes after it", reader, here, "00000003.history");
        // What was written of the old timeline's last segment, and zeros
        Lsn to = Lsn.parse(server.former().getString("to"));
        Arrays.fill(left, (int) (to.value() - to.segmentStart(left.length).value()), left.length, (byte) 0);
        fetched(reader, here, current, left);
        fetches(1, "and nothing that comes after it", reader, here, previous(current, -1));

        server.pushesNothing(); // or the archiver stores the history again, with what it still has in its hands
        Path history = server.stored(HISTORY_2);
        Path aside = folder.resolve("history");
        Files.move(history, aside);
        fetches(200, "though log of timeline 2 is", reader, here, HISTORY_2);
        fetches(200, "whose history is not", reader, here, previous(current, -1));
        JsonObject plan = server.latest();
        assertFalse(plan.getBoolean("reachable"), plan::toString);
        assertTrue(plan.getString("reason").contains("log of timeline 2 is stored"), plan::toString);
        Path copy = Files.copy(pgWal.resolve(first), here.resolve("f"));
        assertEquals(1, shipper.run(here, "push", copy.toString(), first).exit());
        server.push(first);
        assertTrue(Files.exists(history), "pushed with the segment that needs it");
        assertEquals(2, server.latest().getInt("timeline"));

        assertEquals("1 2 3 4 5 6", recovery.recovered("latest"));
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
        recovery.aborts(recovery.prepared("away", "sh " + goes + " %f %p"), "Failed to connect");
        assertTrue(Files.exists(seen), "it had begun");
    }

    @Test
    void recoveryIsAbortedAtAGap() throws Exception {
        Path object = server.stored(previous(newest, 1));
        Path aside = folder.resolve("aside");
        Files.move(object, aside);
        try {
            recovery.aborts(recovery.prepared("gap"), "has a gap");
        } finally {
            Files.move(aside, object);
        }
    }

    @Test
    void onlyProvenAbsenceIsTheEndOfTheLog() throws Exception {
        Path here = Files.createDirectory(folder.resolve("rows"));
        String next = previous(newest, -1);
        fetches(1, "and nothing that comes after it", reader, here, next);
        fetches(1, "and nothing that comes after it", reader, here, HISTORY_2);
        fetches(200, "no name of a file", reader, here, "../../etc/passwd");
        fetches(200, "no name of a file of a server's log", reader, here, "postgresql.conf");
        fetches(200, "not handed out", reader, here, next + ".partial");
        fetches(200, "not known whether", reader.with("NIGHTSHIFT_URL", "https://[::1]:1"), here, next);
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
        Files.write(control, PushedServer.eight(Long.parseUnsignedLong(server.system) + 1));
        fetches(200, "of another cluster", reader, here, next);
        Files.write(control, PushedServer.eight(Long.parseUnsignedLong(server.system)));
        fetches(1, "and nothing that comes after it", reader, here, next);

        // A standby asks again, and is a standby only with its signal file
        WalCommand away = reader.with("NIGHTSHIFT_URL", "http://127.0.0.1:" + RestoredServer.freePort());
        assertEquals(200, away.run(here, "--standby", "fetch", next, "x").exit());
        Files.createFile(here.resolve("standby.signal"));
        assertEquals(1, away.run(here, "--standby", "fetch", next, "x").exit());
        assertEquals(200, away.run(here, "fetch", next, "x").exit());
        String missing = previous(newest, 1);
        Path object = server.stored(missing);
        Path aside = folder.resolve("missing");
        Files.move(object, aside);
        try {
            fetches(200, "has a gap", reader, here, missing);
            assertEquals(
                    200, reader.run(here, "--standby", "fetch", missing, "x").exit());
        } finally {
            Files.move(aside, object);
        }
        assertFalse(Files.exists(here.resolve("x")));
    }

    @Test
    void aStoreThatIsAwayOrAFullDiskIsNoEndOfTheLog() throws Exception {
        Path here = Files.createDirectory(folder.resolve("store-away"));
        Path archive = server.archive();
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
        Path changed = Files.write(here.resolve("changed"), Segments.changed(whole));
        pushes(1, "keeps what it holds", shipper, changed, newest);
        assertEquals("RECEIVING", server.state(), "the server itself has pushed it");
        assertTrue(server.toldOfAStranger());
        pushes(1, "another segment than its name", shipper, copy, previous(newest, -1));
        pushes(1, "bytes", shipper, Files.write(here.resolve("short"), Arrays.copyOf(whole, 8192)), newest);
        pushes(1, "it is not full", shipper, Files.write(here.resolve("half"), Segments.begun(whole)), newest);
        pushes(1, "no segment", shipper, Files.write(here.resolve("none"), new byte[16 << 20]), newest);
        Path foreign = Files.write(here.resolve("foreign"), Segments.ofAnotherCluster(whole));
        pushes(1, "of another cluster", shipper, foreign, newest);
        Path small = Files.write(here.resolve("small"), Segments.shorter(whole, 16));
        pushes(1, "segments of this server", shipper, small, Segments.shorter(newest, 16));
        pushes(1, "HTTP 403", reader, copy, newest);
        Path promoted = Files.writeString(here.resolve("promoted"), "1\t0/3000000\tno recovery target\n");
        Processes.Result refused = shipper.run(source.data(), "push", promoted.toString(), HISTORY_2);
        assertEquals(1, refused.exit(), refused.output());
        assertTrue(refused.output().contains("a copy that was promoted"), refused.output());
        fetches(1, "and nothing that comes after it", reader, here, HISTORY_2);
        pushes(1, "no name of a file", shipper, copy, "postgresql.conf");
        pushes(0, "", shipper, Files.writeString(here.resolve("b"), "START"), newest + ".00000028.backup");
        assertTrue(server.wal().getJsonArray("stretches").size() == 1, "no gap");
        assertEquals("RECEIVING", server.state(), "the server pushes none of that");
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
