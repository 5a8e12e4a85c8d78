package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** The embedded repository of a product that runs, behind the product's back. */
public final class RepositoryServer {
    private final Path data;
    private final int port;

    RepositoryServer(Path data, int port) {
        this.data = data;
        this.port = port;
    }

    public int port() {
        return port;
    }

    /** As its superuser postgres, as {@code nightshift_owner} or as {@code nightshift_app}. */
    public Connection connect(String user) throws SQLException {
        String secret = switch (user) {
            case "postgres" -> "superuser.password";
            case "nightshift_owner" -> "owner.password";
            case "nightshift_app" -> "app.password";
            default -> throw new IllegalArgumentException(user);
        };
        try {
            String password =
                    Files.readString(data.resolve("secrets").resolve(secret)).strip();
            return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/nightshift", user, password);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What one row of an answer says. */
    @FunctionalInterface
    public interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    /** Runs statements as the superuser, each committed by itself. */
    public void execute(String... statements) throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Asks as the superuser, to whom no row is hidden. */
    public <T> List<T> rows(String sql, Row<T> each) throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<T> all = new ArrayList<>();
            while (rows.next()) {
                all.add(each.of(rows));
            }
            return all;
        }
    }

    /** The first column of the answer. */
    public List<String> texts(String sql) throws SQLException {
        return rows(sql, row -> row.getString(1));
    }

    /** Hands on the content of every column of every table, as text: bytes in hexadecimal digits. */
    public void eachColumn(BiConsumer<String, String> column) throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String[] found : columns(statement)) {
                String query = "select string_agg(%1$s::text, E'\\n') from %2$s".formatted(found[1], found[0]);
                try (ResultSet row = statement.executeQuery(query)) {
                    row.next();
                    String content = row.getString(1);
                    if (content != null) {
                        column.accept("column " + found[0] + "." + found[1], content);
                    }
                }
            }
        }
    }

    /** Tables of every schema but the system's own; each partition by itself. */
    private static List<String[]> columns(Statement statement) throws SQLException {
        List<String[]> columns = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery("""
                select format('%I.%I', n.nspname, c.relname), format('%I', a.attname)
                  from pg_attribute a
                  join pg_class c on c.oid = a.attrelid
                  join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped
                   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                """)) {
            while (rows.next()) {
                columns.add(new String[] {rows.getString(1), rows.getString(2)});
            }
        }
        return columns;
    }

    /** As a crash of the server; everything else goes on. */
    public void stop() {
        control("stop", "--mode=immediate");
    }

    public void start() {
        control("start", "--log=" + data.resolve("repository/server.log"));
    }

    private void control(String action, String option) {
        try {
            Processes.run(
                            Duration.ofSeconds(90),
                            Postgres.binaries(18).program("pg_ctl").toString(),
                            action,
                            "--pgdata=" + data.resolve("repository/data"),
                            "--wait",
                            option)
                    .succeeded();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
