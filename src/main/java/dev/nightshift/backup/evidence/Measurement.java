package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Measures what a database holds, relation by relation, in a snapshot of it. It holds a lock on no relation longer than it
 * reads it, and waits for none longer than half a second. Use an object once.
 */
final class Measurement {
    private static final Duration LOCK = Duration.ofMillis(500);

    private final Connection connection;
    private final Budget budget;
    private final Runnable stopIfCancelled;
    private final @Nullable DumpScope dump;
    private final long end;
    private final List<Measured> measured = new ArrayList<>();
    private final List<Uncovered> uncovered = new ArrayList<>();

    /** @param stopIfCancelled throws when the measuring is to end: a cancelled statement does not tell why it was */
    Measurement(Connection connection, Budget budget, Runnable stopIfCancelled) {
        this(connection, budget, stopIfCancelled, null);
    }

    /** @param dump what a dump of the database holds, where the rows are compared with a restore of that; null for its files */
    Measurement(Connection connection, Budget budget, Runnable stopIfCancelled, @Nullable DumpScope dump) {
        this.connection = connection;
        this.budget = budget;
        this.stopIfCancelled = stopIfCancelled;
        this.dump = dump;
        this.end = System.nanoTime() + budget.perDatabase().toNanos();
    }

    /** @throws SQLException if the connection broke or was cancelled */
    void run() throws SQLException {
        execute(Evidence.SETTINGS);
        execute("set local lock_timeout = '" + LOCK.toMillis() + "ms'");
        limit();
        Map<Long, List<EvidenceQueries.Column>> columns = EvidenceCatalog.columns(connection, dump != null);
        for (EvidenceCatalog.Relation relation : atTheirRoots(EvidenceCatalog.relations(connection))) {
            String reason = whyNot(relation);
            if (reason == null) {
                measure(relation, columns.getOrDefault(relation.oid(), List.of()));
            } else {
                uncovered.add(new Uncovered(relation.name(), reason));
            }
        }
        largeObjects();
    }

    /** A dump's rows may come back in other partitions of a hash: where all are held, their root stands in for them. */
    private List<EvidenceCatalog.Relation> atTheirRoots(List<EvidenceCatalog.Relation> relations) throws SQLException {
        if (dump == null) {
            return relations;
        }
        Map<Long, EvidenceCatalog.Relation> roots = EvidenceCatalog.hashed(connection);
        Set<EvidenceCatalog.Relation> partly = new HashSet<>();
        for (EvidenceCatalog.Relation relation : relations) {
            EvidenceCatalog.Relation root = roots.get(relation.oid());
            if (root != null && whyNot(relation) != null) {
                partly.add(root);
            }
        }
        Set<EvidenceCatalog.Relation> all = new LinkedHashSet<>();
        for (EvidenceCatalog.Relation relation : relations) {
            EvidenceCatalog.Relation root = roots.get(relation.oid());
            if (root == null) {
                all.add(relation);
            } else if (partly.contains(root)) {
                uncovered.add(
                        new Uncovered(relation.name(), "a partition by a hash, of which not all are in this backup"));
            } else {
                all.add(root);
            }
        }
        return List.copyOf(all);
    }

    private @Nullable String whyNot(EvidenceCatalog.Relation relation) {
        if (relation.kind() == 'f') {
            return "a foreign table: its rows are elsewhere";
        }
        String missing = dump == null ? null : dump.whyNot(relation);
        if (missing != null) {
            return missing;
        }
        if (dump == null && relation.persistence() == 'u') {
            return "unlogged: empty after every physical restore";
        }
        if (!relation.populated()) {
            return "a materialized view that was never filled";
        }
        return relation.readable() ? null : "the role may not read it: GRANT pg_read_all_data lets it";
    }

    private void measure(EvidenceCatalog.Relation relation, List<EvidenceQueries.Column> columns) throws SQLException {
        // The pages of a table that was loaded anew are not those of the source
        Double percent = dump == null && relation.kind() == 'r' && relation.bytes() > budget.wholeUpTo()
                ? Math.max(0.0001, 100.0 * budget.sample() / relation.bytes())
                : null;
        String query = EvidenceQueries.rows(relation.name(), relation.kind() == 'r', columns, percent);
        Kind kind = relation.kind() == 'm' ? Kind.MATERIALIZED_VIEW : Kind.TABLE;
        measure(kind, relation.name(), query, percent, relation.kind() == 'p' ? null : relation.oid());
    }

    private void largeObjects() throws SQLException {
        if (dump != null && !dump.largeObjects()) {
            return;
        }
        var large = EvidenceCatalog.largeObjects(connection);
        if (large.any() && large.readable()) {
            measure(
                    Kind.LARGE_OBJECTS,
                    "large objects",
                    dump == null ? EvidenceQueries.LARGE_OBJECTS : EvidenceQueries.LARGE_OBJECT_BYTES,
                    null,
                    null);
        } else if (large.any()) {
            uncovered.add(new Uncovered(
                    "large objects", "the role may not read pg_largeobject: GRANT pg_read_all_data lets it"));
        }
    }

    private void measure(Kind kind, String name, String query, @Nullable Double percent, @Nullable Long relation)
            throws SQLException {
        stopIfCancelled.run();
        if (end - System.nanoTime() <= 0) {
            uncovered.add(new Uncovered(name, overBudget()));
            return;
        }
        Savepoint before = connection.setSavepoint();
        try {
            limit();
            Answer answer = Answer.of(connection, kind, query);
            if (relation == null || EvidenceCatalog.isWhereItWas(connection, relation)) {
                measured.add(new Measured(kind, name, query, answer.rows(), answer.hash(), percent, false));
            } else {
                uncovered.add(new Uncovered(name, "it was emptied, rewritten or dropped while it was measured"));
            }
        } catch (SQLException e) {
            if (!connection.isValid(10)) {
                throw e;
            }
            uncovered.add(new Uncovered(name, reason(e)));
        } finally {
            // Gives back the lock on the relation too, which would hold up whoever wants to alter it
            if (!connection.isClosed()) {
                connection.rollback(before);
            }
        }
    }

    private String reason(SQLException e) {
        return switch (String.valueOf(e.getSQLState())) {
            case "55P03" -> "another session held a lock on it";
            case "57014" -> overBudget();
            case "42P01", "3F000" -> "it was dropped before it was measured";
            default -> String.valueOf(e.getMessage()).replaceFirst("^ERROR: ", "");
        };
    }

    private String overBudget() {
        return "the time for a database, " + budget.perDatabase().toMinutes() + " min, was over";
    }

    private void limit() throws SQLException {
        long left = Math.max(1, (end - System.nanoTime()) / 1_000_000);
        execute("set local statement_timeout = '" + left + "ms'");
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    List<Measured> measured() {
        return List.copyOf(measured);
    }

    List<Uncovered> uncovered() {
        return List.copyOf(uncovered);
    }
}
