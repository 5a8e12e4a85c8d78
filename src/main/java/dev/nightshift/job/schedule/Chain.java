package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which job of a project starts which when it ends. */
record Chain(Map<String, Set<String>> starts) {
    static Chain of(List<Schedule> schedules) {
        Map<String, Set<String>> starts = new HashMap<>();
        for (Schedule schedule : schedules) {
            String after = schedule.after();
            if (after != null) {
                starts.computeIfAbsent(after, job -> new HashSet<>()).add(schedule.job());
            }
        }
        return new Chain(starts);
    }

    /** @throws Failure.Invalid naming {@code after} if the job would, in the end, start itself again: it would never rest */
    void refuseCircle(String after, String job) {
        var next = new ArrayDeque<String>();
        var seen = new HashSet<String>();
        next.add(job);
        while (!next.isEmpty()) {
            String each = next.remove();
            if (each.equals(after)) {
                throw new Failure.Invalid(
                        "after",
                        after.equals(job)
                                ? "A job cannot follow itself: it would never rest."
                                : "Other schedules already start " + after + " after " + job
                                        + ": they would go round for ever.");
            }
            if (seen.add(each)) {
                next.addAll(starts.getOrDefault(each, Set.of()));
            }
        }
    }
}
