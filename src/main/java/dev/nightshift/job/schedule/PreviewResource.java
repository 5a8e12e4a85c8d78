package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What an expression means, before anything is saved; of no project. */
@Path("schedules/preview")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Schedules")
public class PreviewResource {
    /** How many fire times a preview shows. */
    static final int FIRES = 5;

    @Inject
    private Clock clock;

    /** An expression to look at before it is saved. */
    @Schema(name = "SchedulePreviewRequest", example = "{\"cron\":\"0 2 * * *\",\"zone\":\"Europe/Vienna\"}")
    public record Asking(@Nullable String cron, @Nullable String zone) {}

    /** The next fire times. */
    @Schema(name = "SchedulePreview")
    public record Preview(List<Instant> fires) {}

    @POST
    @Operation(summary = "The next five fire times of an expression")
    @APIResponse(
            responseCode = "200",
            description = "The times",
            content = @Content(schema = @Schema(implementation = Preview.class)))
    @APIResponse(responseCode = "422", description = "The expression or the zone is none; the field is named")
    public Response preview(@Nullable Asking body) {
        Asking asked = Asked.body(body);
        Instant now = clock.now();
        try {
            Cron cron = Cron.of(
                    Objects.requireNonNullElse(asked.cron(), ""), Objects.requireNonNullElse(asked.zone(), ""), now);
            return Response.ok(new Preview(cron.next(now, FIRES))).build();
        } catch (Failure.Invalid e) {
            // While somebody types, most expressions are not there yet: the request was in order, what it asks about is
            // not.
            return Response.status(422)
                    .type(Problem.MEDIA_TYPE)
                    .entity(Problem.of(422, e))
                    .build();
        }
    }
}
