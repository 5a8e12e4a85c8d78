package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A server's summaries of its log, from which it tells what changed since another backup: PostgreSQL 17 and newer with
 * summarize_wal on. Their functions (the manual's section 9.28.5) are for everybody unless they were taken away, database by
 * database; a standby has them too. One thread reads; {@link #cancel} is for others.
 */
public final class WalSummaries {
    private static final System.Logger LOG = System.getLogger(WalSummaries.class.getName());

    /** After which the server is not waited for. All blocks that changed are read: 150,000 of them, 1.2 GB, took 0.05 s. */
    private static final Duration DEADLINE = Duration.ofMinutes(5);

    /** What lies beyond every position. */
    private static final Lsn END = new Lsn(-1);

    /**
     * Forks 1 and 2 are left out: free space maps are always sent whole, and no restore trusts a visibility map made of
     * changes. A file that was new or emptied as well, a length of 0, is sent whole.
     */
    private static final String TRUNCATIONS = """
            select d.datname, c.reldatabase, c.reltablespace, c.relfilenode, pg_catalog.min(c.relblocknumber),
                   pg_catalog.count(*) over ()
              from pg_catalog.pg_available_wal_summaries() s
              cross join lateral pg_catalog.pg_wal_summary_contents(s.tli, s.start_lsn, s.end_lsn) c
              left join pg_catalog.pg_database d on d.oid = c.reldatabase
             where s.tli = ? and s.end_lsn > ?::pg_catalog.pg_lsn and s.start_lsn < ?::pg_catalog.pg_lsn
               and c.is_limit_block and c.relforknumber not in (1, 2)
             group by d.datname, c.reldatabase, c.reltablespace, c.relfilenode, c.relforknumber
            having pg_catalog.min(c.relblocknumber) > 0
             order by d.datname, c.relfilenode limit 1
            """;

    private static final String SPANS = """
            select s.start_lsn::pg_catalog.text, s.end_lsn::pg_catalog.text from pg_catalog.pg_available_wal_summaries() s
             where s.tli = ? and s.end_lsn > ?::pg_catalog.pg_lsn and s.start_lsn < ?::pg_catalog.pg_lsn
             order by s.start_lsn
            """;

    private final Endpoint endpoint;
    private final String slot;
    private volatile @Nullable Statement running;

    /**
     * Files of tables or indexes that were cut and not emptied, by VACUUM as a rule.
     *
     * @param database of the first one; null where it is in none, or is dropped
     * @param file its number: {@code pg_filenode_relation(tablespace, file)} names it in its database
     * @param blocks that were left of it, 8 kB each
     * @param files how many there are
     */
    public record Truncation(@Nullable String database, long tablespace, long file, long blocks, long files) {}

    /** The part of the log that one summary covers. */
    record Span(Lsn start, Lsn end) {}

    /**
     * Of a server.
     *
     * @param slot that exists on it alone, so that another one that answers at this address is not taken for it
     */
    public WalSummaries(Endpoint endpoint, String slot) {
        this.endpoint = endpoint;
        this.slot = slot;
    }

    /**
     * What was cut in the log between two positions, looked at as the server does: whole summaries, even where they begin
     * before or end after.
     *
     * @param to null for as far as there are summaries; otherwise they have to be there up to it, without a gap
     * @throws UnreadSummaries if they are not, or the server is another one
     * @throws SQLException if the server refuses, or the connection broke
     */
    public Optional<Truncation> truncation(int timeline, Lsn from, @Nullable Lsn to)
            throws SQLException, UnreadSummaries {
        try (Connection connection = Connector.connect(endpoint, DEADLINE)) {
            settle(connection);
            Lsn end = to == null ? END : to;
            Truncation found;
            try (PreparedStatement query = prepare(connection, TRUNCATIONS, timeline, from, end)) {
                found = truncation(query);
            }
            // After it: what is there now was there then
            if (to != null && !cover(spans(connection, timeline, from, to), from, to)) {
                throw new UnreadSummaries("its summaries of the log from " + from + " to " + to + " are incomplete");
            }
            return Optional.ofNullable(found);
        } finally {
            running = null;
        }
    }

    /** The role's own settings may be short of patience, or put functions before the server's. */
    private void settle(Connection connection) throws SQLException, UnreadSummaries {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set search_path = pg_catalog");
            statement.execute("set statement_timeout = " + DEADLINE.toMillis());
        }
        try (PreparedStatement query = connection.prepareStatement(
                "select 1 from pg_catalog.pg_replication_slots where slot_name = ?::pg_catalog.text")) {
            query.setString(1, slot);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    throw new UnreadSummaries(
                            "an ordinary connection to it ends on another server than the one that sends the backup");
                }
            }
        }
    }

    private @Nullable Truncation truncation(PreparedStatement query) throws SQLException {
        running = query;
        try (ResultSet row = query.executeQuery()) {
            return row.next()
                    ? new Truncation(row.getString(1), row.getLong(3), row.getLong(4), row.getLong(5), row.getLong(6))
                    : null;
        }
    }

    private static List<Span> spans(Connection connection, int timeline, Lsn from, Lsn to) throws SQLException {
        try (PreparedStatement query = prepare(connection, SPANS, timeline, from, to);
                ResultSet rows = query.executeQuery()) {
            List<Span> spans = new ArrayList<>();
            while (rows.next()) {
                spans.add(new Span(Lsn.parse(rows.getString(1)), Lsn.parse(rows.getString(2))));
            }
            return spans;
        }
    }

    private static PreparedStatement prepare(Connection connection, String sql, int timeline, Lsn from, Lsn to)
            throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statement.setLong(1, timeline);
        statement.setString(2, from.toString());
        statement.setString(3, to.toString());
        return statement;
    }

    /** Whether these, in the order of their starts, leave nothing out between the positions. */
    static boolean cover(List<Span> spans, Lsn from, Lsn to) {
        Lsn covered = from;
        for (Span span : spans) {
            if (covered.compareTo(to) >= 0 || span.start().compareTo(covered) > 0) {
                break;
            }
            covered = span.end().compareTo(covered) > 0 ? span.end() : covered;
        }
        return covered.compareTo(to) >= 0;
    }

    /** Ends the reading from another thread, as far as the server can be told; none is no error. */
    public void cancel() {
        Statement statement = running;
        if (statement != null) {
            try {
                statement.cancel();
            } catch (SQLException e) {
                LOG.log(System.Logger.Level.DEBUG, "The cancel request did not reach " + endpoint, e);
            }
        }
    }
}
