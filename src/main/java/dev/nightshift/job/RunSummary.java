package dev.nightshift.job;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run as lists show it. It may have a target for each of a thousand databases: they are counted, not listed.
 *
 * @param run without its targets and its usual duration
 * @param progress as a share of the steps; null unless it is at work
 * @param targets how many there are of each status
 * @param databases the names of the first of its databases, {@link RunListRepository#NAMED} at most
 * @param databaseCount of all of them
 * @param reason of the first target that has one
 * @param figures of all targets: numbers are added up; a word stands where all targets that have it say the same
 */
record RunSummary(
        Run run,
        @Nullable Double progress,
        Map<TargetStatus, Long> targets,
        List<String> databases,
        int databaseCount,
        @Nullable String reason,
        JsonObject figures) {}
