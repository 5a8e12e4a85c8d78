package dev.nightshift.maintenance;

import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.StopRequested;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.postgres.TargetPools;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Vacuums and analyzes one database's tables and keeps what became of each. */
@Named("vacuumDatabase")
@Dependent
public class VacuumTables extends TargetBatchlet {
    @Inject
    private Fleet fleet;

    @Inject
    private TargetPools pools;

    @Inject
    private VacuumedTables tables;

    @Inject
    private Clock clock;

    @Override
    protected void work(TargetRun target) {
        target.begin(VacuumJob.VACUUM);
        Database database = fleet.database(target.project(), Objects.requireNonNull(target.databaseId()));
        var settings = database.vacuum();
        var parameters = target.parameters();
        Instant most = clock.now().plus(Duration.ofMinutes(parameters.longOr("maxMinutes", 240)));
        var options = new VacuumOptions(
                target.windowCloses().filter(most::isAfter).orElse(most),
                Duration.ofHours(6),
                Duration.ofMillis(parameters.longOr("costDelayMilliseconds", 0)));
        VacuumResult result = new VacuumDatabase(pools, clock)
                .run(
                        fleet.endpoint(database),
                        VacuumPolicy.of(settings.deadPercent(), settings.changedPercent(), settings.floorRows()),
                        options,
                        new Listener(target, database));
        if (target.stopRequested()) {
            throw new StopRequested();
        }
        conclude(target, result);
    }

    private static void conclude(TargetRun target, VacuumResult result) {
        int done = result.count(TableResult.Outcome.DONE);
        List<TableResult> failed = result.failed();
        int left = result.tables().size() - done - failed.size();
        target.figure("tablesDone", done);
        target.figure("tablesNotDone", failed.size());
        target.figure("tablesLeft", left);
        target.figure("deadRowsRemoved", result.deadRowsRemoved());
        if (!failed.isEmpty()) {
            throw notDone(failed, result.tables().size());
        }
        List<TableResult> locked = result.locked();
        if (!locked.isEmpty()) {
            throw leftLocked(locked, result.tables().size());
        }
        String figure = result.tables().isEmpty()
                ? "nothing due in " + result.seen() + " tables"
                : done + " of " + result.tables().size() + " tables";
        String why = result.stopped() == null ? "others were at them" : result.stopped();
        target.done(VacuumJob.VACUUM, left == 0 ? figure : figure + "; " + left + " left for the next time: " + why);
    }

    /** A table that was not done must not hide behind one that was. */
    private static Failure notDone(List<TableResult> failed, int due) {
        return new Failure.Fatal(
                failed.size() + " of " + due + " due tables were not done: " + named(failed),
                failed.stream()
                        .map(TableResult::remedy)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null),
                null);
    }

    /** Nothing is broken, but nobody did the work: the next night must not take it for done. */
    private static Failure leftLocked(List<TableResult> locked, int due) {
        return new Failure.Skippable(
                locked.size() + " of " + due + " due tables were kept locked by others: " + named(locked),
                "Run the job again when the lock is gone, or end the session that holds it.",
                null);
    }

    private static String named(List<TableResult> tables) {
        return tables.stream()
                        .limit(3)
                        .map(table -> table.table() + " (" + table.reason() + ")")
                        .collect(Collectors.joining("; "))
                + (tables.size() > 3 ? "; and more, see the log." : ".");
    }

    /** Stores each table as it is through, so that a crash loses nothing that was done. */
    private final class Listener implements VacuumListener {
        private final TargetRun target;
        private final Database database;

        Listener(TargetRun target, Database database) {
            this.target = target;
            this.database = database;
        }

        @Override
        public boolean stopRequested() {
            return target.stopRequested();
        }

        @Override
        public void connected(AutoCloseable abort) {
            target.onGiveUp(abort);
        }

        @Override
        public void waitsFor(@Nullable String what) {
            if (what == null) {
                target.waitsNoMore();
            } else {
                target.waitsFor(what);
            }
        }

        @Override
        public void progress(int done, int total, @Nullable String table) {
            target.progress(done, (long) total, "tables", table);
        }

        @Override
        public void log(System.Logger.Level level, String line) {
            if (level.getSeverity() >= System.Logger.Level.WARNING.getSeverity()) {
                target.warn(line);
            } else {
                target.info(line);
            }
        }

        @Override
        public void finished(TableResult result) {
            UUID id = Ids.next(clock);
            target.store(connection -> tables.insert(connection, id, target, database.id(), result));
        }
    }
}
