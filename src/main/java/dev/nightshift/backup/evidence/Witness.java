package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Retries;
import dev.nightshift.postgres.Snapshot;
import dev.nightshift.postgres.SqlFailure;
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
 * everything is measured twice, and what is the same both times was so at the restore point between. A database whose
 * connection breaks is measured anew, from its position on. One that cannot be measured is noted and left out: evidence
 * never fails a backup.
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
    private Runnable goOn = () -> {};

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
     * Measures every database, up to its position where the server exports one. Whatever try succeeds, its position is before
     * any restore point that is made when this has returned.
     *
     * @param goOn throws where the rest would be in vain; asked before each relation
     * @throws CancellationException if {@link #cancel} was called
     */
    public void before(Runnable goOn) {
        this.goOn = goOn;
        long end = System.nanoTime() + budget.perBackup().toNanos();
        for (String database : databases) {
            stopIfCancelled();
            Duration left = Duration.ofNanos(end - System.nanoTime());
            if (left.isNegative() || left.isZero()) {
                notes.accept("No evidence of rows was taken in database " + database + ": the time for a backup, "
                        + budget.perBackup().toMinutes() + " min, was over.");
                continue;
            }
            Endpoint endpoint = server.withDatabase(database);
            try (Attempts attempts = new Attempts(endpoint, notes)) {
                taken.put(
                        database,
                        retries(left)
                                .of(
                                        "The evidence of rows in database " + database,
                                        last -> measure(endpoint, attempts, last)));
            } catch (SQLException e) {
                stopIfCancelled();
                notes.accept(
                        "No evidence of rows was taken in database " + database + ": " + SqlFailure.words(e) + ".");
            }
        }
    }

    /** Each try may take a database's whole time, so none is begun when that is over. */
    private Retries retries(Duration left) {
        Duration own = budget.perDatabase();
        return new Retries(Retries.STANDARD, own.compareTo(left) < 0 ? own : left, notes, this::stopIfCancelled);
    }

    private Evidence measure(Endpoint endpoint, Attempts attempts, boolean last) throws SQLException {
        Duration answer = budget.perDatabase();
        Beginning beginning = attempts.in(name -> Snapshot.now(endpoint, name, answer), now -> {
            Connection connection = pinned(now);
            return new Beginning(
                    EvidenceCatalog.sequences(connection),
                    isLogical(connection),
                    EvidenceCatalog.obstacle(connection, budget.patience()).orElse(null));
        });
        if (beginning.logical() && beginning.obstacle() == null) {
            try {
                return attempts.in(
                        name -> Snapshot.atPosition(endpoint, name, budget.patience(), answer),
                        exact -> measure(endpoint.database(), exact, beginning.sequences()));
            } catch (SQLException e) {
                stopIfCancelled();
                if (!last && Retries.isWorthwhile(e)) {
                    throw e;
                }
                measuredTwice(endpoint, SqlFailure.words(e));
            }
        } else if (beginning.logical()) {
            measuredTwice(endpoint, beginning.obstacle());
        }
        return attempts.in(
                name -> Snapshot.now(endpoint, name, answer),
                now -> measure(endpoint.database(), now, beginning.sequences()));
    }

    private void measuredTwice(Endpoint endpoint, @Nullable String reason) {
        notes.accept("Database " + endpoint.database() + " is measured before and after the restore point, because no"
                + " snapshot of a known position could be had: " + reason + ".");
    }

    /** What is known before a snapshot of a known position is asked for. */
    private record Beginning(
            List<Measured> sequences,
            boolean logical,
            @Nullable String obstacle) {}

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
     * @param goOn as before
     * @throws CancellationException if {@link #cancel} was called
     */
    public void after(Runnable goOn) {
        this.goOn = goOn;
        for (Evidence first : List.copyOf(taken.values())) {
            stopIfCancelled();
            Endpoint endpoint = server.withDatabase(first.database());
            try (Attempts attempts = new Attempts(endpoint, notes)) {
                taken.put(
                        first.database(),
                        retries(budget.perDatabase())
                                .of(
                                        "The second look at database " + first.database(),
                                        last -> attempts.in(
                                                name -> Snapshot.now(endpoint, name, budget.perDatabase()),
                                                now -> confirm(first, now))));
            } catch (SQLException e) {
                stopIfCancelled();
                notes.accept("The evidence of rows in database " + first.database() + " could not be confirmed: "
                        + SqlFailure.words(e) + ".");
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
        Map<String, Long> values = EvidenceCatalog.sequences(pinned(now)).stream()
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

    /** Before anything is asked: a database's own search_path may put functions of its owner before the server's. */
    private static Connection pinned(Snapshot snapshot) throws SQLException {
        Connection connection = snapshot.connection();
        try (Statement statement = connection.createStatement()) {
            statement.execute(Evidence.SETTINGS);
        }
        return connection;
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
        goOn.run();
    }
}
