package dev.nightshift.job.schedule;

import dev.nightshift.finding.Findings;
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
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Plans schedules, and pauses them. */
@ApplicationScoped
public class Schedules {
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

    @Inject
    private Clock clock;

    /**
     * A schedule with its newest run, if it ever fired.
     *
     * @param nextFires the next few, without what is held back
     */
    public record Planned(Schedule schedule, Optional<ScheduleRepository.LastRun> lastRun, List<Instant> nextFires) {}

    public List<Planned> all(ProjectId project) {
        return planned(project, schedule -> true);
    }

    List<Planned> planned(ProjectId project, Predicate<Schedule> which) {
        return transactions.in(project, connection -> {
            List<Pause> pauses = CalendarRepository.pauses(connection);
            List<Blackout> blackouts = CalendarRepository.blackouts(connection);
            var planned = new ArrayList<Planned>();
            for (Schedule schedule :
                    repository.all(project).stream().filter(which).toList()) {
                planned.add(planned(connection, schedule, CalendarRepository.of(schedule, pauses, blackouts)));
            }
            return planned;
        });
    }

    private Planned planned(Connection connection, Schedule schedule, Fires.Calendar calendar) throws SQLException {
        return new Planned(
                schedule,
                ScheduleRepository.lastRun(connection, schedule.id()),
                schedule.enabled()
                        ? schedule.times()
                                .map(times -> Fires.next(times, clock.now(), calendar, PreviewResource.FIRES))
                                .orElse(List.of())
                        : List.of());
    }

    /**
     * The schedule of that name.
     *
     * @throws Failure.NotFound if the project has none
     */
    public Planned named(ProjectId project, String name) {
        return transactions.in(project, connection -> {
            Schedule schedule = existing(project, name);
            return planned(connection, schedule, CalendarRepository.of(connection, schedule));
        });
    }

    List<String> namesOf(ProjectId project, String policy) {
        return transactions.in(project, connection -> repository.all(project)).stream()
                .filter(schedule -> policy.equals(schedule.policy()))
                .map(Schedule::name)
                .toList();
    }

    /** Locked until the end of the caller's transaction; empty if the project has none of that name. */
    Optional<Schedule> findForChange(ProjectId project, String name) {
        return transactions.in(project, connection -> repository.namedForChange(project, name));
    }

    private Schedule existing(ProjectId project, String name) {
        return repository.named(project, name).orElseThrow(Schedules::unknown);
    }

    private Schedule forChange(ProjectId project, String name) {
        return repository.namedForChange(project, name).orElseThrow(Schedules::unknown);
    }

    private static Failure.NotFound unknown() {
        return new Failure.NotFound("This project has no schedule of this name.");
    }

    /**
     * Plans a new schedule.
     *
     * @throws Failure.Conflict if the name is taken
     */
    public void add(ProjectId project, Name name, Plan plan) {
        add(project, name, null, plan);
    }

    /** @param policy the one that it is to belong to; null for none */
    void add(ProjectId project, Name name, @Nullable String policy, Plan plan) {
        transactions.run(project, connection -> {
            if (repository.named(project, name.value()).isPresent()) {
                throw ScheduleRepository.nameTaken(name.value());
            }
            if (repository.all(project).size() >= ScheduleRepository.MOST) {
                throw new Failure.Conflict(
                        "This project has " + ScheduleRepository.MOST + " schedules, the most there may be.",
                        "Let one schedule take several databases, by name or by tag.");
            }
            Instant now = ScheduleRepository.now(connection);
            var schedule = new Schedule(Ids.next(clock), project.value(), name.value(), policy, now);
            apply(connection, schedule, plan, now);
            repository.add(schedule);
            live.changed(project, "schedule", schedule.id());
        });
    }

    /**
     * Plans it anew.
     *
     * @param change from what it is, which nobody else changes meanwhile, to what it is to be
     * @return what it is now
     * @throws Failure.Conflict if it belongs to a policy
     */
    public Plan change(ProjectId project, String name, Function<Schedule, Plan> change) {
        return change(project, name, null, change);
    }

