package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;

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
