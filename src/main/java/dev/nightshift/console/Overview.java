package dev.nightshift.console;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What the start page answers: is everything proven, how was the night, what waits, what is wrong. */
@Schema(name = "Overview")
public record Overview(Databases databases, LastNight lastNight, Waiting waiting, FindingCounts findings, Night night) {

    /** Proven are those of which a backup was restored (L3) or more within its instance's policy, and none failed since. */
    @Schema(name = "OverviewDatabases")
    public record Databases(int total, int proven, @Nullable Instant oldestProofAt) {}

    /** Runs that ended within the last 24 hours. */
    @Schema(name = "OverviewLastNight")
    public record LastNight(
            int done,
            int failed,
            @Nullable Instant from,
            @Nullable Instant to) {}

    /** What is to come. */
    @Schema(name = "OverviewWaiting")
    public record Waiting(
            int runs, @Nullable Instant nextFire, @Nullable String nextJob) {}

    /** Open findings; top is the most severe and newest one's title. */
    @Schema(name = "OverviewFindings")
    public record FindingCounts(
            int critical, int warning, int info, @Nullable String top) {}

    /** A timeline per database. */
    @Schema(name = "OverviewNight")
    public record Night(Instant from, Instant to, List<Lane> lanes) {}

    /** One database's night. */
    @Schema(name = "OverviewLane")
    public record Lane(String database, List<Bar> bars) {}

    /** One run's work on the database; to is null while it goes on. */
    @Schema(name = "OverviewBar")
    public record Bar(
            UUID run,
            String job,
            String status,
            Instant from,
            @Nullable Instant to,
            @Nullable String reason) {}
}
