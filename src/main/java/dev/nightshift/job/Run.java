package dev.nightshift.job;

import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a job as the ledger holds it; it stays the same run when it is restarted.
 *
 * @param reason why it waits, failed, was lost or skipped; null where there is nothing to say
 * @param attempt 1 for the first; every restart counts one up
 * @param node the name of the node that works on it, null before it is claimed
 * @param usual how long the project's runs of this job took before; null when not measured
 * @param linesDropped how many lines its log lacks because it had so many
 * @param attempts the tries that nodes made at it; empty in lists
 * @param targets empty in lists
 */
public record Run(
        UUID id,
        String job,
        RunStatus status,
        @Nullable String reason,
        RunRequest.Trigger trigger,
        String triggeredBy,
        @Nullable UUID scheduleId,
        @Nullable String schedule,
        JsonObject parameters,
        int attempt,
        @Nullable String node,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable Usual usual,
        long linesDropped,
        List<RunAttempt> attempts,
        List<Target> targets) {
    public Run {
        attempts = List.copyOf(attempts);
        targets = List.copyOf(targets);
    }

    Run with(@Nullable Usual measured) {
        return new Run(
                id,
                job,
                status,
                reason,
                trigger,
                triggeredBy,
                scheduleId,
                schedule,
                parameters,
                attempt,
                node,
                createdAt,
                startedAt,
                endedAt,
                measured,
                linesDropped,
                attempts,
                targets);
    }

    /**
     * One instance or database within a run.
     *
     * @param database null where the whole instance is the target
     * @param databaseNames the databases that were asked for and that this target covers
     * @param attempt the run's attempt that last took it; 0 for none yet
     * @param node the name of the node that works on it or did last; null before one took it
     * @param usual how long the job took on it before; null when not measured
     */
    public record Target(
            UUID id,
            @Nullable UUID instanceId,
            @Nullable String instance,
            @Nullable UUID databaseId,
            @Nullable String database,
            List<String> databaseNames,
            TargetStatus status,
            @Nullable String reason,
            @Nullable String remedy,
            int attempt,
            @Nullable String node,
            @Nullable Instant startedAt,
            @Nullable Instant endedAt,
            @Nullable Usual usual,
            @Nullable Progress progress,
            JsonObject figures,
            List<Step> steps) {}

    /**
     * How far a target's current step is.
     *
     * @param total null when it cannot be known beforehand
     * @param unit of done and total: {@code bytes}, {@code tables}
     * @param text what is being worked on
     */
    public record Progress(
            long done,
            @Nullable Long total,
            String unit,
            @Nullable String text,
            Instant at) {}

    /** One step of a target; figure is its measured result in a few words. */
    public record Step(
            String name,
            TargetStatus status,
            @Nullable String figure,
            @Nullable String reason,
            @Nullable Instant startedAt,
            @Nullable Instant endedAt) {}

    /** One line of a run's log, in the order of {@code seq}. */
    public record LogLine(long seq, Instant at, @Nullable UUID target, Level level, String text) {}

    /** A log line's weight. */
    public enum Level {
        INFO,
        WARN,
        ERROR
    }
}
