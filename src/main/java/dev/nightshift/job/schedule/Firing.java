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
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
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

    /** So many that others had fired meanwhile, and it is quicker to ask anew what is due than to find the rest one by one. */
    private static final int STALE = 3;

    /** So many that could not be fired in one look are no schedule's own trouble. */
    private static final int MOST_AWAY = 3;

    @Inject
    private Transactions transactions;

    @Inject
    private ScheduleRepository repository;

    @Inject
    private Runs runs;

    @Inject
    private Findings findings;

    @Inject
    private PolicyAim aim;

    @Inject
    private Live live;

    /**
     * Fires what is due now; true if it took some and there may be more.
     *
     * @throws Failure.Retryable if the repository is away
     */
    boolean fireDue() {
        List<ScheduleRepository.Due> due =
                transactions.installation(connection -> ScheduleRepository.due(connection, AT_ONCE));
        // Nodes that look at the same moment begin at different ends
        Collections.shuffle(due);
        int taken = 0;
        int stale = 0;
        int away = 0;
        for (ScheduleRepository.Due each : due) {
            try {
                if (transactions.in(each.project(), connection -> fire(connection, each))) {
                    taken++;
                } else if (++stale == STALE) {
                    return taken > 0;
                }
            } catch (Failure.Retryable e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "Schedule {0} could not fire yet: {1}",
                        each.schedule(),
                        e.getMessage());
                if (++away == MOST_AWAY) {
                    throw e; // not this schedule's alone
                }
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
        ProjectId project = due.project();
        Instant now = ScheduleRepository.now(connection);
        if (!schedule.enabled() || schedule.deletedAt() != null) {
            ScheduleRepository.takeEnded(connection, schedule);
            return true;
        }
        Instant next = schedule.nextFire();
        Optional<Cron> times = schedule.times();
        boolean isDue = next != null && !next.isAfter(now) && times.isPresent();
        if (!isDue && schedule.after() == null) {
            // Another node was faster; nothing more is read for it
            ScheduleRepository.takeEnded(connection, schedule);
            return false;
        }
        Fires.Calendar calendar = CalendarRepository.of(connection, schedule);
        if (isDue && next != null && times.isPresent()) {
            Set<Instant> fired = ScheduleRepository.fired(connection, schedule.id(), next);
            schedule.advance(now);
            repository.flush();
            for (Fires.Fire fire : Fires.due(times.get(), next, now, schedule.misfire(), calendar)) {
                if (!fired.contains(fire.at())) {
                    take(project, schedule, fire);
                }
            }
        }
        if (schedule.after() != null) {
            follow(connection, project, schedule, calendar, now);
        }
        return true;
    }

    private void take(ProjectId project, Schedule schedule, Fires.Fire fire) {
        switch (fire.outcome()) {
            case START -> start(project, schedule, fire.at(), fire.reason(), List.of(schedule.databases()));
            case MISSED -> runs.missed(project, empty(schedule, fire.at()), String.valueOf(fire.reason()));
            case SKIPPED -> runs.skipped(project, empty(schedule, fire.at()), String.valueOf(fire.reason()));
        }
    }

    /**
     * One run for all ends that have come: the databases that they have done, as far as the schedule names them. While its
     * last run is not over the ends stay for later, unless it is to queue or to start beside it: none of them may be lost.
     */
    private void follow(
            Connection connection, ProjectId project, Schedule schedule, Fires.Calendar calendar, Instant now)
            throws SQLException {
        if (schedule.overlap() == Overlap.SKIP
                && !runs.open(project, schedule.id()).isEmpty()) {
            return;
        }
        List<ScheduleRepository.Ended> ended = ScheduleRepository.takeEnded(connection, schedule);
        if (ended.isEmpty() || calendar.pausedAt(now)) {
            return;
        }
        List<String> databases = List.of(schedule.databases());
        if (!databases.isEmpty()
                && ended.stream().noneMatch(each -> each.databases().isEmpty())) {
            Set<String> mine = new HashSet<>(runs.present(project, databases));
            databases = ended.stream()
                    .flatMap(each -> each.databases().stream())
                    .distinct()
                    .filter(mine::contains)
                    .toList();
            if (databases.isEmpty()) {
                return; // None of it was this schedule's business
            }
        }
        Optional<String> held = calendar.heldBack(now);
        if (held.isPresent()) {
            runs.skipped(project, empty(schedule, now), held.get());
            return;
        }
        String why =
                ended.stream().map(each -> each.run().toString()).distinct().collect(Collectors.joining(", "));
        start(
                project,
                schedule,
                now,
                "Starts because of the end of " + schedule.after() + " in run " + why + ".",
                databases);
    }

    /**
     * Starts a run, or says in its place why not.
     *
     * @param note for the run's log; null for none
     */
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
        String policy = schedule.policy();
        List<String> aimed = policy == null ? named : aim.of(project, policy, named);
        if (aimed.isEmpty()) {
            runs.skipped(
                    project,
                    empty(schedule, at),
                    "Other policies answer for every server that the policy " + policy + " means.");
            closeFinding(project, schedule);
            return;
        }
        try {
            List<String> gone = new ArrayList<>();
            UUID run = request(project, schedule, at, aimed, gone, open.isEmpty());
            if (note != null) {
                runs.note(project, run, note);
            }
            if (gone.isEmpty()) {
                closeFinding(project, schedule);
            } else {
                runs.note(
                        project,
                        run,
                        "Left out, because the project no longer has them: " + String.join(", ", gone) + ".");
            }
            LOG.log(System.Logger.Level.INFO, "Schedule {0} fired run {1}", schedule.name(), run);
        } catch (Failure.Invalid e) {
            // Found out before anything was written
            String why = e.field() + ": " + e.getMessage();
            UUID run = runs.missed(project, empty(schedule, at), why);
            report(project, schedule, run, run, " did not fire", " that was due did not start: " + why);
        }
    }

    /** It is reported and closed by who has locked the schedule alone, so what is not open now is nowhere being opened. */
    private void closeFinding(ProjectId project, Schedule schedule) {
        if (findings.isOpen(project, fingerprint(schedule))) {
            findings.close(project, fingerprint(schedule));
        }
    }

    /**
     * Queues the run.
     *
     * @param gone is given the names that stand for nothing any more: a database that was deleted must not keep the others
     *     from their backup
     */
    private UUID request(
            ProjectId project, Schedule schedule, Instant at, List<String> named, List<String> gone, boolean first) {
        RunRequest request = request(schedule, named, schedule.parametersAsJson(), at);
        try {
            return request(project, request, first);
        } catch (Failure.Invalid e) {
            // Found out before anything was written
            if (!String.valueOf(e.field()).startsWith("databases[")) {
                throw e;
            }
            List<String> present = present(project, named, gone);
            return request(project, request(schedule, present, schedule.parametersAsJson(), at), first);
        }
    }

    private UUID request(ProjectId project, RunRequest request, boolean first) {
        return first
                ? runs.request(project, request)
                : runs.requestBehind(project, request, "Waits for the earlier runs of its schedule.");
    }

    private List<String> present(ProjectId project, List<String> named, List<String> gone) {
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
            ScheduleRepository.takeEnded(connection, schedule);
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
                    !ScheduleRepository.takeEnded(connection, schedule).isEmpty();
            Instant next = schedule.nextFire();
            boolean isDue = next != null && !next.isAfter(now);
            if (!followed && !isDue) {
                return; // another node has done it meanwhile
            }
            Instant at = next == null || !isDue ? now : next;
            Set<Instant> fired = ScheduleRepository.fired(connection, schedule.id(), at);
            if (isDue) {
                schedule.advance(now);
                repository.flush();
            }
            if (!fired.contains(at)) {
                UUID run = runs.missed(due.project(), empty(schedule, at), why);
                report(due.project(), schedule, run, run, " did not fire", " that was due did not start: " + why);
            }
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
                        schedule.policy() == null
                                ? "Change or delete the schedule."
                                : "Change the policy " + schedule.policy() + ", which it belongs to.",
                        JsonValue.EMPTY_JSON_OBJECT,
                        run));
    }

    static String fingerprint(Schedule schedule) {
        return "schedule.missed:" + schedule.id();
    }
}
