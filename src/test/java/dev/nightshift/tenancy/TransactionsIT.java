package dev.nightshift.tenancy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.fleet.NewProject;
import dev.nightshift.fleet.Project;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.testing.Eventually;
import jakarta.annotation.Resource;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** The project on the transaction, with the server's own transaction manager and connection pool. */
@ArquillianTest
class TransactionsIT {
    /** Connections taken at once in search of a certain one; server.xml lets the pool have 30. */
    private static final int MOST_CONNECTIONS = 20;

    @Inject
    private Transactions transactions;

    @Inject
    private Registration registration;

    @Inject
    private Entities entities;

    @Resource(lookup = "jdbc/repository")
    @SuppressWarnings("NullAway.Init")
    private DataSource pool;

    /** As a repository of the product has it. */
    @Dependent
    static class Entities {
        @PersistenceContext(unitName = "nightshift")
        @SuppressWarnings("NullAway.Init")
        private EntityManager manager;
    }

    @Test
    void theProjectEndsWithItsTransactionAlsoOnTheSameConnection() throws SQLException {
        ProjectId project = project();
        int backend = transactions.in(project, connection -> {
            insert(connection, project);
            assertEquals(project.toString(), setting(connection));
            assertEquals(1, rows(connection));
            return backend(connection);
        });
        onConnection(backend, connection -> {
            assertEquals("", setting(connection), "the setting after the commit");
            assertEquals(0, rows(connection), "what the next caller sees");
        });
        assertEquals(1, transactions.in(project, TransactionsIT::rows), "was committed");
    }

    @Test
    void aFailureLosesEverythingThatItsTransactionDid() throws SQLException {
        ProjectId project = project();
        List<Integer> backends = new ArrayList<>();
        assertThrows(
                ArithmeticException.class,
                () -> transactions.run(project, connection -> {
                    backends.add(backend(connection));
                    insert(connection, project);
                    transactions.run(project, inner -> insert(inner, project));
                    assertEquals(2, rows(connection));
                    throw new ArithmeticException("after both");
                }));
        assertEquals(0, transactions.in(project, TransactionsIT::rows));
        onConnection(backends.get(0), connection -> assertEquals("", setting(connection), "after the rollback"));
    }

    @Test
    void aStatementThatTheDatabaseRefusesLosesWhatCameBeforeIt() {
        ProjectId project = project();
        Exception failure = assertThrows(
                IllegalStateException.class,
                () -> transactions.run(project, connection -> {
                    insert(connection, project);
                    execute(connection, "select no_such_column");
                }));
        assertTrue(String.valueOf(failure.getMessage()).contains("42703"), failure.getMessage());
        assertEquals(0, transactions.in(project, TransactionsIT::rows));
    }

    @Test
    void aTransactionThatStandsStillIsEndedByTheServerAndTheNextOneGoesOn() {
        ProjectId project = project();
        transactions.run(project, connection -> {
            assertEquals("1min", one(connection, "show idle_in_transaction_session_timeout"));
            assertEquals("20s", one(connection, "show lock_timeout"));
        });
        assertThrows(
                Failure.Retryable.class,
                () -> transactions.run(project, connection -> {
                    execute(connection, "set local idle_in_transaction_session_timeout = '100ms'");
                    insert(connection, project);
                    Eventually.sleep(Duration.ofSeconds(1));
                    rows(connection);
                }));
        assertEquals(0, transactions.in(project, TransactionsIT::rows));
    }

    @Test
    void aTransactionWithinOneOfTheSameProjectIsThatOne() {
        ProjectId project = project();
        transactions.run(project, outer -> {
            insert(outer, project);
            assertEquals(backend(outer), transactions.in(project, TransactionsIT::backend));
            assertEquals(1, transactions.in(project, TransactionsIT::rows), "not committed yet");
        });
    }

    @Test
    void aTransactionWithinOneOfAnotherProjectIsRefusedAndTheOuterOneGoesOn() {
        ProjectId project = project();
        ProjectId other = project();
        transactions.run(project, connection -> {
            refused(() -> transactions.run(other, inner -> insert(inner, other)));
            refused(() -> transactions.installation(TransactionsIT::rows));
            insert(connection, project);
        });
        transactions.installation(connection -> {
            refused(() -> transactions.in(project, TransactionsIT::rows));
            return true;
        });
        assertEquals(1, transactions.in(project, TransactionsIT::rows));
        assertEquals(0, transactions.in(other, TransactionsIT::rows));
    }

