package dev.nightshift.job.schedule;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Fires what is due, each exactly once over all nodes: the schedule's row is locked, its runs are unique by schedule and
 * time, and both change in one transaction.
 */
@ApplicationScoped
class Firing {
    private static final System.Logger LOG = System.getLogger(Firing.class.getName());

    /** Looked at with one query. */
    static final int AT_ONCE = 200;

    /** Runs of a schedule that wait for each other; one more would only make the queue longer. */
    static final int LONGEST_QUEUE = 10;

    @Inject
    private Transactions transactions;

    @Inject
    private ScheduleRepository repository;

    @Inject
    private Runs runs;

    @Inject
    private Findings findings;

    @Inject
    private Live live;

    /** Fires what is due now; true if it took some of so many that there may be more. */
    boolean fireDue() {
        List<ScheduleRepository.Due> due =
                transactions.installation(connection -> ScheduleRepository.due(connection, AT_ONCE));
        // Nodes that look at the same moment begin at different ends
        Collections.shuffle(due);
        int taken = 0;
        for (ScheduleRepository.Due each : due) {
            try {
                taken += transactions.in(each.project(), connection -> fire(connection, each)) ? 1 : 0;
            } catch (Failure.Invalid e) {
                missed(each, e.field() + ": " + e.getMessage());
            } catch (Failure.Retryable e) {
                throw e;
            } catch (RuntimeException e) {
                // One schedule that cannot be fired must not hold up those behind it.
                LOG.log(System.Logger.Level.ERROR, "Schedule " + each.schedule() + " did not fire", e);
                missed(each, "an error that Nightshift did not expect; the server's log has the details.");
            }
        }
        return due.size() == AT_ONCE && taken > 0;
    }

    /** False if another node has it. */
    private boolean fire(Connection connection, ScheduleRepository.Due due) throws SQLException {
        Schedule schedule = repository.lock(due.schedule()).orElse(null);
        if (schedule == null) {
            return false;
        }
        Instant now = ScheduleRepository.now(connection);
        List<ScheduleRepository.Ended> ended = ScheduleRepository.takeEnded(connection, schedule.id());
        Instant next = schedule.nextFire();
        Optional<Cron> times = schedule.times();
        if (!schedule.enabled() || schedule.deletedAt() != null) {
            return true;
        }
        Fires.Calendar calendar = CalendarRepository.of(connection, schedule);
        if (next != null && !next.isAfter(now) && times.isPresent() && !calendar.pausedAt(now)) {
            schedule.advance(now);
            repository.flush();
            for (Fires.Fire fire : Fires.due(times.get(), next, now, schedule.misfire(), calendar)) {
                switch (fire.outcome()) {
                    case START ->
                        start(due.project(), schedule, fire.at(), fire.reason(), List.of(schedule.databases()));
                    case MISSED ->
                        runs.missed(due.project(), empty(schedule, fire.at()), String.valueOf(fire.reason()));
                    case SKIPPED ->
                        runs.skipped(due.project(), empty(schedule, fire.at()), String.valueOf(fire.reason()));
                }
            }
        }
        for (int i = 0; i < ended.size(); i++) {
            follow(due.project(), schedule, calendar, ended.get(i), now.plus(i, ChronoUnit.MICROS));
        }
        return true;
    }

    /** The databases that the run before has done, as far as the schedule names them. */
    private void follow(
            ProjectId project, Schedule schedule, Fires.Calendar calendar, ScheduleRepository.Ended ended, Instant at) {
        List<String> databases = List.of(schedule.databases());
        if (!ended.databases().isEmpty() && !databases.isEmpty()) {
            Set<String> mine = new HashSet<>(runs.present(project, databases));
            databases = ended.databases().stream().filter(mine::contains).toList();
            if (databases.isEmpty()) {
                return; // That run was none of this schedule's business
            }
        }
        Optional<String> held = calendar.heldBack(at);
        if (held.isPresent()) {
            runs.skipped(project, empty(schedule, at), held.get());
            return;
        }
        start(
                project,
                schedule,
                at,
                "Starts because run " + ended.run() + " of " + schedule.after() + " has ended.",
                databases);
    }

