package dev.nightshift.job.schedule;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.fleet.window.MaintenanceWindows;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The calendar of a project: what ran, what will, and what holds it back. */
@Path("projects/{project}/calendar")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class CalendarResource {
    private static final Duration USUAL = Duration.ofDays(7);
    private static final Duration LONGEST = Duration.ofDays(62);
    private static final int MOST_RUNS = 2_000;

    /** Of one schedule: one that fires each minute would fill the calendar by itself. */
    private static final int MOST_FIRES = 100;

    @Inject
    private ScheduleRepository schedules;

    @Inject
    private MaintenanceWindows windows;

    @Inject
    private CurrentProject project;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /**
     * What stands in the calendar between two times.
     *
     * @param cut what has more than can be shown: names of schedules, or {@code runs}
     */
    public record Calendar(
            Instant from,
            Instant to,
            List<RunEntry> runs,
            List<FireEntry> fires,
            List<BlackoutEntry> blackouts,
            List<PauseEntry> pauses,
            List<WindowEntry> windows,

            @Schema(
                    description =
                            "Names of schedules of which only the next 100 fires are shown; runs, where only the newest 2,000 are")
            List<String> cut) {}

    /** What ran, or did not. */
    @Schema(name = "CalendarRun")
    public record RunEntry(
            UUID run,
            String job,
            @Nullable String schedule,
            String status,
            @Nullable String reason,
            Instant at,
            @Nullable Instant endedAt) {}

    /** What will. */
    @Schema(name = "CalendarFire")
    public record FireEntry(
            Instant at,
            String schedule,
            String job,

            @Schema(description = "Why it will not start; null where it will") @Nullable
            String heldBack) {}

    /** A stretch of a blackout. */
    @Schema(name = "CalendarBlackout")
    public record BlackoutEntry(String name, Instant from, Instant to, List<String> jobs) {}

    /** A pause of the fleet, the project, or a schedule. */
    @Schema(name = "CalendarPause")
    public record PauseEntry(
            String of,
            @Nullable String schedule,
            Instant since,
            @Nullable Instant until,
            String by,
            String why) {}

    /** A stretch of a maintenance window. */
    @Schema(name = "CalendarWindow")
    public record WindowEntry(String name, Instant from, Instant to, List<String> databases) {}

    @GET
    @Operation(
            operationId = "calendar",
            summary = "What ran and what will, between two times",
            description = "By default seven days from now; 62 days at most.")
    public Calendar get(@QueryParam("from") @Nullable String fromText, @QueryParam("to") @Nullable String toText) {
        Instant now = clock.now();
        Instant givenFrom = Asked.time("from", fromText);
        Instant givenTo = Asked.time("to", toText);
        Instant from = givenFrom != null ? givenFrom : givenTo != null ? givenTo.minus(USUAL) : now;
        Instant to = givenTo == null ? from.plus(USUAL) : givenTo;
        if (!to.isAfter(from) || Duration.between(from, to).compareTo(LONGEST) > 0) {
            throw new Failure.Invalid("to", "It lies after from, by " + LONGEST.toDays() + " days at most.");
        }
        return transactions.in(project.id(), connection -> read(connection, now, from, to));
    }

    private Calendar read(Connection connection, Instant now, Instant from, Instant to) throws SQLException {
        List<String> cut = new ArrayList<>();
        var runs = CalendarRepository.runs(connection, from, to, MOST_RUNS + 1);
        if (runs.size() > MOST_RUNS) {
            cut.add("runs");
        }
        var blackouts = CalendarRepository.blackouts(connection);
        List<PauseEntry> pauses = new ArrayList<>();
        CalendarRepository.fleetPause(connection)
                .filter(pause -> isWithin(pause, from, to))
                .ifPresent(pause -> pauses.add(entry("fleet", null, pause)));
        CalendarRepository.pause(connection)
                .filter(pause -> isWithin(pause, from, to))
                .ifPresent(pause -> pauses.add(entry("project", null, pause)));
        List<Pause> ofAll = CalendarRepository.pauses(connection);
        List<FireEntry> fires = new ArrayList<>();
        for (Schedule schedule : schedules.all(project.id())) {
            schedule.pause()
                    .filter(pause -> isWithin(pause, from, to))
                    .ifPresent(pause -> pauses.add(entry("schedule", schedule.name(), pause)));
            Fires.Calendar calendar = CalendarRepository.of(schedule, ofAll, blackouts);
            Instant since = now.isAfter(from) ? now : from;
            if (!schedule.enabled() || !since.isBefore(to)) {
                continue;
            }
            var coming = schedule.times()
                    .map(times -> times.next(since, to.minusNanos(1), MOST_FIRES + 1, time -> true))
                    .orElse(List.of());
            if (coming.size() > MOST_FIRES) {
                cut.add(schedule.name());
            }
            coming.stream()
                    .limit(MOST_FIRES)
                    .forEach(time -> fires.add(new FireEntry(
                            time,
                            schedule.name(),
                            schedule.job(),
                            calendar.whyNot(time).orElse(null))));
        }
        fires.sort(Comparator.comparing(FireEntry::at).thenComparing(FireEntry::schedule));
        return new Calendar(
                from,
                to,
                runs.stream().limit(MOST_RUNS).map(CalendarResource::entry).toList(),
                fires,
                blackouts.stream()
                        .flatMap(blackout -> blackout.within(from, to).stream()
                                .map(stretch -> new BlackoutEntry(
                                        blackout.name(), stretch.from(), stretch.to(), blackout.jobs())))
                        .toList(),
                pauses,
                windows.all(project.id()).stream()
                        .flatMap(window -> window.within(from, to).stream()
                                .map(stretch -> new WindowEntry(
                                        window.name(), stretch.opens(), stretch.closes(), window.databases())))
                        .toList(),
                cut);
    }

    private static boolean isWithin(Pause pause, Instant from, Instant to) {
        Instant until = pause.until();
        return pause.since().isBefore(to) && (until == null || until.isAfter(from));
    }

    private static PauseEntry entry(String of, @Nullable String schedule, Pause pause) {
        return new PauseEntry(of, schedule, pause.since(), pause.until(), pause.by(), pause.why());
    }

    private static RunEntry entry(CalendarRepository.PastRun run) {
        return new RunEntry(run.id(), run.job(), run.schedule(), run.status(), run.reason(), run.at(), run.endedAt());
    }
}
