package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What a backup is made of in its store. The catalogue does not hold it: it would be a second list that can be wrong. */
@RequestScoped
@Path("projects/{project}/backups/{id}/objects")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class BackupObjectsResource {
    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private Keyring keyring;

    @Inject
    private CurrentProject project;

    /**
     * An object as the manifest lists it.
     *
     * @param number in the manifest, from 1
     * @param name within the backup's folder
     * @param stream objects with the same one are its parts, in the order of their numbers
     * @param storedBytes compressed and encrypted
     * @param contentBytes before that
     * @param sha256 of the stored bytes, lower-case hexadecimal
     */
    @Schema(name = "BackupObject")
    public record ObjectView(
            long number, String name, String kind, String stream, long storedBytes, long contentBytes, String sha256) {
        static ObjectView of(long number, StoredObject object) {
            return new ObjectView(
                    number,
                    object.name(),
                    object.kind().name(),
                    object.stream(),
                    object.bytes(),
                    object.contentBytes(),
                    object.sha256());
        }
    }

    @GET
    @Operation(
            operationId = "backupObjects",
            summary = "The objects of a backup, as its manifest lists them",
            description =
                    "The manifest is read from the first store that answers and authenticated with the backup's key; it"
                            + " does not list itself. Whether the objects are there, a drill tells.")
    @APIResponse(responseCode = "404", description = "There is no such backup")
    @APIResponse(responseCode = "409", description = "Its manifest is missing or damaged where it should lie")
    @APIResponse(responseCode = "503", description = "The store or the repository database is away; try again")
    public Page<ObjectView> list(
            @PathParam("id") String id,
            @QueryParam("after") @Nullable String after,
            @QueryParam("limit") @Nullable String limit) {
        long from = Math.min(Page.afterNumber(after), Integer.MAX_VALUE);
        int size = Page.size(limit);
        List<StoredObject> all = objects(backup(id));
        List<ObjectView> rows = LongStream.range(Math.min(from, all.size()), Math.min(from + size + 1L, all.size()))
                .mapToObj(at -> ObjectView.of(at + 1, all.get((int) at)))
                .toList();
        return Page.of(rows, size, row -> Long.toString(row.number()));
    }

    private Backup backup(String id) {
        UUID known;
        try {
            known = UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new Failure.NotFound("This project holds no such backup.");
        }
        return backups.get(project.id(), known);
    }

    /** What is wrong with the manifest is no fault of the server's, and no word on whether there is such a backup. */
    private List<StoredObject> objects(Backup backup) {
        try {
            return sources.describe(project.id(), backup, keyring.of(project.id()))
                    .reader()
                    .manifest()
                    .objects();
        } catch (Failure.NotFound e) {
            throw new Failure.Conflict(
                    "The manifest of backup " + backup.id() + " is not in the store " + backup.store() + ": "
                            + e.getMessage(),
                    "Look what removed it, and whether the store is mounted; drill the backup, and do not rely on it.");
        } catch (Failure.Unusable e) {
            throw e; // of the store, and not of what lies there
        } catch (Failure.Fatal e) {
            throw new Failure.Conflict(e.getMessage(), e.remedy());
        }
    }
}
