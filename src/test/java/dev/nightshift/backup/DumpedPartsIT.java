package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.testing.Postgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What is cut off of chosen tables, and what they need, on a real server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DumpedPartsIT {
    private Postgres server;

    @BeforeAll
    void start() {
        server = Postgres.start(15);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private Connection connect(String database, String... statements) throws SQLException {
        server.execute("postgres", "create database " + database);
        server.execute(database, statements);
        Connection connection = server.connect(database);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set search_path = pg_catalog");
            statement.execute("set session_replication_role = replica");
        }
        return connection;
    }

    private static DumpSelection tables(String... names) {
        return new DumpSelection(
                List.of(),
                List.of(),
                List.of(names).stream()
                        .map(name -> new DumpSelection.Table("app", name))
                        .toList(),
                List.of());
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** Its rows are what others' foreign keys refer to, the tree's own among them, and the source guards its tables. */
    @Test
    void aPartitionOfATreeThatRefersToItselfIsCutOffThoughTheSourceForbidsIt() throws SQLException {
        try (Connection connection = connect(
                "tree",
                "create schema app",
                "create table app.tree (id int primary key, up int references app.tree on delete cascade)"
                        + " partition by range (id)",
                "create table app.tree_1 partition of app.tree for values from (1) to (10)",
                "insert into app.tree values (1, 1), (2, 1)",
                "create table app.leaves (id int references app.tree)",
                "insert into app.leaves values (2)",
                "create table app.old (a int)",
                "create table app.new (b int) inherits (app.old)",
                "create function app.guard() returns trigger language plpgsql as 'begin return new; end'",
                "create trigger guard before insert on app.new for each row execute function app.guard()",
                "alter table app.new enable always trigger guard",
                "create trigger above before insert on app.tree for each row execute function app.guard()",
                "create function app.no() returns event_trigger language plpgsql as $$begin raise 'no changes'; end$$",
                "create event trigger no on ddl_command_start execute function app.no()",
                "alter event trigger no enable always")) {
            String told = String.join("\n", new DumpedParts(connection, tables("tree_1", "new")).cut());
            assertAll(
                    () -> assertEquals(
                            "0",
                            text(
                                    connection,
                                    "select count(*) from pg_inherits where inhrelid in ('app.tree_1'::regclass, 'app.new'::regclass)")),
                    () -> assertEquals("2", text(connection, "select count(*) from app.tree_1")),
                    () -> assertEquals(
                            "0",
                            text(
                                    connection,
                                    "select (select count(*) from pg_constraint where contype = 'f'"
                                            + " and conrelid = 'app.tree_1'::regclass) + (select count(*) from pg_trigger"
                                            + " where tgrelid in ('app.tree_1'::regclass, 'app.new'::regclass)"
                                            + " and not tgisinternal)")),
                    () -> assertEquals("A", text(connection, "select evtenabled from pg_event_trigger")),
                    () -> assertTrue(
                            told.contains(
                                    "alter table \"app\".\"tree_1\" add constraint \"tree_up_fkey\" FOREIGN KEY (up)"
                                            + " REFERENCES app.tree(id) ON DELETE CASCADE;"),
                            told),
                    () -> assertTrue(
                            told.contains("alter table \"app\".\"tree\" attach partition \"app\".\"tree_1\" FOR VALUES"
                                    + " FROM (1) TO (10);"),
                            told),
                    () -> assertTrue(told.contains("alter table \"app\".\"new\" inherit \"app\".\"old\";"), told),
                    () -> assertTrue(told.contains("CREATE TRIGGER above BEFORE INSERT ON app.tree_1"), told),
                    () -> assertTrue(
                            told.contains("alter table \"app\".\"new\" enable always trigger \"guard\";"), told));
        }
    }

    @Test
    void theExtensionsOfTypesDomainsAndIndexesAreNeededAndNoOthers() throws SQLException {
        try (Connection connection = connect(
                "needs",
                "create schema app",
                "create schema ext",
                "create extension citext schema ext",
                "create extension hstore schema ext",
                "create extension pg_trgm schema public",
                "create domain app.word as ext.citext",
                "create table app.words (word app.word[])",
                "create table app.texts (text text default 'x')",
                "create index on app.texts using gin (text public.gin_trgm_ops)",
                "create table app.pairs (pairs ext.hstore)",
                "create sequence app.numbers",
                "create table app.plain (id int default nextval('app.numbers'))")) {
            DumpNeeds words = DumpNeeds.of(connection, tables("words"));
            assertAll(
                    () -> assertEquals(List.of("citext"), words.extensions()),
                    () -> assertEquals(
                            List.of("app", "ext"),
                            words.schemas().stream().map(DumpNeeds.Schema::name).toList()),
                    () -> assertEquals(
                            List.of("pg_trgm"),
                            DumpNeeds.of(connection, tables("texts")).extensions()),
                    () -> assertEquals(
                            List.of(), DumpNeeds.of(connection, tables("plain")).extensions()),
                    () -> assertEquals(
                            List.of("citext", "hstore", "pg_trgm"),
                            DumpNeeds.of(connection, new DumpSelection(List.of("app"), List.of(), List.of(), List.of()))
                                    .extensions()),
                    () -> assertEquals(
                            List.of(new DumpSelection.Table("app", "numbers")),
                            new DumpedParts(connection, tables("plain")).sequences()));
        }
    }
}
