package dev.nightshift.backup;

import static dev.nightshift.backup.PushedServer.text;
import static dev.nightshift.backup.WalCommand.fetches;
import static dev.nightshift.backup.WalCommand.pushes;
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
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
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
 * Copies of a server that push under its name, and standbys that take its place: what is archived stays the log of the one that is
 * the server.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PushedFailoverIT {
    private static final String SLOWLY = "the archiver of the copy";

    private final Nightshift nightshift = Nightshift.shared();
    private Path folder;
    private PushedServer server;
    private Postgres source;
    private Recovery recovery;

    @SuppressWarnings("NullAway.Init")
    private Postgres standby;

    /** The segment within which the first timeline was left. */
    @SuppressWarnings("NullAway.Init")
    private String left;

    @BeforeAll
    void start(@TempDir Path here) throws Exception {
        folder = here;
        server = new PushedServer(nightshift, folder, "log-failover", PushedServer.STREAMED);
        source = server.source;
        recovery = server.recovery();
    }

    @AfterAll
    void stop() {
        server.close();
        if (standby != null) {
            standby.close();
        }
    }

    @Test
    @Order(1)
    void aServerThatIsIdleDoesNotStayFailing() throws Exception {
        Lsn end = server.to();
        Path none = Files.writeString(folder.resolve("none"), "no history\n");
        Processes.Result refused = server.shipper.run(source.data(), "push", none.toString(), "00000001.history");
        assertEquals(1, refused.exit(), refused.output());
        assertEquals("FAILING", server.state());
        Eventually.isTrue("a look", PushedServer.SOON, () -> server.state().equals("RECEIVING"));
        assertEquals(end, server.to(), "nothing was pushed");
    }

    @Test
    @Order(2)
    void whatTheServerItselfMayHavePushedFailsUntilItIsSettled() throws Exception {
        Lsn end = server.pushesNothing();
        String next = end.segmentName(1, PushedServer.SEGMENT);
        byte[] content = Files.readAllBytes(source.data().resolve("pg_wal").resolve(next));
        server.push(next);
        Path here = Files.createDirectory(folder.resolve("own"));
        Path changed = Files.write(here.resolve("changed"), Segments.changed(content));
        pushes(1, "keeps what it holds", server.shipper, changed, next);
        assertEquals("FAILING", server.state(), "the server has not archived it");
        Instant covered = server.covered();
        server.looks(Instant.now());
        assertEquals("FAILING", server.state());
        assertEquals(covered, server.covered());
        server.pushes();
        assertTrue(server.writes(), "the archiver wakes up");
        Eventually.isTrue("its own", PushedServer.SOON, () -> server.state().equals("RECEIVING"));
        assertFalse(server.toldOfAStranger());
    }

    @Test
    @Order(3)
    void aPromotedCopyIsRefusedAndTheServerGoesOn() throws Exception {
        try (Postgres copy = source.standby(PushedServer.STREAMED)) {
            text(copy, "select pg_promote()::text");
            copy.execute("postgres", "insert into t values (100)", "select pg_switch_wal()");
            Eventually.isTrue(SLOWLY, PushedServer.SOON, () -> fails(copy));
            assertEquals("RECEIVING", server.state());
            assertTrue(server.toldOfAStranger());
            goesOn();
            assertEquals("0", text(copy, "select archived_count::text from pg_stat_archiver"));
        }
        fetches(1, "and nothing that comes after it", server.reader, folder, "00000002.history");
    }

    /** A snapshot of its disk that was started. */
    @Test
    @Order(4)
    void aCopyOnTheSameTimelineIsRefusedAndTheServerGoesOn() throws Exception {
        Path copy = server.copied();
        server.pushesMore();
        try (RestoredServer clone = RestoredServer.start(Postgres.debian15(), copy);
                Connection connection = clone.connect("postgres", source.password());
                Statement statement = connection.createStatement()) {
            statement.execute("insert into t values (101)");
            statement.execute("select pg_switch_wal()");
            Eventually.isTrue(SLOWLY, PushedServer.SOON, () -> {
                try (var row = statement.executeQuery("select failed_count > 0 from pg_stat_archiver")) {
                    row.next();
                    return row.getBoolean(1);
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            });
            assertEquals("RECEIVING", server.state());
            goesOn();
        }
        assertEquals("1 2 3 4", recovery.recovered("clone"));
    }

    private void goesOn() {
        Instant since = Instant.now();
        Eventually.isTrue(
                "time is covered",
                PushedServer.SOON,
                () -> server.writesMore() && server.covered().isAfter(since));
        assertEquals("RECEIVING", server.state());
        assertEquals(1, server.wal().getJsonArray("stretches").size());
        assertEquals(1, server.stretch().getInt("timeline"));
    }

    private static boolean fails(Postgres of) {
        return "true".equals(asked(of, "select (failed_count > 0)::text from pg_stat_archiver"));
    }

    private static String asked(Postgres of, String sql) {
        try {
            return text(of, sql);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static void executes(Postgres on, String sql) {
        try {
            on.execute("postgres", sql);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** A standby that archives always pushes what it streamed and what it was handed out. */
    @Test
    @Order(5)
    void aStandbyPushesTheSameAgainAndTakesTheServersPlace() throws Exception {
        standby = source.standby(standbys(Map.of()));
        server.pushesMore();
        server.pushesMore();
        Eventually.isTrue(
                "the standby pushes",
                PushedServer.SOON,
                () -> Integer.parseInt(asked(standby, "select archived_count::text from pg_stat_archiver")) > 0);
        assertEquals("RECEIVING", server.state());
        // Either may push a segment first, and the one before it a moment later
        Eventually.isTrue(
                "one stretch without a gap",
                PushedServer.SOON,
                () -> server.wal().getJsonArray("stretches").size() == 1
                        && server.stretch().isNull("gap"));

        source.execute("postgres", "insert into t values (5)");
        left = server.text("select pg_walfile_name(pg_current_wal_lsn())");
        Eventually.isTrue("replayed", PushedServer.SOON, () -> hasReplayed(standby, source));
        source.kill();
        text(standby, "select pg_promote()::text");
        standby.execute(
                "postgres",
                "insert into t values (6)",
                "select pg_create_restore_point('promoted')",
                "insert into t values (7)",
                "select pg_switch_wal()");
        Eventually.isTrue(
                "the new timeline",
                PushedServer.SOON,
                () -> server.stretch().getInt("timeline") == 2
                        && server.stretch().isNull("gap")
                        && server.comesIntoASegment());
        assertFalse(server.toldOfAGap());
        server.isReachedAt(standby);
        Instant since = Instant.now();
        Eventually.isTrue(
                "time is covered",
                PushedServer.SOON,
                () -> PushedServer.writesMore(standby) && server.covered().isAfter(since));
        assertEquals("RECEIVING", server.state());

        Path point = recovery.prepared("point");
        Files.writeString(
                point.resolve("postgresql.auto.conf"),
                "recovery_target_name = 'promoted'\nrecovery_target_action = promote\n",
                StandardOpenOption.APPEND);
        assertEquals("1 2 3 4 5 6", recovery.recovered(point));
        assertEquals("1 2 3 4 5 6 7", recovery.recovered("failover"));
    }

    /** The server of before follows, and pushes the segment that was not full when the first timeline was left. */
    @Test
    @Order(6)
    void whatIsLeftOfAnOlderTimelineDoesNotBlockAServerThatTakesOverAgain() throws Exception {
        Files.createFile(source.data().resolve("standby.signal"));
        source.startAgain(standbys(Map.of(
                "wal_keep_size",
                "0",
                "primary_conninfo",
                "host=127.0.0.1 port=" + standby.port() + " user=" + standby.user() + " password="
                        + standby.password())));
        Path status = source.data().resolve("pg_wal/archive_status");
        Path done = status.resolve(left + ".done");
        // PostgreSQL reads ahead of what it replays, so that it first has all handed out that is archived by now
        Eventually.isTrue("the leftover is to go, so it is to be archived", Duration.ofMinutes(5), () -> {
            if (Files.exists(status.resolve(left + ".ready")) || Files.exists(done)) {
                return true;
            }
            PushedServer.writesMore(standby);
            executes(standby, "checkpoint");
            executes(source, "checkpoint");
            return false;
        });
        Eventually.isTrue("the leftover is archived", PushedServer.SOON, () -> Files.exists(done));
        Eventually.isTrue("replayed", PushedServer.SOON, () -> hasReplayed(source, standby));
        standby.kill();
        text(source, "select pg_promote()::text");
        source.execute("postgres", "insert into t values (8)", "select pg_switch_wal()");
        Eventually.isTrue(
                "the third timeline",
                PushedServer.SOON,
                () -> server.stretch().getInt("timeline") == 3
                        && server.stretch().isNull("gap"));
        assertEquals("RECEIVING", server.state());
        assertEquals("1 2 3 4 5 6 7 8", recovery.recovered("again"));
    }

    @Test
    @Order(8)
    void anotherEndOfATimelineThatWasLeftIsSettledByNoOtherPush() throws Exception {
        Path here = Files.createDirectory(folder.resolve("left"));
        Path end = here.resolve(left);
        server.reader.run(here, "fetch", left, end.toString()).succeeded();
        pushes(0, "", server.shipper, end, left);
        Path changed = Files.write(here.resolve("changed"), Segments.changed(Files.readAllBytes(end)));
        server.isReachedAt(source);
        pushes(1, "keeps what it holds", server.shipper, changed, left);
        assertEquals("FAILING", server.state(), "the server may have it from before");
        Instant covered = server.covered();
        server.pushesMore();
        server.looks(Instant.now());
        assertEquals("FAILING", server.state());
        assertEquals(covered, server.covered());
    }

    private Map<String, String> standbys(Map<String, String> more) throws IOException {
        Map<String, String> settings = new TreeMap<>(PushedServer.STREAMED);
        settings.put("archive_mode", "always");
        settings.put(
                "restore_command", server.reader.documented("restore_command").replace(" fetch ", " fetch --standby "));
        settings.putAll(more);
        return settings;
    }

    private static boolean hasReplayed(Postgres follower, Postgres primary) {
        String written = asked(primary, "select pg_current_wal_insert_lsn()::text");
        return "true".equals(asked(follower, "select (pg_last_wal_replay_lsn() >= '" + written + "')::text"));
    }

    @Test
    @Order(7)
    void whoTakesAFileTooSlowlyIsCutOff() throws Exception {
        URI http = nightshift.http();
        String key =
                Accounts.key(nightshift, server.project.name(), "LOG_READER").header("Authorization");
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(8 << 10);
            socket.connect(new InetSocketAddress(http.getHost(), http.getPort()));
            socket.getOutputStream()
                    .write(("GET /" + server.project.path("instances/pushed/wal/" + server.newest)
                                    + " HTTP/1.1\r\nHost: " + http.getHost() + "\r\nAuthorization: " + key + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            long began = System.nanoTime();
            long end = began + Duration.ofMinutes(4).toNanos();
            byte[] buffer = new byte[4 << 10];
            long bytes = 0;
            boolean ended = false;
            while (!ended && System.nanoTime() < end) {
                try {
                    int count = in.read(buffer);
                    ended = count < 0;
                    bytes += Math.max(0, count);
                } catch (SocketException e) {
                    ended = true;
                }
                Eventually.sleep(Duration.ofMillis(100));
            }
            assertTrue(ended, "it was cut off");
            assertTrue(bytes > 0 && bytes < PushedServer.SEGMENT, "before it was whole: " + bytes);
        }
    }
}
