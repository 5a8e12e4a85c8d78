package dev.nightshift.job.schedule;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Pauses of all schedules of a project, or of the fleet: nothing starts by itself; people still start what they want. */
@ApplicationScoped
class Pauses {
    @Inject
    private Transactions transactions;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    /** The project's pause, if it is paused now. */
    Optional<Pause> of(ProjectId project) {
        return transactions.in(project, connection -> {
            Instant now = ScheduleRepository.now(connection);
            return CalendarRepository.pause(connection).filter(pause -> pause.covers(now));
        });
    }

    /** The fleet's pause, if it is paused now. */
    Optional<Pause> ofFleet() {
        return transactions.installation(connection -> {
            Instant now = ScheduleRepository.now(connection);
            return CalendarRepository.fleetPause(connection).filter(pause -> pause.covers(now));
        });
    }

    Pause pause(ProjectId project, @Nullable Instant until, String by, NewPause asked) {
        return transactions.in(project, connection -> {
            Pause pause = Pause.of(ScheduleRepository.now(connection), until, by, asked.why());
            CalendarRepository.pause(connection, project, pause);
            audit.record(project, "project.pause", "project", asked.details());
            live.changed(project, "schedule", project.value());
            return pause;
        });
    }

    /** @throws Failure.Conflict if it is not paused */
    void resume(ProjectId project) {
        transactions.run(project, connection -> {
            Instant now = ScheduleRepository.now(connection);
            Pause pause = CalendarRepository.pause(connection)
                    .filter(last -> last.covers(now))
                    .orElseThrow(() -> new Failure.Conflict("The project is not paused.", null));
            CalendarRepository.pause(connection, project, pause.ended(now));
            audit.record(project, "project.resume", "project", Map.of());
            live.changed(project, "schedule", project.value());
        });
    }

    Pause pauseFleet(@Nullable Instant until, String by, NewPause asked) {
        return transactions.installation(connection -> {
            Pause pause = Pause.of(ScheduleRepository.now(connection), until, by, asked.why());
            CalendarRepository.fleetPause(connection, pause);
            audit.record(null, "fleet.pause", "fleet", asked.details());
            return pause;
        });
    }

    /** @throws Failure.Conflict if it is not paused */
    void resumeFleet() {
        transactions.installation(connection -> {
            Instant now = ScheduleRepository.now(connection);
            Pause pause = CalendarRepository.fleetPause(connection)
                    .filter(last -> last.covers(now))
                    .orElseThrow(() -> new Failure.Conflict("The fleet is not paused.", null));
            CalendarRepository.fleetPause(connection, pause.ended(now));
            audit.record(null, "fleet.resume", "fleet", Map.of());
            return pause;
        });
    }
}
