package dev.nightshift.backup.proof;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What a source has to do with, and no drill of it may: an archive, and a publisher whose rows it takes. */
final class Neighbours {
    private Neighbours() {}

    static Map<String, String> archiving(Path archive) {
        return Map.of("archive_mode", "on", "archive_command", "cp %p " + archive + "/%f");
    }

    static void subscribe(Postgres publisher, Postgres source, String reach) throws SQLException {
        publisher.execute(
                "postgres",
                "create table news (id int primary key)",
                "insert into news select generate_series(1, 100)",
                "create publication news for table news");
        source.execute(
                "postgres",
                "create table news (id int primary key)",
                "create subscription news connection '" + reach + "' publication news");
        Eventually.isTrue(
                "the first rows", Duration.ofSeconds(60), () -> count(source, "select count(*) from news") == 100);
        Eventually.isTrue(
                "the table's own slot to be gone",
                Duration.ofSeconds(60),
                () -> count(publisher, "select count(*) from pg_replication_slots") == 1);
    }

    static long connections(Postgres server) throws IOException {
        try (Stream<String> lines = Files.lines(server.cluster().log())) {
            return lines.filter(line -> line.contains("replication connection authorized"))
                    .count();
        }
    }

    static Set<Path> files(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return new TreeSet<>(files.toList());
        }
    }

    static long count(Postgres server, String sql) {
        try {
            return Long.parseLong(ask(server, sql));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static String ask(Postgres server, String sql) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
