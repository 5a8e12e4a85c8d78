package dev.nightshift.backup.adopted;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.audit.Audit;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Requests;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonStructure;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/**
 * Backups of an instance that pgBackRest or Barman took. Where those run, their list is sent here after each backup;
 * Nightshift has no access to their repositories and vouches for nothing in them.
 */
@RequestScoped
@Path("projects/{project}/instances/{instance}/adopted-backups")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class AdoptedResource {
    @Inject
    private Transactions transactions;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** What each tool told last. */
    @Schema(name = "AdoptedBackups")
    public record View(List<ReportView> reports) {}

    /**
     * What one tool told.
     *
     * @param name the tool's own for the server
     * @param backups the newest first
     */
    @Schema(name = "AdoptedReport")
    public record ReportView(
            @Schema(enumeration = {"pgbackrest", "barman"}) String tool,

            String name,
            Instant reportedAt,
            String reportedBy,
            List<AdoptedBackup> backups) {}

    @GET
    @Operation(
            operationId = "getAdoptedBackups",
            summary = "Backups of an instance that other tools took, as those told last",
            description = "Nothing of them was read, checked or restored by Nightshift.")
    @APIResponse(responseCode = "404", description = "There is no such instance")
    public View get(@PathParam("instance") String name) {
        Instance instance = instance(name);
        return transactions.in(project.id(), connection -> {
            List<ReportView> reports = new ArrayList<>();
            for (ToolReport.Tool tool : ToolReport.Tool.values()) {
                var told = AdoptedRepository.told(connection, instance.id(), tool);
                if (told.isPresent()) {
                    reports.add(new ReportView(
                            tool.word(),
                            told.get().name(),
                            told.get().at(),
                            told.get().by(),
                            AdoptedRepository.backups(connection, instance.id(), tool)));
                }
            }
            return new View(reports);
        });
    }

    /** The whole list each time: what is not in it any more goes. */
    @PUT
    @Path("{tool}")
    @Operation(
            operationId = "reportAdoptedBackups",
            summary = "Tell which backups of an instance pgBackRest or Barman holds",
            description =
                    "The body is what `pgbackrest info --output=json` or `barman -f json list-backup <server>` prints."
                            + " It takes the place of the tool's last report.")
    @RequestBody(
            content = @Content(schema = @Schema(type = SchemaType.OBJECT, description = "The tool's JSON as it is")))
    @APIResponse(responseCode = "400", description = "It is not the tool's list, or it is of another server")
    @APIResponse(responseCode = "404", description = "There is no such instance, or the tool is not known")
    public View put(
            @PathParam("instance") String name,
            @PathParam("tool") String toolName,
            @Schema(description = "Which stanza or server of the list this instance is, if it has several")
                    @QueryParam("name")
                    @Nullable
                    String part,
            @Nullable JsonStructure body) {
        Instance instance = instance(name);
        ToolReport.Tool tool = tool(toolName);
        JsonStructure sent = Asked.body(body);
        ToolReport report = switch (tool) {
            case PGBACKREST -> ToolReport.pgBackRest(sent, part, instance.systemIdentifier());
            case BARMAN -> ToolReport.barman(sent, part);
        };
        transactions.run(project.id(), connection -> {
            AdoptedRepository.replace(
                    connection, project.id(), instance.id(), tool, report, caller.name(), clock.now());
            live.changed(project.id(), "backup", instance.id());
        });
        return get(name);
    }

    @DELETE
    @Path("{tool}")
    @Operation(
            operationId = "forgetAdoptedBackups",
            summary = "Forget what a tool told of an instance's backups",
            description = "The tool's backups stay as they are.")
    @APIResponse(responseCode = "204", description = "Forgotten")
    @APIResponse(responseCode = "404", description = "There is no such instance, or the tool told nothing of it")
    public void delete(@PathParam("instance") String name, @PathParam("tool") String toolName) {
        Instance instance = instance(name);
        ToolReport.Tool tool = tool(toolName);
        transactions.run(project.id(), connection -> {
            if (!AdoptedRepository.forget(connection, instance.id(), tool)) {
                throw new Failure.NotFound(tool.title() + " told nothing of this instance.");
            }
            audit.record(project.id(), "adopted-backups.forget", "instance " + name, Map.of("tool", tool.word()));
            live.changed(project.id(), "backup", instance.id());
        });
    }

    private Instance instance(String name) {
        return Requests.found("instance", name, valid -> fleet.instanceNamed(project.id(), valid));
    }

    private static ToolReport.Tool tool(String name) {
        for (ToolReport.Tool each : ToolReport.Tool.values()) {
            if (each.word().equals(name)) {
                return each;
            }
        }
        throw new Failure.NotFound("The tools whose backups are taken in are pgbackrest and barman.");
    }
}
