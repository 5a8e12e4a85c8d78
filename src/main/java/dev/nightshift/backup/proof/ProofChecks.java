package dev.nightshift.backup.proof;

import dev.nightshift.backup.proof.ProofCatalog.Relation;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * amcheck over every index and heap of every database in a sandbox. What is damaged fails; what cannot be checked here is
 * kept with its reason, so that the proof says what it covers.
 */
final class ProofChecks {
    /** How many damaged objects are named; one is enough to fail. */
    private static final int NAMED = 5;

    /** How many objects are named per reason of not being checked. */
    private static final int EXAMPLES = 3;

    /** Classes of SQLSTATE that say the data is wrong: data exception, system error, internal error with data_corrupted. */
    private static final Set<String> DAMAGE = Set.of("22", "58", "XX");

    private final Sandbox sandbox;
    private final int major;
    private final ProofOptions options;
    private final ProofWatch watch;
    private final List<String> damaged = new ArrayList<>();
    private final Map<String, List<String>> notChecked = new TreeMap<>();
    private long databases;
    private long indexes;
    private long tables;
    private long done;
    private long total;

    ProofChecks(Sandbox sandbox, int major, ProofOptions options, ProofWatch watch) {
        this.sandbox = sandbox;
        this.major = major;
        this.options = options;
        this.watch = watch;
    }

    /**
     * Checks all databases.
     *
     * @throws NotPossibleHere if a database cannot be opened here, amcheck is missing, or the server ran out of something
     * @throws SQLException if the server went away
     */
    void run(List<ProofCatalog.Database> all) throws SQLException {
        for (ProofCatalog.Database database : all) {
            if (database.connectable()) {
                check(database.name());
            } else {
                skip("does not take connections", "database " + database.name());
            }
        }
    }

    private void check(String database) throws SQLException {
        watch.note("Checking indexes and tables of database " + database + ".");
        try (Connection connection = open(database)) {
            Identifier schema = amcheck(connection, database);
            List<Relation> relations = ProofCatalog.relations(connection);
            Map<Long, String> foreign = ProofCatalog.foreignCollations(connection);
            total += relations.size();
            for (Relation relation : relations) {
                if (watch.stopped()) {
                    throw new CancellationException("The proof was stopped.");
                }
                watch.progress(ProofWatch.Step.CHECK, ProofLevel.RESTORED, done++, total);
                String name = database + ": " + relation.name();
                String reason = uncovered(relation, foreign);
                if (reason == null) {
                    check(connection, schema, relation, name);
                } else {
                    skip(reason, name);
                }
            }
            databases++;
        }
    }

    private Connection open(String database) throws SQLException {
        try {
            return sandbox.connect(database);
        } catch (SQLException e) {
            throw lack("Database " + database + " cannot be opened", e);
        }
    }

    private Identifier amcheck(Connection connection, String database) throws SQLException {
        try {
            return ProofCatalog.amcheck(connection);
        } catch (SQLException e) {
            throw lack("amcheck cannot be had in database " + database, e);
        }
    }

    /**
     * The error, with what it stands in the way of.
     *
     * @throws NotPossibleHere if it says that this machine lacks something
     */
    static SQLException lack(String what, SQLException e) {
        Optional<NotPossibleHere> lack = Sandbox.lackIn(String.valueOf(e.getMessage()));
        if (lack.isPresent()) {
            throw new NotPossibleHere(
                    what + ": " + lack.get().getMessage(), lack.get().remedy(), e);
        }
        return new SQLException(what + ": " + SqlFailure.words(e), e.getSQLState(), e);
    }

    /** Why amcheck has nothing to say about it; null if it has. */
    private @Nullable String uncovered(Relation relation, Map<Long, String> foreign) {
        if (relation.unlogged()) {
            return "unlogged, empty after every restore";
        }
        if (!relation.isIndex()) {
            return relation.method().equals("heap") ? null : "tables of access method " + relation.method();
        }
        if (!relation.valid()) {
            return "invalid on the source already";
        }
        if (relation.method().equals("gin")) {
            return major >= 18 ? null : "indexes of access method gin before PostgreSQL 18";
        }
        if (!relation.method().equals("btree")) {
            return "indexes of access method " + relation.method();
        }
        return relation.collations().stream()
                .map(foreign::get)
                .filter(reason -> reason != null)
                .findFirst()
                .orElse(null);
    }

    private void check(Connection connection, Identifier schema, Relation relation, String name) throws SQLException {
        try {
            if (!relation.isIndex()) {
                Optional<String> wrong = ProofCatalog.checkHeap(connection, schema, relation.oid());
                wrong.ifPresent(what -> damage(connection, "table", relation, name, what));
                tables++;
            } else if (relation.method().equals("gin")) {
                ProofCatalog.checkGin(connection, schema, relation.oid());
                indexes++;
            } else {
                ProofCatalog.checkTree(connection, schema, relation.oid(), options);
                indexes++;
            }
        } catch (SQLException e) {
            judge(connection, relation, name, e);
        }
    }

    private void judge(Connection connection, Relation relation, String name, SQLException e) throws SQLException {
        String state = String.valueOf(e.getSQLState());
        String message = state.startsWith("XX") ? String.valueOf(e.getMessage()) : SqlFailure.words(e);
        if (!connection.isValid(10)) {
            throw new SQLException("The server went away while it checked " + name + ": " + message, state, e);
        }
        throwIfExhausted(sandbox, e);
        Optional<NotPossibleHere> lack = Sandbox.lackIn(String.valueOf(e.getMessage()));
        if (lack.isPresent()) {
            skip("not possible here: " + lack.get().getMessage(), name);
        } else if (DAMAGE.contains(state.substring(0, Math.min(2, state.length())))) {
            damage(connection, relation.isIndex() ? "index" : "table", relation, name, message);
        } else {
            skip("amcheck was refused: " + message, name);
        }
    }

    /** What could not be looked at for want of disk or memory was not checked, nor was what comes after it. */
    static void throwIfExhausted(Sandbox sandbox, SQLException e) {
        sandbox.exhausted(e).ifPresent(exhausted -> {
            throw exhausted;
        });
    }

    private void damage(Connection connection, String kind, Relation relation, String name, String what) {
        String text = "The " + kind + " " + name + " (file " + ProofCatalog.file(connection, relation.oid())
                + ") is damaged: " + what.replaceFirst("^ERROR: ", "");
        damaged.add(text);
        watch.note(text);
    }

    private void skip(String reason, String name) {
        notChecked.computeIfAbsent(reason, key -> new ArrayList<>()).add(name);
    }

    /** Why the check failed, naming the first objects; null if nothing is damaged. */
    @Nullable
    String failure() {
        if (damaged.isEmpty()) {
            return null;
        }
        String more = damaged.size() > NAMED ? " And " + (damaged.size() - NAMED) + " more." : "";
        return String.join(" ", damaged.subList(0, Math.min(NAMED, damaged.size()))) + more;
    }

    /** A line per reason, with its number of objects and a few of their names. */
    List<String> notChecked() {
        return notChecked.entrySet().stream()
                .map(entry -> entry.getKey() + ": " + examples(entry.getValue()))
                .toList();
    }

    private static String examples(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(EXAMPLES, names.size())));
        return names.size() > EXAMPLES ? first + " and " + (names.size() - EXAMPLES) + " more" : first;
    }

    Map<String, Long> figures() {
        long skipped = notChecked.values().stream().mapToLong(List::size).sum();
        return Map.of("databases", databases, "indexes", indexes, "tables", tables, "notChecked", skipped);
    }
}
