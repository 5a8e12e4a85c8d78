package dev.nightshift.job;

import dev.nightshift.kernel.TypedSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How runs share this node; docs/reference/configuration.md lists the settings. Environment variables have the same names
 * in upper case with underscores: {@code NIGHTSHIFT_RUN_LOSSES}.
 *
 * @param nodeName {@code nightshift.node.name}; empty for the host's name
 * @param parallelRuns {@code nightshift.node.parallel.runs}: runs that this node works on at once; 8
 * @param projectRuns {@code nightshift.project.parallel.runs}: runs of one project under way at once, on all nodes; 16
 * @param parallelTargets {@code nightshift.run.parallel.targets}: targets of one run that are worked on at once; 4
 * @param losses {@code nightshift.run.losses}: how often a run may lose its node before it stays lost; 3, and 1 for a run
 *     that is never started again by itself
 * @param logLines {@code nightshift.run.log.lines}: lines that are kept of one run's log, and as many warnings and errors again;
 *     50,000
 * @param stopGrace {@code nightshift.stop.grace}: how long the work on a target may go on after it was told to stop; 60 s
 * @param drainFile {@code run/drain} in {@code nightshift.data}: while it exists, the node drains; empty without a data folder
 */
public record JobConfig(
        Optional<String> nodeName,
        int parallelRuns,
        int projectRuns,
        int parallelTargets,
        int losses,
        int logLines,
        Duration stopGrace,
        Optional<Path> drainFile) {
    /** Below the data folder. */
    public static final Path DRAIN_FILE = Path.of("run", "drain");

    /** Settings that allow for more are of somebody who wants no limit. */
    private static final int MOST_THREADS = 2_000;

    /**
     * The server's threads that the work of this node may take at once: for each run one that waits for its targets and one
     * for each of those at work, and as many runs again may wait for locks. Where there are fewer, those that wait keep the
     * threads that the targets wait for, and neither heartbeats nor requests get one.
     */
    public int threads() {
        return Math.min(MOST_THREADS, 2 * parallelRuns * (1 + parallelTargets));
    }

    /**
     * Reads the settings; what is not set has its default.
     *
     * @throws IllegalArgumentException if a value cannot be used; the message names the setting
     */
    public static JobConfig of(TypedSettings settings) {
        return new JobConfig(
                settings.text("nightshift.node.name"),
                settings.count("nightshift.node.parallel.runs", 8),
                settings.count("nightshift.project.parallel.runs", 16),
                settings.count("nightshift.run.parallel.targets", 4),
                settings.count("nightshift.run.losses", 3),
                settings.count("nightshift.run.log.lines", 50_000, 100, 1_000_000),
                settings.duration("nightshift.stop.grace", Duration.ofSeconds(60), Duration.ofSeconds(1)),
                settings.text("nightshift.data").map(data -> Path.of(data).resolve(DRAIN_FILE)));
    }
}
