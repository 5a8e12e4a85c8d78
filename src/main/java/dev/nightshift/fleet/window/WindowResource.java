package dev.nightshift.fleet.window;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Maintenance windows of a project. */
@Path("projects/{project}/windows")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class WindowResource {
    private static final int MOST_DATABASES = 1_000;

    @Inject
    private MaintenanceWindows windows;

    @Inject
    private CurrentProject project;

    @Inject
    private Clock clock;

    /** A window to be, or what is to change of one. */
    @Schema(
            name = "WindowRequest",
            example =
                    "{\"name\":\"night\",\"days\":[\"MONDAY\",\"TUESDAY\"],\"start\":\"22:00\",\"end\":\"06:00\",\"zone\":\"Europe/Vienna\","
                            + "\"databases\":[\"tag:production\"]}")
    public record NewWindow(
            @Nullable String name,

            @Schema(description = "Days on which it opens: MONDAY to SUNDAY") @Nullable
            List<String> days,

            @Schema(description = "24 hours: 22:00") @Nullable
            String start,

            @Schema(description = "Not after start: on the day after") @Nullable
            String end,

            @Nullable String zone,

            @Schema(description = "Names, or tag: and a tag; left out or empty for all of the project") @Nullable
            List<String> databases) {

        /** What a window is to be: what is left out stays. */
        MaintenanceWindow over(MaintenanceWindow before) {
            Asked.sameName("name", name, before.name());
            return new MaintenanceWindow(
                    before.id(),
                    before.name(),
                    days == null ? before.days() : daysOf(days),
                    start == null ? before.start() : timeOf("start", start),
                    end == null ? before.end() : timeOf("end", end),
                    zone == null ? before.zone() : zoneOf(zone),
                    databases == null ? before.databases() : databasesOf(databases));
        }
    }

    /** A window; start and end are what the clock on the wall shows in its zone. */
    @Schema(name = "Window")
    public record WindowView(
            UUID id, String name, List<String> days, String start, String end, String zone, List<String> databases) {
        static WindowView of(MaintenanceWindow window) {
            return new WindowView(
                    window.id(),
                    window.name(),
                    window.days().stream().sorted().map(DayOfWeek::name).toList(),
                    window.start().toString(),
                    window.end().toString(),
                    window.zone().getId(),
                    window.databases());
        }
    }

    @GET
    @Operation(operationId = "windows", summary = "The project's maintenance windows")
    public Page<WindowView> list() {
        return new Page<>(windows.all(project.id()).stream().map(WindowView::of).toList(), null);
    }

    @POST
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "addWindow",
            summary = "Add a maintenance window",
            description = "Jobs that keep to windows then work on its databases within their windows alone.")
    @APIResponse(
            responseCode = "201",
            description = "The window",
            content = @Content(schema = @Schema(implementation = WindowView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken")
    public Response add(@Nullable NewWindow body, @Context UriInfo uri) {
        NewWindow asked = Asked.body(body);
        var window = new MaintenanceWindow(
                Ids.next(clock),
                new Name(Objects.requireNonNullElse(asked.name(), "")).value(),
                daysOf(asked.days()),
                timeOf("start", asked.start()),
                timeOf("end", asked.end()),
                zoneOf(asked.zone()),
                databasesOf(asked.databases()));
        windows.add(project.id(), window);
        return Response.created(uri.getAbsolutePathBuilder().path(window.name()).build())
                .entity(WindowView.of(window))
                .build();
    }

    @PUT
    @Path("{window}")
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "changeWindow",
            summary = "Change a maintenance window",
            description = "What is left out stays; the name never changes.")
    public WindowView change(@PathParam("window") String name, @Nullable NewWindow body) {
        NewWindow asked = Asked.body(body);
        return WindowView.of(windows.change(project.id(), name, asked::over));
    }

    @DELETE
    @Path("{window}")
    @Needs(Role.ADMIN)
    @Operation(operationId = "deleteWindow", summary = "Delete a maintenance window")
    @APIResponse(responseCode = "204", description = "It holds nothing back any more")
    public Response delete(@PathParam("window") String name) {
        windows.delete(project.id(), name);
        return Response.noContent().build();
    }

    private static Set<DayOfWeek> daysOf(@Nullable List<String> names) {
        Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
        List<String> given = Objects.requireNonNullElse(names, List.of());
        for (int i = 0; i < given.size(); i++) {
            DayOfWeek day = Asked.word("days[" + i + "]", given.get(i), DayOfWeek.class);
            if (day != null) {
                days.add(day);
            }
        }
        if (days.isEmpty()) {
            throw new Failure.Invalid("days", "Name the days on which it opens, MONDAY to SUNDAY.");
        }
        return days;
    }

    private static LocalTime timeOf(String field, @Nullable String text) {
        try {
            LocalTime time = LocalTime.parse(Objects.requireNonNullElse(text, ""));
            if (time.getSecond() == 0 && time.getNano() == 0) {
                return time;
            }
        } catch (DateTimeException e) {
            // Refused below
        }
        throw new Failure.Invalid(field, "A time of the day such as 22:00 is expected.");
    }

    private static ZoneId zoneOf(@Nullable String text) {
        try {
            return ZoneId.of(Objects.requireNonNullElse(text, ""));
        } catch (DateTimeException e) {
            throw new Failure.Invalid("zone", "A time zone such as Europe/Vienna or UTC is expected.");
        }
    }

    private static List<String> databasesOf(@Nullable List<String> names) {
        List<String> given = Objects.requireNonNullElse(names, List.of());
        if (given.size() > MOST_DATABASES) {
            throw new Failure.Invalid("databases", "Name at most " + MOST_DATABASES + " databases.");
        }
        for (int i = 0; i < given.size(); i++) {
            if (given.get(i) == null) {
                throw new Failure.Invalid("databases[" + i + "]", "A name is expected, or tag: and a tag.");
            }
        }
        return given.equals(List.of("*")) ? List.of() : given;
    }
}
