package dev.nightshift.job;

import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A run in a list; what its targets are is told by the run itself. */
@Schema(name = "RunItem")
public record RunItem(
        UUID id,
        String job,
        RunStatus status,
        @Nullable String reason,
        RunRequest.Trigger trigger,
        String triggeredBy,
        @Nullable String schedule,
        JsonObject parameters,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable Long durationMillis,

        @Schema(
                description =
                        "Of a run at work: how long its job usually takes over the same targets, half of the times")
        @Nullable
        Long usualMillis,

        @Schema(description = "Of a run at work: 95 of 100 were shorter") @Nullable
        Long usualP95Millis,

        int attempt,
        @Nullable String node,
        @Nullable Double progress,
        SummaryView summary) {
    /** All targets of a run in short. */
    @Schema(name = "RunSummary")
    public record SummaryView(
            @Schema(description = "How many targets there are of each status")
            Map<String, Long> targets,

            @Schema(description = "The first five") List<String> databases,

            int databaseCount,

            @Schema(description = "Of the first target that has one") @Nullable
            String reason,

            @Schema(
                    type = SchemaType.OBJECT,
                    description = "Numbers are added up; a word stands where all targets that have it say the same")
            JsonObject figures) {}

    static RunItem of(RunSummary summary) {
        Run run = summary.run();
        Map<String, Long> targets = new TreeMap<>();
        summary.targets().forEach((status, count) -> targets.put(status.name(), count));
        return new RunItem(
                run.id(),
                run.job(),
                run.status(),
                run.reason(),
                run.trigger(),
                run.triggeredBy(),
                run.schedule(),
                run.parameters(),
                run.createdAt(),
                run.startedAt(),
                run.endedAt(),
                RunResource.millis(run.startedAt(), run.endedAt()),
                Usual.halfOf(run.usual()),
                Usual.mostOf(run.usual()),
                run.attempt(),
                run.node(),
                summary.progress(),
                new SummaryView(
                        targets, summary.databases(), summary.databaseCount(), summary.reason(), summary.figures()));
    }
}
