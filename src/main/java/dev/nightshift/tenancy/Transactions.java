package dev.nightshift.tenancy;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.annotation.Resource;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.NotSupportedException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import javax.sql.DataSource;

/**
 * The only way to the repository database: a short transaction that belongs to one project, or to the installation.
 *
 * <p>The project is set with {@code set_config(…, true)}, which ends with the transaction; a session setting would stay
 * on the pooled connection and show the next caller another project's rows. It needs no request: batch threads pass the
 * project of their attempt.
 */
@ApplicationScoped
public class Transactions {
    private static final String PROJECT = "dev.nightshift.project";
    private static final String INSTALLATION = "installation";

    /** deadlock_detected, lock_not_available. */
    private static final Set<String> LOCKED = Set.of("40P01", "55P03");

    @Resource(lookup = "jdbc/repository")
    @SuppressWarnings("NullAway.Init")
    private DataSource repository;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private TransactionSynchronizationRegistry registry;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private UserTransaction transaction;

    /**
     * Does the work in a transaction of the project; joins the one that is running.
     *
     * @throws IllegalStateException if a transaction of another project, or of none, is running
     * @throws Failure.Retryable if the repository database is away
     */
    public <T> T in(ProjectId project, Work<T> work) {
        return within(project.toString(), work);
    }

    /** As {@link #in}, for work without an answer. */
    public void run(ProjectId project, Work.Action action) {
        in(project, connection -> {
            action.with(connection);
            return true;
        });
    }

    /** Work outside of every project: row level security then admits only the installation's own rows. */
    public <T> T installation(Work<T> work) {
        return within(INSTALLATION, work);
    }

    /**
     * Lets pass who is about to ask somebody that may be slow: no connection and no lock should be held meanwhile.
     *
     * @throws IllegalStateException if a transaction is running
     */
    public void requireNone() {
        try {
            if (transaction.getStatus() != Status.STATUS_NO_TRANSACTION) {
                throw new IllegalStateException("A transaction is running, which this would hold up.");
            }
        } catch (SystemException e) {
            throw new IllegalStateException("The transaction manager failed.", e);
        }
    }

    private <T> T within(String scope, Work<T> work) {
        try {
            if (transaction.getStatus() == Status.STATUS_ACTIVE) {
                Object running = registry.getResource(PROJECT);
                if (running != null && !scope.equals(running)) {
                    throw new IllegalStateException(
                            "A transaction of " + running + " is running; " + scope + " must wait.");
                }
                return running == null ? begun(scope, work) : working(work);
            }
            transaction.begin();
            boolean committed = false;
            try {
                T answer = begun(scope, work);
                transaction.commit();
                committed = true;
                return answer;
            } finally {
                if (!committed && transaction.getStatus() != Status.STATUS_NO_TRANSACTION) {
                    transaction.rollback();
                }
            }
        } catch (SQLException e) {
            throw translated(e);
        } catch (RollbackException e) {
            throw away(e);
        } catch (NotSupportedException
                | SystemException
                | jakarta.transaction.HeuristicMixedException
                | jakarta.transaction.HeuristicRollbackException e) {
            throw new IllegalStateException("The transaction manager failed.", e);
        }
    }

    private <T> T begun(String scope, Work<T> work) throws SQLException {
        registry.putResource(PROJECT, scope);
        if (scope.equals(INSTALLATION)) {
            return working(work);
        }
        return working(connection -> {
            try (var set = connection.prepareStatement("select set_config('nightshift.project', ?, true)")) {
                set.setString(1, scope);
                set.execute();
            }
            return work.with(connection);
        });
    }

    /** Every connection taken inside one transaction is the same physical one: the server shares it. */
    private <T> T working(Work<T> work) throws SQLException {
        try (Connection connection = repository.getConnection()) {
            return work.with(connection);
        }
    }

    /** Whether others held a lock for too long, or a deadlock was cut: the repository itself answers. */
    public static boolean locked(Failure.Retryable failure) {
        return failure.getCause() instanceof SQLException e && LOCKED.contains(String.valueOf(e.getSQLState()));
    }

    private static RuntimeException translated(SQLException e) {
        String state = e.getSQLState();
        if ("22021".equals(state) || "22P05".equals(state)) { // as text, as JSON
            return new Failure.Invalid("The request holds a character that no text may hold, such as one of code 0.");
        }
        boolean passing = state == null
                || state.startsWith("08")
                || state.startsWith("57")
                || state.startsWith("53")
                || state.equals("25P03") // this process stood still in mid-transaction
                || state.equals("40001");
        if (LOCKED.contains(String.valueOf(state))) {
            return new Failure.Retryable(
                    "Somebody else works on the same in the repository database, and takes long.",
                    "It is tried again by itself where Nightshift asked; try again in a moment where you did.",
                    e);
        }
        return passing
                ? away(e)
                : new IllegalStateException("The repository database refused a statement (" + state + ").", e);
    }

    private static Failure.Retryable away(Exception e) {
        return new Failure.Retryable(
                "The repository database does not answer.",
                "Check that it runs and is reachable; Nightshift goes on by itself once it is back.",
                e);
    }
}
