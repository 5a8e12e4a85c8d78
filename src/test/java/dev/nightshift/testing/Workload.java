package dev.nightshift.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Assertions;

/**
 * A database that changes all the time, and of which it is known what it held when: one session adds ticks and rewrites a part
 * of a table, and takes the evidence of both between any two; another one does what pgbench does, whose four sums are equal at
 * every moment at which a transaction can have ended.
 */
public final class Workload implements AutoCloseable {
    private static final int SCALE = 1;
    private static final String EVIDENCE = """
            select count(*) as ticks, max(id) as last,
                   sum(hash_record_extended(row(t.id, t.note), 0))::text
                       || ' ' || (select sum(hash_record_extended(row(b.id, b.note), 0)) from bulk b) as hash,
                   clock_timestamp() as at
            from tick t
            """;
    private static final String SUMS = """
            select (select sum(abalance) from pgbench_accounts), (select sum(tbalance) from pgbench_tellers),
                   (select sum(bbalance) from pgbench_branches), (select coalesce(sum(delta), 0) from pgbench_history)
            """;

    private final Postgres server;
    private final String database;
    private final Random random;
    private final Thread load = new Thread(this::transactions, "workload");
    private volatile boolean closed;
    private int ticks;

    /**
     * What the server held after a tick was committed, before the next one was begun.
     *
     * @param at by the server's clock
     * @param hash of every row of both tables
     */
    public record Moment(Instant at, long ticks, String hash) {
        /** Whether the same rows are meant, whenever it was. */
        public boolean holds(Moment other) {
            return ticks == other.ticks && hash.equals(other.hash);
        }
    }

    private Workload(Postgres server, String database, long seed) {
        this.server = server;
        this.database = database;
        this.random = new Random(seed);
        load.setDaemon(true);
    }

    /** Creates the database with its tables, and begins with pgbench's transactions. */
    public static Workload start(Postgres server, String database, long seed) throws SQLException {
        server.execute("postgres", "create database " + database);
        server.execute(
                database,
                "create table tick (id bigint primary key, note text)",
                "create table bulk as select id, md5(id::text) as note from generate_series(1, 20000) id");
        try (Connection connection = server.connect(database)) {
            Pgbench.create(connection, SCALE);
        }
        Workload workload = new Workload(server, database, seed);
        workload.load.start();
        return workload;
    }

    /** Adds a tick; every fifteenth ends a segment of the log. */
    public Moment tick(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("insert into tick select count(*) + 1, md5(random()::text) from tick");
            statement.execute("update bulk set note = md5(random()::text) where id % 50 = " + ticks % 50);
            if (++ticks % 15 == 0) {
                statement.execute("select pg_switch_wal()");
            }
        }
        return moment(connection);
    }

    /** What a server holds, whichever it is; none of pgbench's transactions is there by half. */
    public static Moment moment(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery(SUMS)) {
                row.next();
                for (int column = 2; column <= 4; column++) {
                    Assertions.assertEquals(row.getLong(1), row.getLong(column), "pgbench's sums");
                }
            }
            try (ResultSet row = statement.executeQuery(EVIDENCE)) {
                row.next();
                Assertions.assertEquals(row.getLong("ticks"), row.getLong("last"), "ticks without a hole");
                return new Moment(
                        row.getTimestamp("at").toInstant(),
                        row.getLong("ticks"),
                        String.valueOf(row.getString("hash")));
            }
        }
    }

    /** pgbench's own transaction ("tpcb-like"), again and again; what a crash cuts off is not looked at. */
    private void transactions() {
        while (!closed) {
            try (Connection connection = server.connect(database);
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                while (!closed) {
                    int delta = random.nextInt(10_001) - 5_000;
                    int account = 1 + random.nextInt(Pgbench.accounts(SCALE));
                    int teller = 1 + random.nextInt(Pgbench.tellers(SCALE));
                    statement.execute(
                            "update pgbench_accounts set abalance = abalance + " + delta + " where aid = " + account);
                    statement.execute(
                            "update pgbench_tellers set tbalance = tbalance + " + delta + " where tid = " + teller);
                    statement.execute("update pgbench_branches set bbalance = bbalance + " + delta + " where bid = 1");
                    statement.execute("insert into pgbench_history (tid, bid, aid, delta, mtime) values (" + teller
                            + ", 1, " + account + ", " + delta + ", current_timestamp)");
                    connection.commit();
                    Eventually.sleep(Duration.ofMillis(10));
                }
            } catch (SQLException e) {
                Eventually.sleep(Duration.ofMillis(200)); // it was killed, and comes back
            }
        }
    }

    /** Ends pgbench's transactions. */
    @Override
    public void close() {
        closed = true;
        try {
            load.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
