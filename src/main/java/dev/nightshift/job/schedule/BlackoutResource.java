package dev.nightshift.job.schedule;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.audit.Audit;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Blackouts of a project: stretches of the calendar in which nothing starts by itself. */
@Path("projects/{project}/blackouts")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class BlackoutResource {
    private static final int LONGEST_NAME = 100;
    private static final int MOST = 200;
    private static final int MOST_JOBS = 100;

    @Inject
    private Transactions transactions;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Runs runs;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** A blackout to be. */
    @Schema(
            name = "BlackoutRequest",
            example =
                    "{\"name\":\"Christmas\",\"from\":\"2026-12-24\",\"to\":\"2026-12-27\",\"zone\":\"Europe/Vienna\",\"yearly\":true}")
    public record NewBlackout(
            @Nullable String name,

            @Schema(description = "A day, or a day and time: 2026-12-24T18:00") @Nullable
            String from,

            @Schema(description = "When it is over: the first day, or the minute, that it no longer covers") @Nullable
            String to,

            @Nullable String zone,
            @Nullable Boolean yearly,

            @Schema(description = "Jobs that are held back; left out for all") @Nullable
            List<String> jobs) {}

    /** A blackout; from and to are what the clock on the wall shows in its zone. */
    @Schema(name = "Blackout")
    public record BlackoutView(
            UUID id, String name, String from, String to, String zone, boolean yearly, List<String> jobs) {
        static BlackoutView of(Blackout blackout) {
            return new BlackoutView(
                    blackout.id(),
                    blackout.name(),
                    blackout.starts().toString(),
                    blackout.ends().toString(),
                    blackout.zone().getId(),
                    blackout.yearly(),
                    blackout.jobs());
        }
    }

    @GET
    @Operation(operationId = "blackouts", summary = "The project's blackouts")
    public Page<BlackoutView> list() {
        return new Page<>(
                transactions.in(project.id(), CalendarRepository::blackouts).stream()
                        .map(BlackoutView::of)
                        .toList(),
                null);
    }

    @POST
    @Operation(
            operationId = "addBlackout",
            summary = "Add a blackout",
            description =
                    "A fire within it is a run SKIPPED, with its name as the reason; what fired before and has not"
                            + " started waits for its end.")
    @APIResponse(
            responseCode = "201",
            description = "The blackout",
            content = @Content(schema = @Schema(implementation = BlackoutView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response add(@Nullable NewBlackout body, @Context UriInfo uri) {
        Blackout blackout = checked(Asked.body(body));
        transactions.run(project.id(), connection -> {
            if (CalendarRepository.blackouts(connection).size() >= MOST) {
                throw new Failure.Conflict(
                        "This project has " + MOST + " blackouts, the most there may be.",
                        "Delete some that are over.");
            }
            CalendarRepository.add(connection, project.id(), blackout, caller.name());
            audited("blackout.add", blackout);
        });
        return Response.created(uri.getAbsolutePathBuilder()
                        .path(blackout.id().toString())
                        .build())
                .entity(BlackoutView.of(blackout))
                .build();
    }

    @DELETE
    @Path("{blackout}")
    @Operation(operationId = "deleteBlackout", summary = "Delete a blackout")
    @APIResponse(responseCode = "204", description = "It holds nothing back any more")
    public Response delete(@PathParam("blackout") String id) {
        transactions.run(project.id(), connection -> {
            Blackout blackout = CalendarRepository.blackouts(connection).stream()
                    .filter(each -> each.id().toString().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new Failure.NotFound("This project has no such blackout."));
            CalendarRepository.delete(connection, blackout.id());
            audited("blackout.delete", blackout);
        });
        return Response.noContent().build();
    }

    private void audited(String action, Blackout blackout) {
        audit.record(
                project.id(),
                action,
                "blackout " + blackout.name(),
                Map.of(
                        "from",
                        blackout.starts().toString(),
                        "to",
                        blackout.ends().toString(),
                        "zone",
                        blackout.zone().getId(),
                        "yearly",
                        blackout.yearly(),
                        "jobs",
                        blackout.jobs()));
        runs.lookAgain(project.id());
        live.changed(project.id(), "schedule", project.id().value());
    }

    private Blackout checked(NewBlackout asked) {
        String name = asked.name() == null ? "" : asked.name().strip();
        if (name.isEmpty() || name.length() > LONGEST_NAME) {
            throw new Failure.Invalid(
                    "name", "Name it in 1 to " + LONGEST_NAME + " characters: it is the reason that people read.");
        }
        LocalDateTime from = time("from", asked.from());
        LocalDateTime to = time("to", asked.to());
        if (!to.isAfter(from)) {
            throw new Failure.Invalid("to", "It is over after it begins; a single day ends at the day after.");
        }
        boolean yearly = Boolean.TRUE.equals(asked.yearly());
        if (yearly && !to.isBefore(from.plusYears(1))) {
            throw new Failure.Invalid("to", "What comes every year is shorter than a year.");
        }
        List<String> jobs = Objects.requireNonNullElse(asked.jobs(), List.of());
        if (jobs.size() > MOST_JOBS) {
            throw new Failure.Invalid("jobs", "Name at most " + MOST_JOBS + " jobs.");
        }
        for (int i = 0; i < jobs.size(); i++) {
            runs.checkJob("jobs[" + i + "]", jobs.get(i));
        }
        return new Blackout(
                Ids.next(clock), name, from, to, Cron.zone(Objects.requireNonNullElse(asked.zone(), "")), yearly, jobs);
    }

    private static LocalDateTime time(String field, @Nullable String text) {
        try {
            String given = Objects.requireNonNullElse(text, "");
            LocalDateTime time =
                    given.length() == 10 ? LocalDate.parse(given).atStartOfDay() : LocalDateTime.parse(given);
            if (time.getYear() >= 1970 && time.getYear() < 9999) {
                return time;
            }
        } catch (DateTimeException e) {
            // Refused below
        }
        throw new Failure.Invalid(
                field, "A day such as 2026-12-24 is expected, or a day and time such as 2026-12-24T18:00.");
    }
}
