package dev.nightshift.backup;

import static dev.nightshift.backup.WalCommand.pushes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** While it is not known whose log is pushed under a server's name no time of it counts, and what settles it is the server's own word. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PushedDoubtIT {

    private Nightshift nightshift;
    private Path folder;
    private PushedServer server;
    private Postgres source;
    private Path same;
    private Path changed;

    @BeforeAll
    void start(@TempDir Path here) throws Exception {
        folder = here;
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false", "NIGHTSHIFT_STORE_ROOTS", here.toString()));
        nightshift.start();
        server = new PushedServer(
                nightshift, Files.createDirectory(here.resolve("server")), "log-doubt", PushedServer.STREAMED);
        source = server.source;
        same = here.resolve("same");
        assertEquals(
                0,
                server.reader.run(here, "fetch", server.newest, same.toString()).exit());
        changed = changed(server.newest, Files.readAllBytes(same));
    }

    @AfterAll
    void stop() {
        if (server != null) {
            server.close();
        }
        nightshift.remove();
    }

    /** As another server would have written it. */
    private Path changed(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name + "-changed"), Segments.changed(content));
    }

    @Test
    @Order(1)
    void thatNoStrangerPushesAnyMoreIsToldThoughItCouldNotBeAtFirst() throws Exception {
        pushes(1, "keeps what it holds", server.shipper, changed, server.newest);
        assertTrue(server.toldOfAStranger());
        nightshift
                .repository()
                .execute(
                        """
                create function finding.stays_open() returns trigger language plpgsql as $$
                begin
                    raise exception 'It stays open.';
                end $$
                """,
                        """
                create trigger stays_open before update on finding.finding for each row
                    when (old.fingerprint like 'wal.stranger:%') execute function finding.stays_open()
                """,
                        "update backup.wal_service set stranger_at = now() - interval '1 hour' where stranger_at is not null");
        server.looks(Instant.now());
        server.looks(Instant.now()); // the one before has come to its end
        assertTrue(server.toldOfAStranger());
        nightshift
                .repository()
                .execute("drop trigger stays_open on finding.finding", "drop function finding.stays_open()");
        Eventually.isTrue("it is closed", PushedServer.SOON, () -> !server.toldOfAStranger());
    }

    @Test
    @Order(2)
    void whileTheServerIsAskedWhoseAPushIsNoTimeCounts() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            server.isReachedAt(silent.getLocalPort(), source.password());
            CompletableFuture<Void> push = CompletableFuture.runAsync(() -> {
                try {
                    pushes(1, "keeps what it holds", server.shipper, changed, server.newest);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            Eventually.isTrue("the server is asked", PushedServer.SOON, () -> doubts() == 1);
            assertFalse(push.isDone());
            assertEquals("RECEIVING", server.state(), "it may be another server's");
            server.isReachedAt(source);
            push.join();
        }
        assertEquals(0, doubts());
        assertEquals("FAILING", server.state(), "nobody said that it is");
        pushes(0, "", server.shipper, same, server.newest);
        assertEquals("RECEIVING", server.state(), "the server has archived it");

        nightshift.repository().execute("update backup.wal_service set doubts = array[now()]");
        Eventually.sleep(Duration.ofSeconds(1));
        Instant covered = server.covered();
        server.pushesMore();
        server.looks(Instant.now());
        server.looks(Instant.now());
        assertEquals(covered, server.covered(), "in doubt");
        nightshift.repository().execute("update backup.wal_service set doubts = array[now() - interval '5 minutes']");
        Eventually.isTrue(
                "a node that died over it does not keep it in doubt",
                PushedServer.SOON,
                () -> server.writesMore() && server.covered().isAfter(covered));
    }

    private int doubts() {
        try {
            return Integer.parseInt(nightshift
                    .repository()
                    .texts("select cardinality(doubts)::text from backup.wal_service")
                    .get(0));
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** A snapshot of its disk that was started, and switches to its next segment before the server does. */
    @Test
    @Order(3)
    void whatTheServerHasNotWrittenIsNotTakenFromACopyOfIt() throws Exception {
        Path copy = server.copied();
        String next = server.text("select pg_walfile_name(pg_current_wal_insert_lsn())");
        try (RestoredServer clone = RestoredServer.start(Postgres.debian15(), copy);
                Connection connection = clone.connect("postgres", source.password());
                Statement statement = connection.createStatement()) {
            statement.execute("insert into t values (101)");
            statement.execute("select pg_switch_wal()");
            Eventually.isTrue("it is refused", PushedServer.SOON, () -> {
                try (ResultSet row =
                        statement.executeQuery("select last_failed_wal = '" + next + "' from pg_stat_archiver")) {
                    row.next();
                    return row.getBoolean(1);
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            });
            assertTrue(server.toldOfAStranger());
            assertEquals("RECEIVING", server.state());
        }
        server.pushesMore();
        Instant since = Instant.now();
        Eventually.isTrue(
                "time is covered",
                PushedServer.SOON,
                () -> server.writesMore() && server.covered().isAfter(since));
        assertEquals("RECEIVING", server.state());
        Path here = folder.resolve("next");
        assertEquals(
                0, server.reader.run(folder, "fetch", next, here.toString()).exit());
        assertArrayEquals(Files.readAllBytes(source.data().resolve("pg_wal").resolve(next)), Files.readAllBytes(here));
    }

    @Test
    @Order(4)
    void whatIsStoredInAnotherStoreIsHeldAgainstWhatIsPushed() throws Exception {
        TestStores.define(nightshift.admin(), TestStores.folder("nas", folder.resolve("nas")));
        Path before = server.archive();
        server.storesIn("nas");
        server.pushesMore();
        assertFalse(server.archive().equals(before), "another archive");
        pushes(1, "keeps what it holds", server.shipper, changed, server.newest);
        pushes(0, "", server.shipper, same, server.newest);
        assertEquals("RECEIVING", server.state());
    }

    /** Whoever was faster is not who is right. */
    @Test
    @Order(5)
    void aCopyThatPushesItsOwnAgainSettlesNothing() throws Exception {
        Lsn end = server.pushesNothing();
        String next = end.segmentName(1, PushedServer.SEGMENT);
        Path wal = source.data().resolve("pg_wal");
        Path copys = changed(next, Files.readAllBytes(wal.resolve(next)));
        Instant covered = server.covered();
        pushes(0, "", server.shipper, copys, next);
        String current = server.text("select pg_walfile_name(pg_current_wal_insert_lsn())");
        Lsn at = end.plus(PushedServer.SEGMENT);
        while (at.segmentName(1, PushedServer.SEGMENT).compareTo(current) < 0) {
            server.push(at.segmentName(1, PushedServer.SEGMENT));
            at = at.plus(PushedServer.SEGMENT);
        }
        server.looks(Instant.now());
        server.looks(Instant.now());
        assertEquals(covered, server.covered(), "the server's own archiver is not there yet");

        pushes(1, "keeps what it holds", server.shipper, Files.copy(wal.resolve(next), folder.resolve("own")), next);
        assertEquals("FAILING", server.state());
        pushes(0, "", server.shipper, copys, next);
        assertEquals("FAILING", server.state(), "it is the same one that pushes it again");
        server.looks(Instant.now());
        server.looks(Instant.now());
        assertEquals("FAILING", server.state());
        assertEquals(covered, server.covered());
    }
}
