package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.WalSummaries.Span;
import dev.nightshift.postgres.WalSummaries.Truncation;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalSummariesTest {
    private static final String SLOT = "nightshift_here";

    @ParameterizedTest
    @ValueSource(ints = {17, 18})
    void aFileThatWasCutIsFoundAndOneThatIsNewOrEmptiedIsNot(int major) throws Exception {
        try (Postgres server = started(major)) {
            server.execute(
                    "postgres",
                    "create table queue as select generate_series(1, 20000) id",
                    "create table emptied as select generate_series(1, 20000) id");
            Lsn from = checkpoint(server);
            server.execute(
                    "postgres",
                    "delete from emptied",
                    "vacuum (truncate true) emptied",
                    "create table fresh as select generate_series(1, 20000) id",
                    "delete from fresh where id > 500",
                    "vacuum (truncate true) fresh");
            Lsn to = checkpoint(server);
            assertEquals(Optional.empty(), read(server, from, to));

            long file = Long.parseLong(value(server, "select pg_relation_filenode('queue')"));
            server.execute("postgres", "delete from queue where id > 300", "vacuum (truncate true) queue");
            Lsn later = checkpoint(server);
            Optional<Truncation> cut = Optional.of(new Truncation("postgres", 1663, file, 2, 1));
            assertEquals(cut, read(server, from, later));
            assertEquals(cut, read(server, to, null), "as far as there are summaries");
            assertEquals(Optional.empty(), read(server, from, to), "it was cut after that");
            Lsn last = checkpoint(server);
            assertEquals(Optional.empty(), read(server, later, last), "it was cut before that");
        }
    }

    @Test
    void whatCannotBeKnownIsSaid() throws Exception {
        try (Postgres server = started(18)) {
            Lsn from = checkpoint(server);
            server.execute("postgres", "create table filled as select generate_series(1, 1000) id");
            Lsn to = checkpoint(server);
            assertEquals(Optional.empty(), read(server, from, to));
            assertThrows(
                    UnreadSummaries.class, () -> read(server, from, to.plus(1 << 20)), "nothing is known of it yet");

            Endpoint own = endpoint(server, server.user(), server.password());
            UnreadSummaries another = assertThrows(
                    UnreadSummaries.class, () -> new WalSummaries(own, "nightshift_elsewhere").truncation(1, from, to));
            assertTrue(another.getMessage().contains("on another server"), another.getMessage());

            server.execute("postgres", "create role watcher login password 'secret'");
            WalSummaries watchers = new WalSummaries(endpoint(server, "watcher", "secret"), SLOT);
            assertEquals(Optional.empty(), watchers.truncation(1, from, to), "every role may read them");
            server.execute(
                    "postgres",
                    "revoke execute on function pg_wal_summary_contents(bigint, pg_lsn, pg_lsn) from public");
            SQLException refused = assertThrows(SQLException.class, () -> watchers.truncation(1, from, to));
            assertEquals("42501", refused.getSQLState());

            try (Stream<Path> files =
                    Files.list(server.cluster().data().resolve("pg_wal").resolve("summaries"))) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            UnreadSummaries gone = assertThrows(UnreadSummaries.class, () -> read(server, from, to));
            assertTrue(gone.getMessage().contains("are incomplete"), gone.getMessage());
        }
    }

    @Test
    void spansCoverAPartOfTheLogOnlyWithoutAGap() {
        List<Span> spans = List.of(span(10, 20), span(20, 30), span(25, 28), span(40, 50));
        assertTrue(covers(spans, 10, 30));
        assertTrue(covers(spans.subList(0, 3), 12, 29), "whole summaries reach beyond both ends");
        assertFalse(covers(spans, 10, 31));
        assertFalse(covers(spans, 9, 30));
        assertFalse(covers(spans, 10, 50));
        assertFalse(covers(List.of(), 10, 11));
        assertTrue(
                covers(List.of(span(0x7fff_ffff_ffff_ff00L, -1)), 0x7fff_ffff_ffff_ff10L, -16),
                "positions have no sign");
    }

    private static boolean covers(List<Span> spans, long from, long to) {
        return WalSummaries.cover(spans, new Lsn(from), new Lsn(to));
    }

    private static Span span(long start, long end) {
        return new Span(new Lsn(start), new Lsn(end));
    }

    private static Postgres started(int major) throws SQLException {
        Postgres server =
                Postgres.start(major, Map.of("wal_level", "replica", "summarize_wal", "on", "autovacuum", "off"));
        server.execute("postgres", "select pg_create_physical_replication_slot('" + SLOT + "', true)");
        return server;
    }

    private static Optional<Truncation> read(Postgres server, Lsn from, @Nullable Lsn to)
            throws SQLException, UnreadSummaries {
        return new WalSummaries(endpoint(server, server.user(), server.password()), SLOT).truncation(1, from, to);
    }

    private static Endpoint endpoint(Postgres server, String user, String password) {
        return Endpoint.local(server.port(), "postgres", user, () -> password);
    }

    /** The redo position of a checkpoint that is summed up: where a backup would start. */
    private static Lsn checkpoint(Postgres server) throws SQLException {
        server.execute("postgres", "checkpoint");
        Lsn redo = Lsn.parse(value(server, "select redo_lsn from pg_control_checkpoint()"));
        Eventually.isTrue(
                "summaries up to " + redo,
                Duration.ofSeconds(60),
                () -> Lsn.parse(value(server, "select coalesce(max(end_lsn), '0/1') from pg_available_wal_summaries()"))
                                .compareTo(redo)
                        >= 0);
        return redo;
    }

    private static String value(Postgres server, String sql) {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }
}
