package dev.nightshift.maintenance;

import dev.nightshift.kernel.Clock;
import dev.nightshift.maintenance.TableResult.Outcome;
import dev.nightshift.postgres.Session;
import dev.nightshift.postgres.SqlFailure;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run over one database, in one session. */
final class VacuumRound implements AutoCloseable {
    private static final String LOCKED = "55P03";
    private static final String CANCELLED = "57014";

    /** Before 15 the counters come by way of a collector, which writes them twice a second. */
    private static final int LOOKS = 30;

    private static final int BETWEEN_LOOKS_MILLIS = 100;

    private final Session session;
    private final VacuumCatalog catalog;
    private final Clock clock;
    private final VacuumOptions options;
    private final VacuumListener listener;
    private final Watch watch;
    private final List<TableResult> results = new ArrayList<>();

    private volatile @Nullable String stop;

    /** Others were at the last table: it is worth another try. */
    private boolean busy;

    VacuumRound(Session session, VacuumCatalog catalog, Clock clock, VacuumOptions options, VacuumListener listener) {
        this.session = session;
        this.catalog = catalog;
        this.clock = clock;
        this.options = options;
        this.listener = listener;
        this.watch = new Watch(session, () -> stopReason() != null);
    }

    VacuumResult run(VacuumPolicy policy) throws SQLException {
        Instant started = clock.now();
        List<TableStatistics> tables = catalog.tables();
        Deque<VacuumNeed> due = new ArrayDeque<>(policy.due(tables, catalog.limits()));
        int total = due.size();
        listener.log(Level.INFO, String.format(Locale.ROOT, "%,d of %,d tables are due", total, tables.size()));
        Set<Long> deferred = new HashSet<>();
        while (!due.isEmpty()) {
            VacuumNeed need = due.remove();
            String table = need.table().qualified();
            listener.progress(results.size(), total, table);
            String end = stopReason();
            TableResult result = end == null ? vacuum(need) : attempt(need).stopped(end, null);
            if (busy && end == null && deferred.add(need.table().oid()) && !due.isEmpty()) {
                due.add(need);
                listener.log(Level.INFO, table + " is put off: " + result.reason());
            } else {
                through(result);
            }
        }
        listener.progress(results.size(), total, null);
        boolean cut = results.stream().anyMatch(result -> result.outcome() == Outcome.STOPPED);
        return new VacuumResult(started, clock.now(), tables.size(), results, cut ? stop : null);
    }

    private void through(TableResult result) {
        results.add(result);
        Level level = result.outcome() == Outcome.DONE ? Level.INFO : Level.WARNING;
        listener.log(level, words(result));
        listener.finished(result);
    }

    private TableResult vacuum(VacuumNeed need) throws SQLException {
        busy = false;
        Attempt attempt = attempt(need);
        Optional<VacuumCatalog.Worker> worker = catalog.worker(need.table().oid());
        if (worker.isPresent()) {
            return busy(attempt, worker.get());
        }
        try {
            Optional<TableFigures> before = catalog.figures(need.table().oid());
            if (before.isEmpty()) {
                return attempt.skipped("it is gone");
            }
            attempt.before = before.get();
            catalog.readAllPages(need.freeze());
            execute(attempt);
            return judge(attempt);
        } catch (SQLException e) {
            return failed(attempt, e);
        }
    }

    private TableResult busy(Attempt attempt, VacuumCatalog.Worker worker) {
        busy = true;
        attempt.locked = !worker.vacuums();
        return attempt.skipped(worker.words());
    }

    /** The lock was in the way of our own VACUUM; who holds it may have gone since. */
    private TableResult locked(Attempt attempt, String reason) throws SQLException {
        return busy(
                attempt, catalog.worker(attempt.need.table().oid()).orElse(new VacuumCatalog.Worker(reason, false)));
    }

    private void execute(Attempt attempt) throws SQLException {
        try (Statement statement = session.connection().createStatement()) {
            watch.working(true);
            try {
                statement.execute(attempt.sql());
            } finally {
                watch.working(false);
                for (SQLWarning warning = statement.getWarnings();
                        warning != null;
                        warning = warning.getNextWarning()) {
                    attempt.warning(warning);
                }
            }
        }
    }

