package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.Scope;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.ui.LoggerUIService;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MigrationTest {
    private final Path folder;
    private final Secrets secrets;
    private final EmbeddedCluster cluster;

    MigrationTest(@TempDir Path folder) {
        this.folder = folder;
        this.secrets = Secrets.in(folder.resolve("secrets"));
        this.cluster = EmbeddedDatabases.repository(
                Postgres.binaries(18), folder.resolve("db"), Ports.anyFree(), secrets, said -> {});
    }

    @AfterAll
    void stop() {
        cluster.stop();
    }

    @Test
    void twoNodesThatStartTogetherMigrateOnceAndTheApplicationsRoleOwnsNothing() throws Exception {
        ExecutorService nodes = Executors.newFixedThreadPool(2);
        try {
            Callable<Boolean> node = () -> run(Path.of("liquibase"));
            for (Future<Boolean> done : nodes.invokeAll(List.of(node, node))) {
                done.get();
            }
        } finally {
            nodes.shutdownNow();
        }
        assertFalse(run(Path.of("liquibase")), "is no longer fresh");
        assertTrue(number("select count(*) from databasechangelog") > 0);
        assertEquals(0, number("select count(*) - count(distinct id) from databasechangelog"));
        assertEquals(
                0,
                number("select count(*) from pg_class where pg_get_userbyid(relowner) = '" + EmbeddedDatabases.APP
                        + "'"));
        AppRole.check(url(), EmbeddedDatabases.APP, secrets.password(Secrets.APP_PASSWORD));
    }

    @Test
    void theOwnerIsNoRoleForTheApplication() {
        assertThrows(
                Failure.Fatal.class,
                () -> AppRole.check(url(), EmbeddedDatabases.OWNER, secrets.password(Secrets.OWNER_PASSWORD)));
    }

    @Test
    void aChangeSetThatFailsIsNamedWithTheServersWords() throws IOException {
        Path broken = Files.createDirectories(folder.resolve("broken"));
        Files.writeString(broken.resolve("changelog.xml"), """
                <?xml version="1.0" encoding="UTF-8"?>
                <databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
                    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
                        http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-4.33.xsd">
                  <changeSet id="1" author="test"><sql>select no_such_column</sql></changeSet>
                </databaseChangeLog>
                """);
        Failure failure = assertThrows(Failure.Fatal.class, () -> run(broken));
        assertTrue(String.valueOf(failure.getMessage()).contains("no_such_column"), failure.getMessage());
    }

    @Test
    void aWrongPasswordIsSaidWithoutThePassword() {
        Failure failure = assertThrows(
                Failure.Fatal.class,
                () -> Migration.run(url(), EmbeddedDatabases.OWNER, "not-it", "app", Path.of("liquibase")));
        assertTrue(String.valueOf(failure.getMessage()).contains(EmbeddedDatabases.OWNER));
        assertFalse(String.valueOf(failure.getMessage()).contains("not-it"));
    }

    @Test
    void everyChangeSetCanBeRolledBackAndRunAgain() throws Exception {
        try (Connection connection = cluster.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create database back owner " + EmbeddedDatabases.OWNER);
        }
        String url = cluster.url("back");
        Migration.run(
                url,
                EmbeddedDatabases.OWNER,
                secrets.password(Secrets.OWNER_PASSWORD),
                EmbeddedDatabases.APP,
                Path.of("liquibase"));
        assertTrue(number("back", "select count(*) from pg_namespace where nspname = 'job'") > 0);
        rollBackEverything(url);
        assertEquals(0, number("back", "select count(*) from databasechangelog"));
        assertEquals(0, number("back", """
                select count(*) from pg_namespace
                 where nspname not in ('public', 'information_schema') and nspname not like 'pg\\_%'
                """), "schemas");
        assertEquals(0, number("back", """
                select count(*) from pg_class
                 where relnamespace = 'public'::regnamespace and relname not like 'databasechangelog%'
                """), "relations");
        assertEquals(
                0,
                number("back", "select count(*) from pg_proc where pronamespace = 'public'::regnamespace"),
                "functions");
        assertFalse(
                Migration.run(
                        url,
                        EmbeddedDatabases.OWNER,
                        secrets.password(Secrets.OWNER_PASSWORD),
                        EmbeddedDatabases.APP,
                        Path.of("liquibase")),
                "the change log's own table stays");
        assertTrue(number("back", "select count(*) from pg_namespace where nspname = 'job'") > 0);
    }

    /** As a person would by Liquibase's own commands, as the owner. */
    @SuppressWarnings("try") // that closing may be interrupted is no news to a test
    private void rollBackEverything(String url) throws Exception {
        try (Connection connection = DriverManager.getConnection(
                        url, EmbeddedDatabases.OWNER, secrets.password(Secrets.OWNER_PASSWORD));
                DirectoryResourceAccessor files = new DirectoryResourceAccessor(Path.of("liquibase"))) {
            Scope.child(Map.of(Scope.Attr.ui.name(), new LoggerUIService()), () -> {
                @SuppressWarnings("resource") // it would close the connection, too
                Liquibase liquibase = new Liquibase(
                        "changelog.xml",
                        files,
                        DatabaseFactory.getInstance()
                                .findCorrectDatabaseImplementation(new JdbcConnection(connection)));
                liquibase.setChangeLogParameter("app_role", EmbeddedDatabases.APP);
                liquibase.rollback(1000, new Contexts(), new LabelExpression());
            });
        }
    }

    private boolean run(Path changeLogs) {
        return Migration.run(
                url(),
                EmbeddedDatabases.OWNER,
                secrets.password(Secrets.OWNER_PASSWORD),
                EmbeddedDatabases.APP,
                changeLogs);
    }

    private String url() {
        return cluster.url(EmbeddedDatabases.REPOSITORY);
    }

    private long number(String query) throws SQLException {
        return number(EmbeddedDatabases.REPOSITORY, query);
    }

    private long number(String database, String query) throws SQLException {
        try (Connection connection = cluster.connect(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
