package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import dev.nightshift.kernel.Clock;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/**
 * Takes the evidence of one database in the very snapshot that pg_dump reads, so that a restore of the dump holds just these
 * rows. Sequences know no snapshot: their values are read before pg_dump does, and must be reached at least. Use an object
 * once.
 */
public final class DumpWitness {
    private final Connection connection;
    private final Budget budget;
    private final Runnable stopIfCancelled;
    private final DumpScope scope;
    private final boolean withSequences;
    private final Instant began;
    private final long from = System.nanoTime();
    private final List<Measured> sequences;

    /**
     * Reads the sequences: before pg_dump is started.
     *
     * @param connection in the snapshot that was exported
     * @param held whether the dump carries the rows of a table, by its schema's and its own name
     * @param byTable whether single tables were chosen: which sequences come along then is pg_dump's word
     * @param largeObjects whether the dump carries them
     * @param stopIfCancelled throws when the measuring is to end
     */
    public DumpWitness(
            Connection connection,
            BiPredicate<String, String> held,
            boolean byTable,
            boolean largeObjects,
            Budget budget,
            Clock clock,
            Runnable stopIfCancelled)
            throws SQLException {
        this.connection = connection;
        this.budget = budget;
        this.stopIfCancelled = stopIfCancelled;
        this.withSequences = !byTable;
        this.began = clock.now();
        execute(Evidence.SETTINGS);
        this.scope = new DumpScope(held, EvidenceCatalog.extensionTables(connection), largeObjects);
        this.sequences = sequences(held);
    }

    private List<Measured> sequences(BiPredicate<String, String> held) throws SQLException {
        if (!withSequences) {
            return List.of();
        }
        Map<String, Boolean> inside = EvidenceCatalog.sequenceNames(connection, held);
        return EvidenceCatalog.sequences(connection).stream()
                .filter(each -> inside.getOrDefault(each.name(), false))
                .toList();
    }

    /**
     * Measures the tables: while pg_dump holds its locks on them.
     *
     * @return what was measured
     * @throws SQLException if the connection broke or was cancelled
     */
    public Evidence measure(String database) throws SQLException {
        var measurement = new Measurement(connection, budget, stopIfCancelled, scope);
        measurement.run();
        List<Measured> measured = new ArrayList<>(measurement.measured());
        measured.addAll(sequences);
        List<Uncovered> uncovered = new ArrayList<>(measurement.uncovered());
        if (!withSequences) {
            uncovered.add(new Uncovered("sequences", "single tables were chosen"));
        }
        return new Evidence(database, null, began, Duration.ofNanos(System.nanoTime() - from), measured, uncovered);
    }

    /** The same once pg_dump has ended: a sequence that was set back meanwhile says nothing. */
    public Evidence confirmed(Evidence evidence) throws SQLException {
        Map<String, Long> now = EvidenceCatalog.sequences(connection).stream()
                .collect(Collectors.toMap(Measured::name, Measured::rows));
        List<Measured> measured = new ArrayList<>();
        List<Uncovered> uncovered = new ArrayList<>(evidence.uncovered());
        for (Measured each : evidence.measured()) {
            if (each.kind() != Evidence.Kind.SEQUENCE || now.getOrDefault(each.name(), Long.MIN_VALUE) >= each.rows()) {
                measured.add(each);
            } else {
                uncovered.add(new Uncovered(each.name(), "the sequence was set back or dropped while it was measured"));
            }
        }
        return new Evidence(evidence.database(), null, evidence.takenAt(), evidence.took(), measured, uncovered);
    }

    /** The same where the sequences could not be read again: of those nothing is known. */
    public static Evidence withoutSequences(Evidence evidence) {
        List<Measured> measured = new ArrayList<>();
        List<Uncovered> uncovered = new ArrayList<>(evidence.uncovered());
        for (Measured each : evidence.measured()) {
            if (each.kind() == Evidence.Kind.SEQUENCE) {
                uncovered.add(new Uncovered(each.name(), "the session broke before the sequence was read again"));
            } else {
                measured.add(each);
            }
        }
        return new Evidence(evidence.database(), null, evidence.takenAt(), evidence.took(), measured, uncovered);
    }

    /** Whether it was not measured because it was not chosen: then it is missing from the dump as well. */
    public static boolean isLeftOut(Uncovered uncovered) {
        return uncovered.reason().equals(DumpScope.NOT_CHOSEN);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