    /** @param note for the run's log; null for none */
    private void start(ProjectId project, Schedule schedule, Instant at, @Nullable String note, List<String> named) {
        List<UUID> open = schedule.overlap() == Overlap.ALLOW ? List.of() : runs.open(project, schedule.id());
        if (!open.isEmpty() && schedule.overlap() == Overlap.SKIP) {
            // One more would only wait for the lock that this one holds, and take a place on the node meanwhile.
            runs.skipped(project, empty(schedule, at), "The schedule's run " + open.get(0) + " was not over yet.");
            return;
        }
        if (open.size() > LONGEST_QUEUE) {
            runs.skipped(
                    project,
                    empty(schedule, at),
                    LONGEST_QUEUE + " runs of the schedule wait already behind run " + open.get(0) + ".");
            return;
        }
        List<String> gone = new ArrayList<>();
        List<String> databases = present(project, named, gone);
        RunRequest request = request(schedule, databases, parameters(schedule), at);
        UUID run = open.isEmpty()
                ? runs.request(project, request)
                : runs.requestBehind(project, request, "Waits for the earlier runs of its schedule.");
        if (note != null) {
            runs.note(project, run, note);
        }
        if (gone.isEmpty()) {
            findings.close(project, fingerprint(schedule));
        } else {
            runs.note(
                    project, run, "Left out, because the project no longer has them: " + String.join(", ", gone) + ".");
        }
        LOG.log(System.Logger.Level.INFO, "Schedule {0} fired run {1}", schedule.name(), run);
    }

    /** A database that was deleted must not keep the others from their backup. */
    private List<String> present(ProjectId project, List<String> named, List<String> gone) {
        if (named.isEmpty() || named.equals(List.of("*"))) {
            return named; // none are named for a job of the whole project
        }
        List<String> present = new ArrayList<>();
        for (String name : named) {
            (runs.present(project, List.of(name)).isEmpty() ? gone : present).add(name);
        }
        if (present.isEmpty()) {
            throw new Failure.Invalid("databases", "The project no longer has any of the databases that it names.");
        }
        return present;
    }

    private static RunRequest empty(Schedule schedule, Instant at) {
        return request(schedule, List.of(), JsonValue.EMPTY_JSON_OBJECT, at);
    }

    private static RunRequest request(Schedule schedule, List<String> databases, JsonObject parameters, Instant at) {
        return new RunRequest(
                schedule.job(), databases, parameters, RunRequest.Trigger.SCHEDULE, schedule.name(), schedule.id(), at);
    }

    private static JsonObject parameters(Schedule schedule) {
        try (var reader = Json.createReader(new StringReader(schedule.parameters()))) {
            return reader.readObject();
        }
    }

    /** It could not fire: that is a run of its own with the reason, a finding, and no reason to try again every second. */
    private void missed(ScheduleRepository.Due due, String why) {
        try {
            recordMissed(due, why);
        } catch (Failure.Retryable e) {
            throw e;
        } catch (RuntimeException e) {
            // Left as it is, it would stay the first that is due, and those behind it would wait for ever.
            LOG.log(System.Logger.Level.ERROR, "Schedule " + due.schedule() + " cannot go on", e);
            disable(due, why);
        }
    }

    private void disable(ScheduleRepository.Due due, String why) {
        transactions.run(due.project(), connection -> {
            Schedule schedule = repository.lock(due.schedule()).orElse(null);
            if (schedule == null) {
                return;
            }
            ScheduleRepository.takeEnded(connection, schedule.id());
            UUID lastRun = ScheduleRepository.lastRun(connection, schedule.id())
                    .map(ScheduleRepository.LastRun::id)
                    .orElse(schedule.id());
            schedule.disable();
            repository.flush();
            live.changed(due.project(), "schedule", schedule.id());
            report(
                    due.project(),
                    schedule,
                    lastRun,
                    null,
                    " was disabled",
                    " that was due did not start, and its next time could not be set: " + why);
        });
    }

    private void recordMissed(ScheduleRepository.Due due, String why) {
        transactions.run(due.project(), connection -> {
            Schedule schedule = repository.lock(due.schedule()).orElse(null);
            if (schedule == null) {
                return;
            }
            Instant now = ScheduleRepository.now(connection);
            boolean followed =
                    !ScheduleRepository.takeEnded(connection, schedule.id()).isEmpty();
            Instant next = schedule.nextFire();
            if (next == null && !followed) {
                return;
            }
            schedule.advance(now);
            repository.flush();
            UUID run = runs.missed(due.project(), empty(schedule, next == null ? now : next), why);
            report(due.project(), schedule, run, run, " did not fire", " that was due did not start: " + why);
        });
    }

    private void report(
            ProjectId project, Schedule schedule, UUID subject, @Nullable UUID run, String title, String what) {
        findings.report(
                project,
                new FindingReport(
                        fingerprint(schedule),
                        new Subject(Subject.Kind.RUN, subject, schedule.name()),
                        Severity.CRITICAL,
                        "Schedule " + schedule.name() + title,
                        "The " + schedule.job() + what,
                        "Change or delete the schedule.",
                        JsonValue.EMPTY_JSON_OBJECT,
                        run));
    }

    static String fingerprint(Schedule schedule) {
        return "schedule.missed:" + schedule.id();
    }
}
