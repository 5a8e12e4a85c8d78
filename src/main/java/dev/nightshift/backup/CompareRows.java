package dev.nightshift.backup;

import dev.nightshift.backup.evidence.Answer;
import dev.nightshift.backup.evidence.DumpWitness;
import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.TargetPools;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Asks a database that was filled what was asked of its source, and holds the answers against each other. */
@ApplicationScoped
class CompareRows {
    private static final String JOB = "restore";

    /** Nobody else is let in yet. */
    private static final Duration LOCK = Duration.ofSeconds(30);

    /** How many differences are named; one is enough to fail. */
    private static final int NAMED = 5;

    @Inject
    private TargetPools pools;

    /**
     * What was compared.
     *
     * @param rows in the tables
     * @param sequences that had come as far as the source's
     * @param notCompared tables that were restored, each with the reason
     */
    record Compared(long tables, long rows, long sequences, List<String> notCompared) {
        /** Whether there were tables, and of none is known that it holds what it should. */
        boolean nothing() {
            return tables == 0 && !notCompared.isEmpty();
        }

        /** For the run's log and result. */
        String words() {
            if (nothing()) {
                return String.format(
                        Locale.ROOT,
                        "No row was compared; %,d %s not compared",
                        notCompared.size(),
                        notCompared.size() == 1
                                ? "table or set of large objects was"
                                : "tables or sets of large objects were");
            }
            return String.format(
                    Locale.ROOT,
                    "%,d %s in %,d %s equal those of the recovered server, by number and hash%s; %s",
                    rows,
                    rows == 1 ? "row" : "rows",
                    tables,
                    tables == 1 ? "table" : "tables",
                    sequences == 0
                            ? ""
                            : String.format(
                                    Locale.ROOT,
                                    ", and %,d %s as far",
                                    sequences,
                                    sequences == 1 ? "sequence is" : "sequences are"),
                    notCompared.isEmpty()
                            ? "all tables that were restored were compared"
                            : notCompared.size() + " not compared");
        }
    }

    /**
     * Compares.
     *
     * @throws Failure.Fatal if it holds other rows, naming the tables
     */
    Compared compare(TargetRun target, Endpoint database, Evidence evidence) {
        try (Session session = pools.openApart(
                database, new Deadlines(Duration.ofSeconds(5), LOCK, Duration.ZERO, Duration.ZERO), JOB)) {
            target.onStop(session::cancel);
            target.onGiveUp(session::abort);
            return compare(target, session.connection(), evidence);
        } catch (SQLException e) {
            target.throwIfStopped();
            throw pools.failure(database, "Comparing the rows of " + database.database(), e);
        }
    }

    private static Compared compare(TargetRun target, Connection connection, Evidence evidence) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(Evidence.SETTINGS);
        }
        List<String> notCompared = new ArrayList<>();
        evidence.uncovered().stream()
                .filter(each -> !DumpWitness.isLeftOut(each))
                .forEach(each -> notCompared.add(each.name() + ": " + each.reason()));
        List<String> different = new ArrayList<>();
        long tables = 0;
        long rows = 0;
        long sequences = 0;
        long done = 0;
        for (Evidence.Measured measured : evidence.measured()) {
            target.throwIfStopped();
            target.progress(done++, (long) evidence.measured().size(), "tables", null);
            Savepoint before = connection.setSavepoint();
            try {
                Answer answer = Answer.of(connection, measured);
                if (!answer.matches(measured)) {
                    different.add(answer.difference(measured.name(), measured) + ".");
                } else if (measured.kind() == Evidence.Kind.SEQUENCE) {
                    sequences++;
                } else if (measured.kind() == Evidence.Kind.TABLE) {
                    tables++;
                    rows += measured.rows();
                }
                connection.releaseSavepoint(before);
            } catch (SQLException e) {
                target.throwIfStopped();
                if (!connection.isValid(10)) {
                    throw e;
                }
                connection.rollback(before);
                if (Answer.isDifference(e)) {
                    different.add(measured.name() + " cannot be read: " + SqlFailure.words(e) + ".");
                } else {
                    notCompared.add(measured.name() + ": " + SqlFailure.words(e));
                }
            }
        }
        connection.rollback();
        if (!different.isEmpty()) {
            throw new Failure.Fatal(
                    "The new database does not hold what the recovered server did, and is not kept: "
                            + String.join(" ", different.subList(0, Math.min(NAMED, different.size()))),
                    "Does it have a generated column, or is the destination of another version or architecture, whose text of a"
                            + " value differs?",
                    null);
        }
        return new Compared(tables, rows, sequences, notCompared);
    }
}
