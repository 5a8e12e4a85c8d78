package dev.nightshift.job;

import dev.nightshift.fleet.window.MaintenanceWindows;
import dev.nightshift.fleet.window.Windows;
import dev.nightshift.fleet.window.WindowsChanged;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Keeps the work of jobs that say so within the maintenance windows of what they work on, and what schedules have fired out of
 * blackouts.
 */
@ApplicationScoped
class WindowGate {
    /** Tags of databases may change as well, and with them what a window covers. */
    static final Duration LOOK_AGAIN = Duration.ofMinutes(15);

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("EEE HH:mm", Locale.ENGLISH);

    @Inject
    private Transactions transactions;

    @Inject
    private MaintenanceWindows windows;

    @Inject
    private Jobs jobs;

    @Inject
    private TargetLedger ledger;

    @Inject
    private StartHolds holds;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** The parameter of jobs that keep to windows, for a person who knows better tonight. */
    static final String OUTSIDE = "outsideWindows";

    /** True if none of the run's targets may be worked on now; the run then says until when. */
    boolean holds(ProjectId project, UUID run) {
        return transactions.in(project, connection -> {
            Optional<Waiting> waiting = waiting(connection, run);
            if (waiting.isEmpty()) {
                return false;
            }
            if (waiting.get().byItself()) {
                Optional<StartHolds.Hold> hold =
                        holds.on(connection, waiting.get().job(), clock.now());
                if (hold.isPresent()) {
                    hold(connection, run, hold.get());
                    live.changed(project, "run", run);
                    return true;
                }
            }
            if (!keepsToWindows(waiting.get().job(), waiting.get().parameters())) {
                return false;
            }
            List<Windows.State.Closed> closed = new ArrayList<>();
            for (Windows.State state : windows.of(project, waiting.get().targets())) {
                if (!(state instanceof Windows.State.Closed each)) {
                    return false;
                }
                closed.add(each);
            }
            Optional<Windows.State.Closed> first =
                    closed.stream().min(Comparator.comparing(Windows.State.Closed::opens));
            if (first.isEmpty()) {
                return false;
            }
            hold(connection, run, new StartHolds.Hold(first.get().opens(), reason(first.get())));
            live.changed(project, "run", run);
            return true;
        });
    }

    private boolean keepsToWindows(String job, Parameters parameters) {
        return jobs.find(job).filter(Job::keepsToWindows).isPresent() && !parameters.flag(OUTSIDE);
    }

    /** @param byItself a schedule fired it, and it is neither restarted by a person nor goes on after its node was lost */
    private record Waiting(String job, Parameters parameters, boolean byItself, List<List<String>> targets) {}

    private static Optional<Waiting> waiting(Connection connection, UUID run) throws SQLException {
        try (var query = connection.prepareStatement("""
                select r.job, r.parameters, t.database_names,
                       r.trigger = 'SCHEDULE' and r.attempt_cause in ('FIRST', 'WINDOW')
                  from job.run r join job.target t on t.project_id = r.project_id and t.run_id = r.id
                 where r.id = ? and r.status in ('QUEUED', 'WAITING') and t.status <> 'COMPLETED'
                """)) {
            query.setObject(1, run);
            List<List<String>> targets = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                String job = "";
                Parameters parameters = Parameters.stored(JsonText.object("{}"));
                boolean byItself = false;
                while (rows.next()) {
                    job = rows.getString(1);
                    parameters = Parameters.stored(JsonText.object(rows.getString(2)));
                    byItself = rows.getBoolean(4);
                    targets.add(List.of((String[]) rows.getArray(3).getArray()));
                }
                return targets.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Waiting(job, parameters, byItself, targets));
            }
        }
    }

    private static void hold(Connection connection, UUID run, StartHolds.Hold hold) throws SQLException {
        try (var update = connection.prepareStatement("""
                update job.run set status = 'WAITING', reason = ?, not_before = least(?, now() + make_interval(secs => ?))
                 where id = ? and status in ('QUEUED', 'WAITING')
                """)) {
            update.setString(1, hold.reason());
            update.setTimestamp(2, Timestamp.from(hold.until()));
            update.setLong(3, LOOK_AGAIN.toSeconds());
            update.setObject(4, run);
            update.executeUpdate();
        }
    }

    private static HeldBack heldBack(Windows.State.Closed closed) {
        return new HeldBack(HeldBack.For.WINDOW, closed.opens(), reason(closed));
    }

    private static String reason(Windows.State.Closed closed) {
        return "Waits for the maintenance window " + closed.window().name() + ", which opens "
                + TIME.format(closed.opens().atZone(closed.window().zone())) + " ("
                + closed.window().zone().getId() + ").";
    }

    /**
     * Those of an attempt's targets that may be worked on now; the others are held until their windows open, and so is the run
     * once these are done.
     */
    List<UUID> open(Attempt attempt, List<TargetLedger.Waiting> targets) {
        if (!keepsToWindows(attempt.job(), attempt.parameters())) {
            return targets.stream().map(TargetLedger.Waiting::id).toList();
        }
        List<Windows.State> states = windows.of(
                attempt.project(),
                targets.stream().map(TargetLedger.Waiting::databases).toList());
        List<UUID> open = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            UUID target = targets.get(i).id();
            if (states.get(i) instanceof Windows.State.Closed closed) {
                ledger.hold(attempt, target, heldBack(closed));
            } else {
                open.add(target);
            }
        }
        return open;
    }

    /**
     * Tells a target when its window closes, just before it is worked on.
     *
     * @throws HeldBack if it has closed meanwhile: while others were worked on, or a lock was waited for
     */
    void enter(Job job, TargetRun target) {
        if (!keepsToWindows(job.definition().name(), target.parameters())) {
            return;
        }
        Windows.State state = Patience.whenRepositoryAnswers(() -> {
            target.throwIfStopped();
            return windows.of(target.project(), List.of(target.databaseNames())).get(0);
        });
        if (state instanceof Windows.State.Closed closed) {
            throw heldBack(closed);
        }
        if (state instanceof Windows.State.Open open) {
            target.windowCloses(open.closes().orElse(null));
        }
    }

    /** What waits for a window is looked at again. */
    void onChange(@Observes WindowsChanged changed) {
        lookAgain(changed.project());
    }

    /** What waits in a project is looked at again: its windows or its blackouts are others. */
    void lookAgain(ProjectId project) {
        transactions.run(project, connection -> {
            try (var update = connection.prepareStatement(
                    "update job.run set not_before = now() where status = 'WAITING' and not_before > now()")) {
                update.executeUpdate();
            }
        });
    }
}
