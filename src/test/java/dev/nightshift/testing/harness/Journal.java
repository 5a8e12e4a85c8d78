package dev.nightshift.testing.harness;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * Writers under load that keep a journal of their own: for each commit that the server acknowledged, its number and between
 * which two positions of the log it lies. The journal is in this process, so it outlives the server and every copy of it.
 */
public final class Journal implements AutoCloseable {
    /** Leaves the server room for the backup on two cores. */
    private static final long PAUSE_MILLIS = 2;

    private static final int MOST_NAMED = 5;

    private final Postgres server;
    private final String database;
    private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();
    private final List<CompletableFuture<Void>> writers = new ArrayList<>();
    private volatile boolean stopping;

    private Journal(Postgres server, String database) {
        this.server = server;
        this.database = database;
    }

    /** A row of the table journal, by its key. */
    public record Row(int writer, long number) {}

    /**
     * An acknowledged commit.
     *
     * @param before where the log ended before the commit was sent: the commit's record begins there or later
     * @param after how far the log was written once the commit was acknowledged: its record ends there or earlier
     */
    public record Entry(Row row, Lsn before, Lsn after) {}

    /** Creates the table {@code journal} and lets so many writers fill it, each with the numbers 1, 2, 3, …. */
    public static Journal start(Postgres server, String database, int writers) throws SQLException {
        server.execute(
                database,
                "create table journal (writer int, number bigint, filler text, primary key (writer, number))");
        Journal journal = new Journal(server, database);
        for (int writer = 0; writer < writers; writer++) {
            int id = writer;
            journal.writers.add(CompletableFuture.runAsync(
                    () -> journal.write(id), work -> new Thread(work, "writer-" + id).start()));
        }
        return journal;
    }

    private void write(int writer) {
        try (Connection connection = server.connect(database);
                PreparedStatement insert = connection.prepareStatement(
                        "insert into journal (writer, number, filler) values (?, ?, repeat(md5(?::text), 4))")) {
            connection.setAutoCommit(false);
            for (long number = 1; !stopping; number++) {
                insert.setInt(1, writer);
                insert.setLong(2, number);
                insert.setLong(3, number);
                insert.executeUpdate();
                Lsn before = position(connection, "select pg_current_wal_insert_lsn()");
                connection.commit();
                Lsn after = position(connection, "select pg_current_wal_lsn()");
                connection.rollback();
                entries.add(new Entry(new Row(writer, number), before, after));
                Eventually.sleep(Duration.ofMillis(PAUSE_MILLIS));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("Writer " + writer + " ended.", e);
        }
    }

    private static Lsn position(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    /** All entries so far. */
    public List<Entry> entries() {
        return entries.stream()
                .sorted(Comparator.comparing(Entry::after).thenComparing(Entry::before))
                .toList();
    }

    /** Waits until so many more commits were acknowledged. */
    public void awaitMore(int commits) {
        int before = entries.size();
        Eventually.isTrue(commits + " more commits", Duration.ofSeconds(60), () -> {
            writers.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(CompletableFuture::join);
            return entries.size() >= before + commits;
        });
    }

    /** What a server that was recovered to this position has to hold: its commit ends there or earlier. */
    public Set<Row> mustBeThere(Lsn position) {
        return rows(entries.stream()
                .filter(entry -> entry.after().compareTo(position) <= 0)
                .toList());
    }

    /** What it must not hold: its commit was not even sent when the log had come so far. */
    public Set<Row> mustNotBeThere(Lsn position) {
        return rows(entries.stream()
                .filter(entry -> entry.before().compareTo(position) >= 0)
                .toList());
    }

    private static Set<Row> rows(List<Entry> found) {
        return found.stream().map(Entry::row).collect(Collectors.toSet());
    }

    /** Compares a server that was recovered to just this position. */
    public void compare(Connection restored, Lsn position) throws SQLException {
        compare(restored, position, position);
    }

    /**
     * Compares a restored server with the journal.
     *
     * @param least everything up to here has to be there
     * @param most nothing from here on may be there
     * @throws AssertionError naming the first rows that are missing or too many
     */
    public void compare(Connection restored, Lsn least, Lsn most) throws SQLException {
        Set<Row> found = new HashSet<>();
        try (Statement statement = restored.createStatement();
                ResultSet rows = statement.executeQuery("select writer, number, filler = repeat(md5(number::text), 4)"
                        + " from journal order by writer, number")) {
            while (rows.next()) {
                Row row = new Row(rows.getInt(1), rows.getLong(2));
                if (!rows.getBoolean(3)) {
                    throw new AssertionError(row + " has another content than was written.");
                }
                if (row.number() > 1 && !found.contains(new Row(row.writer(), row.number() - 1))) {
                    throw new AssertionError(row + " is there, but not the one that the same writer committed before.");
                }
                found.add(row);
            }
        }
        Set<Row> missing = new HashSet<>(mustBeThere(least));
        missing.removeAll(found);
        if (!missing.isEmpty()) {
            throw new AssertionError(missing.size() + " commits up to " + least + " are missing: " + named(missing));
        }
        Set<Row> late = mustNotBeThere(most);
        late.retainAll(found);
        if (!late.isEmpty()) {
            throw new AssertionError(late.size() + " commits after " + most + " are there: " + named(late));
        }
    }

    private String named(Set<Row> rows) {
        return entries().stream()
                .filter(entry -> rows.contains(entry.row()))
                .limit(MOST_NAMED)
                .toList()
                .toString();
    }

    /** Lets each writer finish its transaction. */
    @Override
    public void close() {
        stopping = true;
        writers.forEach(CompletableFuture::join);
    }
}
