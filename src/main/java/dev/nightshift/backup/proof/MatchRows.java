package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Answer;
import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Compares a restored server, paused at the position of the evidence, with the evidence. */
final class MatchRows {
    /** How many differences are named; one is enough to fail. */
    /** SQLSTATE of a database that does not exist. */
    private static final String MISSING = "3D000";

    private static final int NAMED = 5;

    private final Sandbox sandbox;
    private final ProofWatch watch;
    private final List<String> different = new ArrayList<>();
    private final List<String> notCompared = new ArrayList<>();
    private final long total;
    private long done;
    private long tables;
    private long samples;
    private long others;
    private long largeObjects;
    private long rows;
    private long databases;
    private Duration took = Duration.ZERO;

    MatchRows(Sandbox sandbox, ProofWatch watch, List<Evidence> evidence) {
        this.sandbox = sandbox;
        this.watch = watch;
        this.total = evidence.stream().mapToLong(each -> each.measured().size()).sum();
    }

    /**
     * Compares one database. What differs is kept, and what could not be compared.
     *
     * @throws NotPossibleHere if the server ran out of something of this machine
     * @throws SQLException if the server went away
     */
    void compare(Evidence evidence) throws SQLException {
        long began = System.nanoTime();
        for (Uncovered each : evidence.uncovered()) {
            notCompared.add(evidence.database() + ": " + each.name() + ": " + each.reason());
        }
        try (Connection connection = open(evidence.database())) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute(Evidence.SETTINGS);
            }
            for (Measured measured : evidence.measured()) {
                if (watch.stopped()) {
                    throw new CancellationException("The proof was stopped.");
                }
                watch.progress(ProofWatch.Step.MATCH, ProofLevel.MATCHED, done++, total);
                compare(connection, evidence.database() + ": " + measured.name(), measured);
            }
            watch.progress(ProofWatch.Step.MATCH, ProofLevel.MATCHED, done, total);
            connection.rollback();
        } catch (SQLException e) {
            if (MISSING.equals(e.getSQLState())) {
                differs("The database " + evidence.database() + " is missing");
            } else {
                throw e;
            }
        }
        databases++;
        took = took.plusNanos(System.nanoTime() - began);
    }

    private Connection open(String database) throws SQLException {
        try {
            return sandbox.connect(database);
        } catch (SQLException e) {
            if (MISSING.equals(e.getSQLState())) {
                throw e;
            }
            throw ProofChecks.lack("Database " + database + " cannot be opened", e);
        }
    }

    private void compare(Connection connection, String name, Measured measured) throws SQLException {
        if (measured.changed()) {
            notCompared.add(name + ": it changed while it was measured");
            return;
        }
        Savepoint before = connection.setSavepoint();
        try {
            Answer answer = Answer.of(connection, measured);
            if (!answer.matches(measured)) {
                differs(answer.difference(name, measured));
            } else if (measured.kind() == Kind.SEQUENCE || measured.kind() == Kind.LARGE_OBJECTS) {
                others++;
                largeObjects += measured.kind() == Kind.LARGE_OBJECTS ? 1 : 0;
            } else {
                tables++;
                samples += measured.samplePercent() == null ? 0 : 1;
                rows += measured.rows();
            }
            connection.releaseSavepoint(before);
        } catch (SQLException e) {
            judge(connection, before, name, e);
        }
    }

    private void judge(Connection connection, Savepoint before, String name, SQLException e) throws SQLException {
        if (!connection.isValid(10)) {
            throw new SQLException(
                    "The server went away while it read " + name + ": " + SqlFailure.words(e), e.getSQLState(), e);
        }
        ProofChecks.throwIfExhausted(sandbox, e);
        connection.rollback(before);
        String message = SqlFailure.words(e);
        Optional<NotPossibleHere> lack = Sandbox.lackIn(String.valueOf(e.getMessage()));
        if (lack.isPresent()) {
            notCompared.add(name + ": not possible here: " + lack.get().getMessage());
        } else if (Answer.isDifference(e)) {
            differs(name + " cannot be read: " + message);
        } else {
            notCompared.add(name + ": " + message);
        }
    }

    private void differs(String what) {
        different.add(what + ".");
        watch.note(what + ".");
    }

    /** Why the level is not passed, naming the first differences; null if nothing differs. */
    @Nullable
    String failure() {
        if (different.isEmpty()) {
            return null;
        }
        String more = different.size() > NAMED ? " And " + (different.size() - NAMED) + " more." : "";
        return String.join(" ", different.subList(0, Math.min(NAMED, different.size()))) + more;
    }

    /** What the evidence does not cover or could not be compared, a line each. */
    List<String> notCompared() {
        return List.copyOf(notCompared);
    }

    Duration took() {
        return took;
    }

    /** False if there were no rows to compare: that a sequence is far enough says nothing of them. */
    boolean compared() {
        return tables + largeObjects + different.size() > 0;
    }

    ProofEvidence evidence() {
        String text = String.format(
                Locale.ROOT,
                "%s in %s of %s equal the source's%s%s; %s",
                plural(rows, "row"),
                plural(tables, "table"),
                plural(databases, "database"),
                samples == 0 ? "" : String.format(Locale.ROOT, ", %,d of the tables by a sample", samples),
                others == 0
                        ? ""
                        : ", and so do "
                                + plural(
                                        others,
                                        "sequence or set of large objects",
                                        "sequences and sets of large objects"),
                notCompared.isEmpty()
                        ? "everything was compared"
                        : plural(notCompared.size(), "relation") + " not compared");
        return new ProofEvidence(
                text,
                Map.of(
                        "databases", databases,
                        "tables", tables,
                        "rows", rows,
                        "samples", samples,
                        "notCompared", (long) notCompared.size()));
    }

    private static String plural(long count, String one) {
        return plural(count, one, one + "s");
    }

    private static String plural(long count, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : many);
    }
}
