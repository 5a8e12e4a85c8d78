package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Snapshot;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes the evidence while a backup's log still flows: {@link #before} its last restore point is made, {@link #after} it.
 * Where the server can export a snapshot of a known position (wal_level logical) all is measured before; elsewhere
 * everything is measured twice, and what is the same both times was so at the restore point between. A database that cannot
 * be measured is noted and left out: evidence never fails a backup.
 */
public final class Witness {
    private final Endpoint server;
    private final List<String> databases;
    private final Budget budget;
    private final Clock clock;
    private final Consumer<String> notes;
    private final Map<String, Evidence> taken = new LinkedHashMap<>();
    private volatile @Nullable Snapshot open;
    private volatile boolean cancelled;

    /**
     * @param databases as the server calls them
     * @param notes hears why a database could not be measured exactly, or not at all
     */
    public Witness(Endpoint server, List<String> databases, Budget budget, Clock clock, Consumer<String> notes) {
        this.server = server;
        this.databases = List.copyOf(databases);
        this.budget = budget;
        this.clock = clock;
        this.notes = notes;
    }

    /**
     * Measures every database, up to its position where the server exports one.
     *
     * @throws CancellationException if {@link #cancel} was called
     */
    public void before() {
        long end = System.nanoTime() + budget.perBackup().toNanos();
        for (String database : databases) {
            stopIfCancelled();
            if (end - System.nanoTime() <= 0) {
                notes.accept("No evidence of rows was taken in database " + database + ": the time for a backup, "
                        + budget.perBackup().toMinutes() + " min, was over.");
                continue;
            }
            try {
                taken.put(database, measure(database));
            } catch (SQLException e) {
                stopIfCancelled();
                notes.accept("No evidence of rows was taken in database " + database + ": " + e.getMessage());
            }
        }
    }

    private Evidence measure(String database) throws SQLException {
        Endpoint endpoint = server.withDatabase(database);
        List<Measured> sequences;
        boolean logical;
        try (Snapshot now = Snapshot.now(endpoint, budget.perDatabase())) {
            sequences = EvidenceCatalog.sequences(now.connection());
            logical = isLogical(now.connection());
        }
        if (logical) {
            String slot = "nightshift_evidence_" + Long.toHexString(System.nanoTime());
            try (Snapshot exact = Snapshot.atPosition(endpoint, slot, budget.patience(), budget.perDatabase())) {
                return measure(database, exact, sequences);
            } catch (SQLException e) {
                stopIfCancelled();
                notes.accept("Database " + database
                        + " is measured before and after the restore point, because no snapshot of"
                        + " a known position could be had: " + e.getMessage());
            }
        }
        try (Snapshot now = Snapshot.now(endpoint, budget.perDatabase())) {
            return measure(database, now, sequences);
        }
    }

    private Evidence measure(String database, Snapshot snapshot, List<Measured> sequences) throws SQLException {
        Instant began = clock.now();
        long from = System.nanoTime();
        var measurement = new Measurement(snapshot.connection(), budget, this::stopIfCancelled);
        reading(snapshot, measurement::run);
        List<Measured> all = new ArrayList<>(measurement.measured());
        all.addAll(sequences);
        return new Evidence(
                database,
                snapshot.position().orElse(null),
                began,
                Duration.ofNanos(System.nanoTime() - from),
                all,
                measurement.uncovered());
    }

    /**
     * Measures again what has no position, now that the restore point is made.
     *
     * @throws CancellationException if {@link #cancel} was called
     */
    public void after() {
        for (Evidence first : List.copyOf(taken.values())) {
            stopIfCancelled();
            try (Snapshot now = Snapshot.now(server.withDatabase(first.database()), budget.perDatabase())) {
                taken.put(first.database(), confirm(first, now));
            } catch (SQLException e) {
                stopIfCancelled();
                notes.accept("The evidence of rows in database " + first.database() + " could not be confirmed: "
                        + e.getMessage());
                taken.remove(first.database());
            }
        }
    }

    private Evidence confirm(Evidence first, Snapshot now) throws SQLException {
        var again = new Measurement(now.connection(), budget, this::stopIfCancelled);
        Map<String, Measured> second = new LinkedHashMap<>();
        if (first.position() == null) {
            reading(now, again::run);
            again.measured().forEach(each -> second.put(each.name(), each));
        }
        Map<String, Long> values = EvidenceCatalog.sequences(now.connection()).stream()
                .collect(Collectors.toMap(Measured::name, Measured::rows));
        List<Measured> measured = new ArrayList<>();
        List<Uncovered> uncovered = new ArrayList<>(first.uncovered());
        for (Measured each : first.measured()) {
            if (each.kind() == Kind.SEQUENCE) {
                // One that was set back meanwhile says nothing about its value at the position
                if (values.getOrDefault(each.name(), Long.MIN_VALUE) >= each.rows()) {
                    measured.add(each);
                } else {
                    uncovered.add(
                            new Uncovered(each.name(), "the sequence was set back or dropped while it was measured"));
                }
            } else if (first.position() != null) {
                measured.add(each);
            } else {
                Measured other = second.get(each.name());
                boolean same = other != null
                        && other.query().equals(each.query())
                        && other.rows() == each.rows()
                        && other.hash().equals(each.hash());
                measured.add(same ? each : each.asChanged());
            }
        }
        return new Evidence(first.database(), first.position(), first.takenAt(), first.took(), measured, uncovered);
    }

    /** Work in a snapshot that {@link #cancel} can end. */
    private interface Reading {
        void run() throws SQLException;
    }

    private void reading(Snapshot snapshot, Reading work) throws SQLException {
        open = snapshot;
        try {
            stopIfCancelled();
            work.run();
            stopIfCancelled();
        } finally {
            open = null;
        }
    }

    private static boolean isLogical(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select current_setting('wal_level') = 'logical'")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    /** What was taken, a database each, in the order given. */
    public List<Evidence> evidence() {
        return List.copyOf(taken.values());
    }

    /** Ends the measuring from another thread. */
    public void cancel() {
        cancelled = true;
        Snapshot running = open;
        if (running != null) {
            try {
                running.cancel();
            } catch (SQLException e) {
                notes.accept("What measures the rows could not be cancelled: " + e.getMessage());
            }
        }
    }

    private void stopIfCancelled() {
        if (cancelled) {
            throw new CancellationException("The backup was cancelled.");
        }
    }
}
