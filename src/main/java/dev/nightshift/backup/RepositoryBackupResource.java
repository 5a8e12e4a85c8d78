package dev.nightshift.backup;

import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Whether Nightshift's own repository is backed up, by itself. */
@Path("repository/backup")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Nodes")
public class RepositoryBackupResource {
    @Inject
    private Transactions transactions;

    /** Nothing is known of a backup that others take of it. */
    @Schema(name = "RepositoryBackup")
    public record View(
            @Schema(description = "Whether the repository's server is an instance of a project")
            boolean registered,

            @Nullable String project,
            @Nullable String instance,

            @Schema(description = "The newest good physical one") @Nullable
            UUID backup,

            @Nullable Instant takenAt,
            @Nullable String store,

            @Schema(description = "When it was last proven restorable") @Nullable
            Instant provenAt,

            @Schema(description = "Up to when log without a gap goes on from it") @Nullable
            Instant coveredTo) {

        private static final View NOT_REGISTERED = new View(false, null, null, null, null, null, null, null);

        private static View of(ResultSet row) throws SQLException {
            return new View(
                    true,
                    row.getString("project"),
                    row.getString("instance"),
                    row.getObject("backup", UUID.class),
                    instant(row.getTimestamp("taken_at")),
                    row.getString("store"),
                    instant(row.getTimestamp("proven_at")),
                    instant(row.getTimestamp("covered_to")));
        }

        private static @Nullable Instant instant(@Nullable Timestamp time) {
            return time == null ? null : time.toInstant();
        }
    }

    @GET
    @NeedsInstallationAdmin
    @Operation(
            operationId = "getRepositoryBackup",
            summary = "Whether Nightshift's own repository is backed up",
            description =
                    "For the installation's admin. The repository's server is recognised by its system identifier.")
    public View get() {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select * from backup.of_repository()");
                    ResultSet rows = query.executeQuery()) {
                return rows.next() ? View.of(rows) : View.NOT_REGISTERED;
            }
        });
    }
}