    /** @param policy the one that it belongs to; null for none */
    Plan change(ProjectId project, String name, @Nullable String policy, Function<Schedule, Plan> change) {
        return transactions.in(project, connection -> {
            Schedule schedule = forChange(project, name);
            refuseOwned(schedule, policy);
            Plan before = schedule.asPlan();
            Plan plan = change.apply(schedule);
            if (plan.equals(before.off())) {
                // Whatever speaks against what it does by now, and whoever may not plan it: nothing begins by it any
                // more
                schedule.disable();
            } else {
                apply(connection, schedule, plan, ScheduleRepository.now(connection));
            }
            changed(project, schedule);
            return plan;
        });
    }

    /**
     * Deletes it; its runs stay.
     *
     * @throws Failure.Conflict if it belongs to a policy
     */
    public void delete(ProjectId project, String name) {
        delete(project, name, null);
    }

    void delete(ProjectId project, String name, @Nullable String policy) {
        transactions.run(project, connection -> {
            Schedule schedule = forChange(project, name);
            refuseOwned(schedule, policy);
            schedule.delete(ScheduleRepository.now(connection));
            changed(project, schedule);
        });
    }

    private static void refuseOwned(Schedule schedule, @Nullable String policy) {
        String owner = schedule.policy();
        if (owner != null && !owner.equals(policy)) {
            throw new Failure.Conflict(
                    "The schedule " + schedule.name() + " belongs to the policy " + owner + ".",
                    "Change the policy; by itself it can only be paused and resumed.");
        }
    }

    private void changed(ProjectId project, Schedule schedule) {
        repository.flush();
        findings.close(project, Firing.fingerprint(schedule));
        live.changed(project, "schedule", schedule.id());
    }

    private void apply(Connection connection, Schedule schedule, Plan plan, Instant now) throws SQLException {
        var project = new ProjectId(schedule.projectId());
        // What it names already may be gone by now: that is no reason against another time or a pause. A policy looks
        // at what it
        // names by itself.
        var parameters = runs.check(
                project,
                plan.job(),
                plan.databases(),
                plan.parameters(),
                new HashSet<>(schedule.policy() == null ? Arrays.asList(schedule.databases()) : plan.databases()));
        String cron = plan.cron();
        String after = plan.after();
        boolean sameTimes =
                cron != null && cron.equals(schedule.cron()) && plan.zone().equals(schedule.zone());
        ZoneId zone = Cron.zone(plan.zone());
        // What was planned under an earlier rule may still be switched off
        Cron times = cron == null ? null : sameTimes ? new Cron(cron, zone) : Cron.of(cron, plan.zone(), now);
        if (!Objects.equals(after, schedule.after())) {
            ScheduleRepository.takeEnded(connection, schedule);
        }
        if (after != null) {
            runs.checkJob("after", after);
            ScheduleRepository.lockPlans(connection, project);
            Chain.of(repository.all(project).stream()
                            .filter(other -> !other.id().equals(schedule.id()))
                            .toList())
                    .refuseCircle(after, plan.job());
        }
        schedule.plan(plan, times, parameters.asJson().toString(), now);
    }

    /** Until the pause ends, or somebody resumes it, the schedule fires no more. */
    public void pause(ProjectId project, String name, @Nullable Instant until, String by, @Nullable String why) {
        transactions.run(project, connection -> {
            Schedule schedule = forChange(project, name);
            schedule.pause(Pause.of(schedule.pause(), ScheduleRepository.now(connection), until, by, why));
            repository.flush();
            live.changed(project, "schedule", schedule.id());
        });
    }

    /**
     * Ends the pause: the schedule goes on with its next time.
     *
     * @throws Failure.Conflict if it is not paused
     */
    public void resume(ProjectId project, String name) {
        transactions.run(project, connection -> {
            Schedule schedule = forChange(project, name);
            Instant now = ScheduleRepository.now(connection);
            Pause pause = schedule.pause()
                    .filter(last -> last.covers(now))
                    .orElseThrow(() -> new Failure.Conflict("The schedule is not paused.", null));
            schedule.pause(pause.ended(now));
            repository.flush();
            live.changed(project, "schedule", schedule.id());
        });
    }
}
