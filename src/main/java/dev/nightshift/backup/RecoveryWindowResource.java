package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Requests;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Between which points a database can be restored to any. */
@Path("projects/{project}/databases/{database}/recovery-window")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class RecoveryWindowResource {
    @Inject
    private PointRecovery points;

    @Inject
    private Fleet fleet;

    @Inject
    private Stores stores;

    @Inject
    private CurrentProject project;

    /**
     * The window: as the backups and the archived log are listed, not as they were read.
     *
     * @param from null if there is no backup
     * @param archived whether log that was archived is found in the stores that answer: without, only what each backup holds itself
     *     can be restored to
     * @param gaps between the points that cannot be restored to
     * @param lacks what other stores hold of the log and the store that was asked for does not, and what it should, in sentences;
     *     null for nothing
     */
    @Schema(name = "RecoveryWindow")
    public record Window(
            @Nullable Integer timeline,
            @Nullable Point from,
            @Nullable Point to,
            boolean archived,
            List<Gap> gaps,

            @Schema(
                    description =
                            "What other stores hold of the log, or held, and those that were read do not, or do not list though they"
                                    + " should, in sentences; null for nothing")
            @Nullable
            String lacks) {}

    /**
     * One end of what can be restored to.
     *
     * @param at where it begins: when the backup was finished, by Nightshift's clock; where it ends: when the last
     *     transaction before it ended, by the source's; null if that is not known
     * @param coveredTo by the source's clock; null where it begins, and where that is not known of what the stores listed
     */
    @Schema(name = "RecoveryWindowPoint")
    public record Point(
            String lsn,
            @Nullable Instant at,

            @Schema(
                    description =
                            "Where it ends: all that the source had acknowledged by then, by its own clock, lies before it, in the"
                                    + " stores that were read; null where it begins, and where that is not known")
            @Nullable
            Instant coveredTo,

            @Nullable UUID backup) {}

    /** From the end of what is stored to the next backup's first point. */
    @Schema(name = "RecoveryWindowGap")
    public record Gap(Point from, Point to) {}

    /** The last segments of the log before each end are read for their times. */
    @GET
    @Operation(
            operationId = "recoveryWindow",
            summary = "Between which points a database can be restored",
            description =
                    "By the newest timeline that can be reached, unless one is named; from all stores, or by what lies"
                            + " in one alone.")
    @APIResponse(responseCode = "400", description = "There is no such store or timeline")
    @APIResponse(responseCode = "404", description = "There is no such database")
    public Window window(
            @PathParam("database") String database,
            @QueryParam("timeline") @Nullable String timeline,
            @Parameter(description = "The store that backups and log have to lie in") @QueryParam("from") @Nullable
                    String from) {
        Database found = database(fleet, project.id(), database);
        if (from != null) {
            stores.require("from", from);
        }
        PointRecovery.Window window = points.window(
                project.id(),
                found.instance().id(),
                number(timeline),
                BackupSources.Reading.in(from, BackupSources.Reading.ANYWHERE));
        List<PointRecovery.Stretch> stretches = window.stretches();
        if (stretches.isEmpty()) {
            return new Window(null, null, null, window.archived(), List.of(), window.lacks());
        }
        List<Gap> gaps = new ArrayList<>();
        for (int next = 1; next < stretches.size(); next++) {
            gaps.add(new Gap(end(stretches.get(next - 1)), begin(stretches.get(next))));
        }
        PointRecovery.Stretch last = stretches.get(stretches.size() - 1);
        return new Window(
                last.range().last().history().timeline(),
                begin(stretches.get(0)),
                end(last),
                window.archived(),
                gaps,
                window.lacks());
    }

    private static Point begin(PointRecovery.Stretch stretch) {
        var range = stretch.range();
        return new Point(
                range.from().toString(),
                range.backup().finishedAt(),
                null,
                range.backup().backup());
    }

    private static Point end(PointRecovery.Stretch stretch) {
        var range = stretch.range();
        return new Point(
                range.to().toString(), stretch.lastTransaction(), range.last().covered(), null);
    }

    private static @Nullable Integer number(@Nullable String timeline) {
        if (timeline == null || timeline.isBlank()) {
            return null;
        }
        try {
            int number = Integer.parseInt(timeline);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new Failure.Invalid("timeline", "A timeline is a number from 1 on.");
    }

    /** The database of this name. */
    static Database database(Fleet fleet, ProjectId project, String name) {
        return Requests.found("database", name, valid -> fleet.databaseNamed(project, valid));
    }
}
