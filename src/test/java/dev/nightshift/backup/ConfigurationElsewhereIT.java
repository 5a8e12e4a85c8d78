package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.testing.FreePorts;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A source as Debian sets it up: the data folder holds no configuration. */
class ConfigurationElsewhereIT {
    private static final Duration DEADLINE = Duration.ofSeconds(90);

    private final Nightshift nightshift = Nightshift.shared();
    private final Binaries programs = Postgres.binaries(17);

    @Test
    void whatIsRestoredStartsWithTheConfigurationThatWasSaved() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "elsewhere");
        Path etc = nightshift.scratch("etc");
        Map<String, String> settings =
                Map.of("wal_level", "replica", "archive_mode", "on", "archive_command", "false", "work_mem", "7MB");
        try (Postgres source = Postgres.start(17, settings)) {
            source.execute("postgres", "create table orders as select n from generate_series(1, 1000) n");
            moveConfiguration(source.cluster().data(), etc);
            project.register("elsewhere", source, "postgres");
            project.complete("backup", "elsewhere", TestProject.none());
            Path folder = nightshift.data().resolve("restore/elsewhere");
            String run = project.complete(
                            "restore",
                            "elsewhere",
                            Json.createObjectBuilder()
                                    .add("folder", folder.toString())
                                    .build())
                    .getString("id");
            Path configuration = folder.resolveSibling("elsewhere-configuration");
            String option = "-c config_file=" + configuration + "/postgresql.conf";
            assertAll(
                    () -> assertFalse(Files.exists(folder.resolve("postgresql.conf")), "pg_verifybackup would object"),
                    () -> assertTrue(project.log(run).contains("-o \"" + option + "\" start"), project.log(run)));
            int port = FreePorts.one();
            control("start", folder, "--options=" + option + " -p " + port + " -c unix_socket_directories=''");
            try {
                assertAll(
                        () -> assertEquals("1000", ask(port, source.password(), "select count(*) from orders")),
                        () -> assertEquals("7MB", ask(port, source.password(), "show work_mem")),
                        () -> assertEquals("off", ask(port, source.password(), "show archive_mode")),
                        () -> assertEquals("", ask(port, source.password(), "show primary_conninfo")),
                        () -> assertEquals("0", ask(port, source.password(), "show max_logical_replication_workers")),
                        () -> assertEquals(
                                configuration.resolve("pg_hba.conf").toString(),
                                ask(port, source.password(), "show hba_file")),
                        () -> assertEquals(
                                rules(source.port(), source.password()), rules(port, source.password()), "access"));
            } finally {
                control("stop", folder, "--mode=immediate");
            }
        }
    }

    private void moveConfiguration(Path data, Path etc) throws IOException {
        control("stop", data, "--mode=fast");
        for (String name : List.of("postgresql.conf", "nightshift.conf", "pg_hba.conf", "pg_ident.conf")) {
            Files.move(data.resolve(name), etc.resolve(name));
        }
        control(
                "start",
                data,
                "--options=-c config_file=" + etc + "/postgresql.conf -c hba_file=" + etc
                        + "/pg_hba.conf -c ident_file=" + etc + "/pg_ident.conf");
    }

    private void control(String action, Path data, String more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                programs.program("pg_ctl").toString(),
                action,
                "--pgdata=" + data,
                "--wait",
                "--timeout=" + DEADLINE.toSeconds(),
                more));
        Path log = data.resolveSibling(data.getFileName() + "-elsewhere.log");
        if (action.equals("start")) {
            command.add("--log=" + log);
        }
        Processes.Result result = Processes.run(DEADLINE.plusSeconds(10), command.toArray(String[]::new));
        if (result.exit() != 0) {
            throw new AssertionError(result.output() + (Files.exists(log) ? "\n" + Files.readString(log) : ""));
        }
    }

    private static String rules(int port, String password) throws SQLException {
        return ask(
                port,
                password,
                "select string_agg(concat_ws(' ', type, database, user_name, address, netmask, auth_method, options), E'\\n'"
                        + " order by line_number) from pg_hba_file_rules");
    }

    private static String ask(int port, String password, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "postgres", password);
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}
