package dev.nightshift.runtime;

import dev.nightshift.backup.Backup;
import dev.nightshift.backup.Backups;
import dev.nightshift.job.Run;
import dev.nightshift.job.RunStatus;
import dev.nightshift.job.TargetStatus;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Says at the terminal what ran and what was measured; the launcher shows the lines that carry its marker. */
@ApplicationScoped
class NightSummary {
    @Inject
    private Backups backups;

    /** Goes through the server's standard output to the launcher's terminal. */
    @SuppressWarnings("SystemOut")
    static void say(String line) {
        System.out.println(ServerOutput.MARKER + line);
    }

    /** Says the steps that ended since the last call; answers how many are said by now. */
    int sayNewSteps(Run run, int said) {
        List<Run.Step> ended = run.targets().stream()
                .flatMap(target -> target.steps().stream())
                .filter(step -> step.status() == TargetStatus.COMPLETED || step.status() == TargetStatus.FAILED)
                .toList();
        for (Run.Step step : ended.subList(Math.min(said, ended.size()), ended.size())) {
            say(String.format(
                    Locale.ROOT,
                    "  %-14s %-11s %-7s %9s  %s",
                    run.job(),
                    step.name(),
                    step.status() == TargetStatus.COMPLETED ? "done" : "failed",
                    duration(step.startedAt(), step.endedAt()),
                    step.figure() != null ? step.figure() : step.reason() != null ? step.reason() : ""));
        }
        return Math.max(said, ended.size());
    }

    void print(ProjectId project, List<Run> played, boolean fresh) {
        say("");
        say(fresh ? "Tonight's round on the demo database" : "The last round on the demo database");
        for (Run run : played) {
            say(String.format(
                    Locale.ROOT,
                    "  %-14s %-10s %9s  %s",
                    run.job(),
                    word(run),
                    duration(run.startedAt(), run.endedAt()),
                    what(project, run)));
        }
        if (played.stream().allMatch(run -> run.status() == RunStatus.COMPLETED)) {
            say("The console shows it all; the tutorial goes on from here: docs/tutorial/first-night.md");
        }
        say("");
    }

    private static String word(Run run) {
        return run.status().name().toLowerCase(Locale.ROOT);
    }

    private String what(ProjectId project, Run run) {
        String reason = run.reason();
        if (run.status() != RunStatus.COMPLETED) {
            return reason == null ? "" : reason;
        }
        Run.Target target = run.targets().get(0);
        var figures = target.figures();
        return switch (run.job()) {
            case "backup" ->
                new Bytes(figures.getJsonNumber("sizeBytes").longValue()) + " read, "
                        + new Bytes(figures.getJsonNumber("storedBytes").longValue()) + " stored, encrypted";
            case "restore-drill" ->
                Optional.ofNullable(backups.get(project, UUID.fromString(figures.getString("backup")))
                                .proof())
                        .map(NightSummary::proof)
                        .orElse("not measured");
            case "vacuum" ->
                figures.getInt("tablesDone", 0) + " tables, "
                        + String.format(Locale.ROOT, "%,d", figures.getInt("deadRowsRemoved", 0))
                        + " dead rows removed";
            default -> "";
        };
    }

    private static String proof(Backup.StoredProof proof) {
        Long rto = proof.rtoMillis();
        String level = proof.proven()
                .map(proven -> "proven: " + proven.name().toLowerCase(Locale.ROOT) + " (L" + proof.level() + ")")
                .orElse("not proven");
        return level + (rto == null ? "" : ", RTO measured " + seconds(Duration.ofMillis(rto)));
    }

    private static String duration(@Nullable Instant from, @Nullable Instant to) {
        return from == null || to == null ? "" : seconds(Duration.between(from, to));
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }
}