    /** Done is what the server counted; VACUUM and ANALYZE succeed with a warning when the role may not. */
    private TableResult judge(Attempt attempt) throws SQLException {
        TableStatistics table = attempt.need.table();
        for (int look = 0; look < LOOKS; look++) {
            Optional<TableFigures> after = catalog.figures(table.oid());
            if (after.isEmpty()) {
                attempt.locked = false;
                return attempt.skipped("it was dropped meanwhile");
            }
            if (attempt.counted(after.get())) {
                return attempt.done(after.get());
            }
            if (attempt.locked) {
                return locked(attempt, "another session holds a lock on it");
            }
            Optional<String> grant = catalog.missingGrant(table);
            if (grant.isPresent()) {
                return attempt.result(Outcome.SKIPPED, "the role may not vacuum or analyze it", grant.get(), null);
            }
            pause();
        }
        return attempt.result(
                Outcome.SKIPPED,
                "the server did not count it as done"
                        + (attempt.warnings.isEmpty() ? "" : ": " + attempt.warnings.get(0)),
                "Look at the server's log, and whether its statistics (track_counts) are on.",
                null);
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What an error means for this table; one that ends the session ends the run. */
    private TableResult failed(Attempt attempt, SQLException e) throws SQLException {
        if (session.connection().isClosed() || SqlFailure.of(e).unreachable()) {
            throw e;
        }
        String end = stopReason();
        if (CANCELLED.equals(e.getSQLState())) {
            return end != null
                    ? attempt.stopped(end, attempt.before)
                    : attempt.result(
                            Outcome.SKIPPED,
                            "it was cancelled, by a person or after " + words(options.longestTable()),
                            "Give it a longer window, or a night of its own.",
                            null);
        }
        if (LOCKED.equals(e.getSQLState())) {
            return locked(attempt, "another session holds a lock on it or on one of its indexes or partitions");
        }
        SqlFailure meaning = SqlFailure.of(e);
        return attempt.result(Outcome.FAILED, SqlFailure.words(e), meaning.remedy(), null);
    }

    /** Why to stop; once there is a reason, it stays. */
    private @Nullable String stopReason() {
        if (stop == null) {
            Instant end = options.windowEnd();
            if (listener.stopRequested()) {
                stop = "the run was stopped";
            } else if (end != null && !clock.now().isBefore(end)) {
                stop = "the maintenance window ended at " + end;
            }
        }
        return stop;
    }

    @Override
    public void close() {
        watch.close();
    }

    private Attempt attempt(VacuumNeed need) {
        return new Attempt(need);
    }

    /** One table's turn, as it goes. */
    private final class Attempt {
        private final VacuumNeed need;
        private final Instant started = clock.now();
        private final List<String> warnings = new ArrayList<>();
        private @Nullable TableFigures before;
        private boolean locked;

        Attempt(VacuumNeed need) {
            this.need = need;
        }

        String sql() {
            String table = need.table().qualified();
            if (need.vacuum()) {
                return "vacuum (" + (need.analyze() ? "analyze, " : "") + "truncate false, skip_locked) " + table;
            }
            // Before 18 the analyze of a parent takes its partitions along
            boolean only = need.table().partitioned() && session.serverMajor() >= 18;
            return "analyze (skip_locked) " + (only ? "only " : "") + table;
        }

        String action() {
            return need.vacuum() ? need.analyze() ? "VACUUM, ANALYZE" : "VACUUM" : "ANALYZE";
        }

        void warning(SQLWarning warning) {
            locked |= LOCKED.equals(warning.getSQLState());
            warnings.add(SqlFailure.words(warning));
        }

        boolean counted(TableFigures after) {
            TableFigures then = before;
            return then != null
                    && (!need.vacuum() || after.vacuumCount() > then.vacuumCount())
                    && (!need.analyze() || after.analyzeCount() > then.analyzeCount());
        }

        TableResult done(TableFigures after) {
            return result(Outcome.DONE, null, null, after);
        }

        TableResult skipped(String reason) {
            return result(Outcome.SKIPPED, reason, null, null);
        }

        TableResult stopped(String reason, @Nullable TableFigures seen) {
            return result(
                    Outcome.STOPPED, (seen == null ? "not begun: " : "cancelled under way: ") + reason, null, null);
        }

        TableResult result(
                Outcome outcome, @Nullable String reason, @Nullable String remedy, @Nullable TableFigures after) {
            return new TableResult(
                    need.table().qualified(),
                    outcome,
                    action(),
                    need.reasons(),
                    reason,
                    remedy,
                    before,
                    after,
                    Duration.between(started, clock.now()),
                    locked && outcome == Outcome.SKIPPED,
                    warnings);
        }
    }

    private static String words(TableResult result) {
        String what = result.action() + " of " + result.table();
        TableFigures before = result.before();
        TableFigures after = result.after();
        if (before == null || after == null) {
            return what + " " + result.outcome().name().toLowerCase(Locale.ROOT) + ": " + result.reason()
                    + (result.remedy() == null ? "" : " " + result.remedy());
        }
        return String.format(
                Locale.ROOT,
                "%s done in %s: %s; dead rows %,d → %,d%s",
                what,
                words(result.duration()),
                String.join(", ", result.why()),
                before.deadRows(),
                after.deadRows(),
                after.size() == null ? "" : ", size " + after.size());
    }

    private static String words(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }
}
