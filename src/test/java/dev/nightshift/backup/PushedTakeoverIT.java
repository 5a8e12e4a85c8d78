package dev.nightshift.backup;

import static dev.nightshift.backup.PushedServer.text;
import static dev.nightshift.backup.WalCommand.fetches;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A standby that does not archive before it is promoted, and takes the place of a server that had not pushed all. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PushedTakeoverIT {

    private final Nightshift nightshift = Nightshift.shared();
    private Path folder;
    private PushedServer server;
    private Postgres source;
    private Postgres standby;
    private Recovery recovery;

    @BeforeAll
    void start(@TempDir Path here) throws Exception {
        folder = here;
        server = new PushedServer(nightshift, folder, "log-takeover", PushedServer.STREAMED);
        source = server.source;
        standby = source.standby(PushedServer.STREAMED);
        recovery = server.recovery();
    }

    @AfterAll
    void stop() {
        if (standby != null) {
            standby.close();
        }
        server.close();
    }

    @Test
    void whatTheServerHadNotPushedIsAGapUntilItIsPushedByHand() throws Exception {
        Lsn end = server.pushesNothing();
        source.execute("postgres", "insert into t values (5)", "select pg_switch_wal()");
        source.execute("postgres", "select pg_logical_emit_message(true, 'a', 'b')");
        String left = server.text("select pg_walfile_name(pg_current_wal_lsn())");
        String written = server.text("select pg_current_wal_insert_lsn()::text");
        Eventually.isTrue(
                "replayed",
                PushedServer.SOON,
                () -> "true".equals(asked("select (pg_last_wal_replay_lsn() >= '" + written + "')::text")));
        assertEquals(
                "0", text(standby, "select archived_count::text from pg_stat_archiver"), "a standby pushes nothing");
        source.kill();
        text(standby, "select pg_promote()::text");
        standby.execute("postgres", "insert into t values (6)", "select pg_switch_wal()");
        Eventually.isTrue(
                "the new timeline",
                PushedServer.SOON,
                () -> server.stretch().getInt("timeline") == 2 && server.comesIntoASegment());
        assertTrue(server.toldOfAGap(), "the standby takes what it streamed for archived");
        fetches(200, "has a gap", server.reader, folder, end.segmentName(1, PushedServer.SEGMENT));

        Lsn at = end;
        while (at.segmentName(1, PushedServer.SEGMENT).compareTo(left) < 0) {
            String segment = at.segmentName(1, PushedServer.SEGMENT);
            server.shipper
                    .run(standby.data(), "push", "pg_wal/" + segment, segment)
                    .succeeded();
            at = at.plus(PushedServer.SEGMENT);
        }
        assertFalse(server.toldOfAGap());
        assertEquals("1 2 3 4 5 6", recovery.recovered("all"));

        server.isReachedAt(standby);
        Instant since = Instant.now();
        Eventually.isTrue(
                "time is covered",
                PushedServer.SOON,
                () -> PushedServer.writesMore(standby) && server.covered().isAfter(since));
        assertEquals("RECEIVING", server.state());
    }

    private String asked(String sql) {
        try {
            return text(standby, sql);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