    @Test
    void outsideOfEveryProjectNothingIsReadAndNothingWritten() throws SQLException {
        ProjectId project = project();
        transactions.run(project, connection -> insert(connection, project));
        assertEquals(0, transactions.installation(TransactionsIT::rows));
        assertEquals(0, transactions.installation(TransactionsIT::update));
        Exception refused = assertThrows(
                IllegalStateException.class,
                () -> transactions.installation(connection -> {
                    insert(connection, project);
                    return true;
                }));
        assertTrue(String.valueOf(refused.getMessage()).contains("42501"), refused.getMessage());
        try (Connection connection = pool.getConnection()) {
            assertEquals(0, rows(connection), "without any transaction");
            assertEquals(0, update(connection), "without any transaction");
            assertEquals(
                    "42501",
                    assertThrows(SQLException.class, () -> insert(connection, project))
                            .getSQLState());
        }
        assertEquals(1, transactions.in(project, TransactionsIT::rows));
    }

    @Test
    void entitiesAreReadAndWrittenOnTheTransactionsOwnConnection() {
        ProjectId project = project();
        transactions.run(project, connection -> {
            assertEquals(
                    backend(connection),
                    entities.manager
                            .createNativeQuery("select pg_backend_pid()", Integer.class)
                            .getSingleResult());
            assertEquals(
                    project.toString(),
                    entities.manager
                            .createNativeQuery("select current_setting('nightshift.project')", String.class)
                            .getSingleResult());
            assertEquals(
                    project,
                    entities.manager.find(Project.class, project.value()).id());
        });
    }

    private ProjectId project() {
        return registration
                .project(new NewProject(
                        new Name("p" + Long.toHexString(System.nanoTime())),
                        "Of a test",
                        ZoneId.of("UTC"),
                        Currency.getInstance("EUR")))
                .id();
    }

    private static void refused(Runnable nested) {
        Exception refusal = assertThrows(IllegalStateException.class, nested::run);
        assertTrue(String.valueOf(refusal.getMessage()).contains("must wait"), refusal.getMessage());
    }

    /** Takes connections as the next callers would, until it has that one. */
    private void onConnection(int backend, Work.Action work) {
        Eventually.get("the pool's connection with backend " + backend, Duration.ofSeconds(20), () -> {
            List<Connection> taken = new ArrayList<>();
            try {
                while (taken.size() < MOST_CONNECTIONS) {
                    Connection connection = pool.getConnection();
                    taken.add(connection);
                    if (backend(connection) == backend) {
                        work.with(connection);
                        return Optional.of(true);
                    }
                }
                return Optional.<Boolean>empty();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            } finally {
                taken.forEach(TransactionsIT::giveBack);
            }
        });
    }

    private static void giveBack(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String setting(Connection connection) throws SQLException {
        return one(connection, "select current_setting('nightshift.project', true)");
    }

    private static int backend(Connection connection) throws SQLException {
        return Integer.parseInt(one(connection, "select pg_backend_pid()"));
    }

    /** Of every project that the connection may see. */
    private static int rows(Connection connection) throws SQLException {
        return Integer.parseInt(one(connection, "select count(*) from job.schedule"));
    }

    private static int update(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate("update job.schedule set enabled = false");
        }
    }

    private static void insert(Connection connection, ProjectId project) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into job.schedule (id, project_id, name, job, cron, zone, databases, enabled)
                values (?, ?, ?, 'vacuum', '0 3 * * *', 'UTC', '{*}', false)
                """)) {
            UUID id = UUID.randomUUID();
            insert.setObject(1, id);
            insert.setObject(2, project.value());
            insert.setString(3, "s" + id.toString().substring(0, 8));
            insert.executeUpdate();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String one(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            assertTrue(rows.next(), query);
            return String.valueOf(rows.getString(1));
        }
    }
}
