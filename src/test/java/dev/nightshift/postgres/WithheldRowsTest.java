package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Postgres;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors and warnings of a real server that quote what is in a row: what is said of them here does not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WithheldRowsTest {
    private static final String ROW = "row-of-somebody-4411";

    private Postgres server;

    @BeforeAll
    void start() throws SQLException {
        server = Postgres.start(18);
        server.execute(
                "postgres",
                "create table person (name text primary key, age int check (age > 0))",
                "insert into person values ('" + ROW + "', 1)",
                """
                create function noisy(name text) returns int immutable language plpgsql as $$
                begin raise warning 'saw %', name; return 1; end $$
                """,
                "create function refusing(name text) returns int immutable language sql as 'select 1'",
                "create index on person (refusing(name))",
                """
                create or replace function refusing(name text) returns int immutable language plpgsql as $$
                begin raise exception 'no room for %', name using errcode = '23514'; end $$
                """);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select name::int from person",
                "select name::date from person",
                "select ('\"' || name)::json from person",
                "select set_config('timezone', name, false) from person",
                "insert into person values ('" + ROW + "', 2)",
                "insert into person values ('" + ROW + " too', 0)",
                "select refusing(name) from person",
                "analyze person",
                "do $$ begin raise exception using errcode = 'U0001', message = '" + ROW + "'; end $$",
                "do $$ begin raise '%', (select name from person); end $$"
            })
    void anErrorThatQuotesARowIsToldWithoutIt(String statement) throws SQLException {
        SQLException thrown = assertThrows(SQLException.class, () -> server.execute("postgres", statement));
        assertTrue(
                String.valueOf(thrown.getMessage()).contains(ROW),
                () -> "the server quotes it: " + thrown.getMessage());
        String words = SqlFailure.words(thrown);
        assertFalse(words.contains(ROW), words);
        assertTrue(words.contains(thrown.getSQLState()), words);
        StringWriter logged = new StringWriter();
        SqlFailure.of("Work on db1", thrown).printStackTrace(new PrintWriter(logged));
        SqlFailure.withoutRows(thrown).printStackTrace(new PrintWriter(logged));
        assertFalse(logged.toString().contains(ROW), logged::toString);
        assertTrue(logged.toString().contains("WithheldRowsTest"), "the stack is kept");
        assertEquals(SqlFailure.of(thrown), SqlFailure.of(SqlFailure.withoutRows(thrown)), "it means the same");
    }

    @Test
    void aWarningOfAFunctionIsToldWithoutItsWords() throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("select noisy(name) from person");
            var warning = Objects.requireNonNull(statement.getWarnings());
            assertTrue(String.valueOf(warning.getMessage()).contains(ROW), warning.getMessage());
            assertFalse(SqlFailure.words(warning).contains(ROW), SqlFailure.words(warning));
        }
    }

    @Test
    void theServersOwnWordsAreTold() {
        SQLException thrown =
                assertThrows(SQLException.class, () -> server.execute("postgres", "select * from nowhere"));
        assertEquals("relation \"nowhere\" does not exist (42P01)", SqlFailure.words(thrown));
    }
}
