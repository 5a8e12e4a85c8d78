package dev.nightshift.backup;

import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** A server to back up: rows that stay, rows that keep coming, a table in a tablespace of its own. */
final class SourceServer implements AutoCloseable {
    static final String DATABASE = "shop";

    private final Postgres server;
    private final Path tablespace;
    private final Thread load;
    private volatile boolean stopping;
    private final AtomicLong written = new AtomicLong();

    private SourceServer(Postgres server, Path folder) throws SQLException, IOException {
        this.server = server;
        this.tablespace = Files.createDirectories(folder.resolve("tablespace-" + server.port()));
        Files.createDirectories(tablespace);
        server.execute("postgres", "create database " + DATABASE);
        server.execute("postgres", "create tablespace side location '" + tablespace + "'");
        server.execute(
                DATABASE,
                """
                create table product as
                select id, md5(id::text) as name, (id % 1000) / 10.0 as price from generate_series(1, 60000) id
                """,
                "create unique index on product (id)",
                """
                create table note tablespace side as select id, repeat(md5(id::text), 8) as text from generate_series(1, 5000) id
                """,
                "create table event (id bigint generated always as identity primary key, at timestamptz default now())");
        this.load = new Thread(this::write, "write-load");
        this.load.setDaemon(true);
    }

    static SourceServer start(int major, Path folder) throws SQLException, IOException {
        SourceServer source =
                new SourceServer(Postgres.start(major, Map.of("wal_level", "logical", "max_wal_senders", "6")), folder);
        source.load.start();
        return source;
    }

    private void write() {
        try (Connection connection = server.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            while (!stopping) {
                written.addAndGet(
                        statement.executeUpdate("insert into event (at) select now() from generate_series(1, 10)"));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    Postgres server() {
        return server;
    }

    /** Rows of the write load that were committed so far, at least. */
    long written() {
        return written.get();
    }

    /** What both tables hold that do not change: equal on the restored server or something was lost. */
    static String fingerprint(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select (select count(*) || ' ' || sum(hash_record_extended(row(p.*), 0)) from product p),
                               (select count(*) || ' ' || sum(hash_record_extended(row(n.*), 0)) from note n)
                        """)) {
            rows.next();
            return rows.getString(1) + " / " + rows.getString(2);
        }
    }

    String fingerprint() throws SQLException {
        try (Connection connection = server.connect(DATABASE)) {
            return fingerprint(connection);
        }
    }

    /** Another tablespace with a table, and what its files are. */
    Path laterTablespace() throws SQLException, IOException {
        Path folder = Files.createDirectories(tablespace.resolveSibling(tablespace.getFileName() + "-later"));
        server.execute("postgres", "create tablespace later location '" + folder + "'");
        server.execute(
                DATABASE,
                "create table later tablespace later as select id, md5(id::text) as text from generate_series(1, 20000) id",
                "vacuum later",
                "checkpoint",
                "select pg_switch_wal()");
        return folder;
    }

    void stopLoad() {
        stopping = true;
        try {
            load.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stopLoad();
        server.close();
    }
}
