package dev.nightshift.job.schedule;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Plans and fires schedules. */
@ApplicationScoped
public class Schedules {
    private static final System.Logger LOG = System.getLogger(Schedules.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private ScheduleRepository repository;

    @Inject
    private Runs runs;

    @Inject
    private Fleet fleet;

    @Inject
    private Findings findings;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** What a person plans. */
    public record Plan(
            String job, String cron, String zone, List<String> databases, JsonObject parameters, boolean enabled) {}

    /** A schedule with its newest run, if it ever fired. */
    public record Planned(Schedule schedule, Optional<ScheduleRepository.LastRun> lastRun) {}

    public List<Planned> all(ProjectId project) {
        return transactions.in(project, connection -> {
            var planned = new ArrayList<Planned>();
            for (Schedule schedule : repository.all(project)) {
                planned.add(new Planned(schedule, ScheduleRepository.lastRun(connection, schedule.id())));
            }
            return planned;
        });
    }

    /**
     * The schedule of that name.
     *
     * @throws Failure.NotFound if the project has none
     */
    public Planned named(ProjectId project, String name) {
        return transactions.in(project, connection -> {
            Schedule schedule = existing(project, name);
            return new Planned(schedule, ScheduleRepository.lastRun(connection, schedule.id()));
        });
    }

    private Schedule existing(ProjectId project, String name) {
        return repository
                .named(project, name)
                .orElseThrow(() -> new Failure.NotFound("This project has no schedule of this name."));
    }

    /**
     * Plans a new schedule.
     *
     * @throws Failure.Conflict if the name is taken
     */
    public void add(ProjectId project, Name name, Plan plan) {
        transactions.run(project, connection -> {
            if (repository.named(project, name.value()).isPresent()) {
                throw ScheduleRepository.nameTaken(name.value());
            }
            Instant now = ScheduleRepository.now(connection);
            var schedule = new Schedule(Ids.next(clock), project.value(), name.value(), now);
            apply(schedule, plan, now);
            repository.add(schedule);
            live.changed(project, "schedule", schedule.id());
        });
    }

    public void change(ProjectId project, String name, Plan plan) {
        transactions.run(project, connection -> {
            Schedule schedule = existing(project, name);
            apply(schedule, plan, ScheduleRepository.now(connection));
            repository.flush();
            findings.close(project, fingerprint(schedule));
            live.changed(project, "schedule", schedule.id());
        });
    }

    public void delete(ProjectId project, String name) {
        transactions.run(project, connection -> {
            Schedule schedule = existing(project, name);
            schedule.delete(ScheduleRepository.now(connection));
            repository.flush();
            findings.close(project, fingerprint(schedule));
            live.changed(project, "schedule", schedule.id());
        });
    }

    private void apply(Schedule schedule, Plan plan, Instant now) {
        // What it names already may be gone by now: that is no reason against another time or a pause.
        var parameters = runs.check(
                new ProjectId(schedule.projectId()),
                plan.job(),
                plan.databases(),
                plan.parameters(),
                new HashSet<>(Arrays.asList(schedule.databases())));
        schedule.plan(
                plan.job(),
                Cron.of(plan.cron(), plan.zone(), now),
                plan.databases().toArray(String[]::new),
                parameters.asJson().toString(),
                plan.enabled(),
                now);
    }

    /**
     * Fires what is due, each exactly once over all nodes: the row is locked, the run is unique by schedule and fire time,
     * and both change in one transaction. A schedule that missed several times fires once; one whose last run is not over
     * leaves a run SKIPPED.
     */
    void fireDue() {
        List<ScheduleRepository.Due> due =
                transactions.installation(connection -> ScheduleRepository.due(connection, 50));
        for (ScheduleRepository.Due each : due) {
            try {
                transactions.run(each.project(), connection -> fire(each, ScheduleRepository.now(connection)));
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
    }

    private void fire(ScheduleRepository.Due due, Instant now) {
        Schedule schedule = repository.lock(due.schedule()).orElse(null);
        Instant fireAt = schedule == null ? null : schedule.nextFire();
        if (schedule == null || fireAt == null || fireAt.isAfter(now)) {
            return;
        }
        schedule.advance(now);
        repository.flush();
        UUID open = runs.open(due.project(), schedule.id()).orElse(null);
        if (open != null) {
            // One more would only wait for the lock that this one holds, and take a place on the node meanwhile.
            runs.skipped(
                    due.project(),
                    request(schedule, List.of(), JsonValue.EMPTY_JSON_OBJECT, fireAt),
                    "The schedule's run " + open + " was not over yet.");
            return;
        }
        List<String> gone = new ArrayList<>();
        List<String> databases = present(due.project(), schedule, gone);
        UUID run = runs.request(due.project(), request(schedule, databases, parameters(schedule), fireAt));
        if (gone.isEmpty()) {
            findings.close(due.project(), fingerprint(schedule));
        } else {
            runs.note(
                    due.project(),
                    run,
                    "Left out, because the project no longer has them: " + String.join(", ", gone) + ".");
        }
        LOG.log(System.Logger.Level.INFO, "Schedule {0} fired run {1}", schedule.name(), run);
    }

    /** A database that was deleted must not keep the others from their backup. */
    private List<String> present(ProjectId project, Schedule schedule, List<String> gone) {
        List<String> named = List.of(schedule.databases());
        if (named.isEmpty() || named.equals(List.of("*"))) {
            return named; // none are named for a job of the whole project
        }
        List<String> present = new ArrayList<>();
        for (String name : named) {
            (fleet.databaseNamed(project, new Name(name)).isPresent() ? present : gone).add(name);
        }
        if (present.isEmpty()) {
            throw new Failure.Invalid("databases", "The project no longer has any of the databases that it names.");
        }
        return present;
    }

    private static RunRequest request(
            Schedule schedule, List<String> databases, JsonObject parameters, Instant fireAt) {
        return new RunRequest(
                schedule.job(),
                databases,
                parameters,
                RunRequest.Trigger.SCHEDULE,
                schedule.name(),
                schedule.id(),
                fireAt);
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
            UUID lastRun = ScheduleRepository.lastRun(connection, schedule.id())
                    .map(ScheduleRepository.LastRun::id)
                    .orElse(schedule.id());
            schedule.disable();
            repository.flush();
            live.changed(due.project(), "schedule", schedule.id());
            findings.report(
                    due.project(),
                    new FindingReport(
                            fingerprint(schedule),
                            new Subject(Subject.Kind.RUN, lastRun, schedule.name()),
                            Severity.CRITICAL,
                            "Schedule " + schedule.name() + " was disabled",
                            "The " + schedule.job()
                                    + " that was due did not start, and its next time could not be set: " + why,
                            "Change or delete the schedule.",
                            JsonValue.EMPTY_JSON_OBJECT,
                            null));
        });
    }

    private void recordMissed(ScheduleRepository.Due due, String why) {
        transactions.run(due.project(), connection -> {
            Instant now = ScheduleRepository.now(connection);
            Schedule schedule = repository.lock(due.schedule()).orElse(null);
            Instant fireAt = schedule == null ? null : schedule.nextFire();
            if (schedule == null || fireAt == null) {
                return;
            }
            schedule.advance(now);
            repository.flush();
            UUID run =
                    runs.missed(due.project(), request(schedule, List.of(), JsonValue.EMPTY_JSON_OBJECT, fireAt), why);
            findings.report(
                    due.project(),
                    new FindingReport(
                            fingerprint(schedule),
                            new Subject(Subject.Kind.RUN, run, schedule.name()),
                            Severity.CRITICAL,
                            "Schedule " + schedule.name() + " did not fire",
                            "The " + schedule.job() + " that was due did not start: " + why,
                            "Change or delete the schedule.",
                            JsonValue.EMPTY_JSON_OBJECT,
                            run));
        });
    }

    private static String fingerprint(Schedule schedule) {
        return "schedule.missed:" + schedule.id();
    }
}
