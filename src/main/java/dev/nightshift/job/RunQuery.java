package dev.nightshift.job;

import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import jakarta.ws.rs.QueryParam;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.jspecify.annotations.Nullable;

/** A filter over runs as it stands in an address: the list, and what is done to all runs of it, are asked with the same. */
public class RunQuery {
    @QueryParam("job")
    @Nullable
    String job;

    @Parameter(description = "One or more, repeated or separated by commas: " + STATUSES)
    @QueryParam("status")
    @Nullable
    List<String> status;

    @QueryParam("database")
    @Nullable
    String database;

    @Schema(implementation = RunRequest.Trigger.class)
    @QueryParam("trigger")
    @Nullable
    String trigger;

    @Parameter(description = "The name of a schedule")
    @QueryParam("schedule")
    @Nullable
    String schedule;

    @Parameter(description = "Made at this time or later")
    @QueryParam("from")
    @Nullable
    String from;

    @Parameter(description = "Made before this time")
    @QueryParam("to")
    @Nullable
    String to;

    static final String STATUSES =
            "QUEUED, WAITING, STARTED, STOPPING, STOPPED, COMPLETED, PARTIAL, FAILED, LOST, MISSED, SKIPPED";

    /**
     * What is asked for.
     *
     * @throws Failure.Invalid if a part of it is not right, naming it
     */
    RunFilter filter() {
        Instant since = Asked.time("from", from);
        Instant before = Asked.time("to", to);
        if (since != null && before != null && !since.isBefore(before)) {
            throw new Failure.Invalid("to", "The time \"to\" lies after \"from\".");
        }
        return new RunFilter(
                text(job),
                statuses(),
                text(database),
                Asked.word("trigger", trigger, RunRequest.Trigger.class),
                text(schedule),
                since,
                before);
    }

    private Set<RunStatus> statuses() {
        Set<RunStatus> all = EnumSet.noneOf(RunStatus.class);
        for (String each : status == null ? List.<String>of() : status) {
            for (String word : each.split(",", -1)) {
                RunStatus asked = Asked.word("status", word.strip(), RunStatus.class);
                if (asked != null) {
                    all.add(asked);
                }
            }
        }
        return all;
    }

    /** {@code ?job=} asks for nothing, as it does where words are expected. */
    private static @Nullable String text(@Nullable String asked) {
        return asked == null || asked.isBlank() ? null : asked;
    }
}
