package dev.nightshift.backup.adopted;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What {@link AdoptedResource} was told of all instances of a project, in one list, for the one list of all backups. */
@RequestScoped
@Path("projects/{project}/adopted-backups")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class AdoptedListResource {
    @Inject
    private Transactions transactions;

    @Inject
    private CurrentProject project;

    /**
     * One backup of one instance.
     *
     * @param name the tool's own for the server
     * @param at by which the list is ordered: when it ended; when it was told of, if it was not over then
     */
    @Schema(name = "ListedAdoptedBackup")
    public record ListedView(
            String instance,

            @Schema(enumeration = {"pgbackrest", "barman"}) String tool,

            String name,
            Instant at,
            Instant reportedAt,
            String reportedBy,
            AdoptedBackup backup) {
        static ListedView of(AdoptedRepository.Listed listed) {
            AdoptedRepository.Told told = listed.told();
            return new ListedView(
                    listed.instance(),
                    told.tool().word(),
                    told.name(),
                    listed.place().at(),
                    told.at(),
                    told.by(),
                    listed.backup());
        }
    }

    @GET
    @Operation(
            operationId = "listAdoptedBackups",
            summary = "Backups of all instances that other tools took, newest first",
            description =
                    "As the tools told last, each with when that was: no tool is asked, and nothing of them was read,"
                            + " checked or restored by Nightshift.")
    @APIResponse(responseCode = "400", description = "A parameter is not one that is possible; the problem names it")
    public Page<ListedView> list(
            @QueryParam("database") @Nullable String database,
            @QueryParam("instance") @Nullable String instance,
            @QueryParam("after") @Nullable String after,
            @QueryParam("limit") @Nullable String limit) {
        ListedPlace from = ListedPlace.after(after);
        int size = Page.size(limit);
        return Page.of(
                        transactions.in(
                                project.id(),
                                connection -> AdoptedRepository.listed(connection, database, instance, from, size + 1)),
                        size,
                        listed -> listed.place().toString())
                .map(ListedView::of);
    }
}
