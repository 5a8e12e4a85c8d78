package dev.nightshift.retention;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.fleet.Deletions;
import dev.nightshift.kernel.Asked;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** How long a project keeps what is over. */
@RequestScoped
@Path("projects/{project}/retention")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Projects")
public class RetentionResource {
    /** In days, and a number of runs. */
    @Schema(name = "Retention", example = "{\"runDays\":400,\"logDays\":90,\"auditDays\":730,\"keepRuns\":20}")
    public record Days(
            @Schema(description = "Runs, closed findings and the lines about deleted backups; 7 to 3650") @Nullable
            Integer runDays,

            @Schema(description = "The lines of the runs' logs; 1 to 3650") @Nullable
            Integer logDays,

            @Schema(description = "The audit; 90 to 3650") @Nullable
            Integer auditDays,

            @Schema(description = "At least the last runs of each job so many, however old they are; 0 to 1000")
            @Nullable
            Integer keepRuns,

            @Schema(description = "How long a deletion can be taken back; the same for all", readOnly = true) @Nullable
            Integer deletedDays) {
        static Days of(Retention retention) {
            return new Days(retention.runDays(), retention.logDays(), retention.auditDays(), retention.keepRuns(), (int)
                    Deletions.KEPT.toDays());
        }
    }

    @Inject
    private Retentions retentions;

    @Inject
    private CurrentProject project;

    /** As it is now. */
    @GET
    @Needs(Role.VIEWER)
    @Operation(operationId = "retention", summary = "How many days the project keeps what is over")
    public Days get() {
        return Days.of(retentions.of(project.id()));
    }

    /** What is left out stays as it is. */
    @PUT
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "changeRetention",
            summary = "Change it",
            description = "The job purge forgets what is older: once a day by itself, and when it is started.")
    @APIResponse(responseCode = "400", description = "A number is out of its range; the field is named")
    public Days change(@Nullable Days body) {
        Days asked = Asked.body(body);
        return Days.of(retentions.change(
                project.id(),
                before -> new Retention(
                        Objects.requireNonNullElse(asked.runDays(), before.runDays()),
                        Objects.requireNonNullElse(asked.logDays(), before.logDays()),
                        Objects.requireNonNullElse(asked.auditDays(), before.auditDays()),
                        Objects.requireNonNullElse(asked.keepRuns(), before.keepRuns()))));
    }
}
