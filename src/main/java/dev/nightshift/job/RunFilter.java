package dev.nightshift.job;

import dev.nightshift.job.RunRequest.Trigger;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a list of runs is narrowed to; what is null or empty does not narrow it.
 *
 * @param statuses any of them
 * @param database a name that one of the run's targets covers
 * @param schedule a name; a deleted schedule's runs are found as well
 * @param from the run was made then or later
 * @param to the run was made before
 */
record RunFilter(
        @Nullable String job,
        Set<RunStatus> statuses,
        @Nullable String database,
        @Nullable Trigger trigger,
        @Nullable String schedule,
        @Nullable Instant from,
        @Nullable Instant to) {
    static final RunFilter ALL = new RunFilter(null, Set.of(), null, null, null, null, null);

    RunFilter {
        statuses = Set.copyOf(statuses);
    }

    boolean isEmpty() {
        return equals(ALL);
    }

    RunFilter withStatuses(Set<RunStatus> others) {
        return new RunFilter(job, others, database, trigger, schedule, from, to);
    }

    /** By the names that the filter has in an address: what the audit says of a change to all of them. */
    Map<String, String> words() {
        Map<String, String> words = new LinkedHashMap<>();
        put(words, "job", job);
        put(words, "status", statuses.isEmpty() ? null : String.join(",", sortedStatuses()));
        put(words, "database", database);
        put(words, "trigger", trigger);
        put(words, "schedule", schedule);
        put(words, "from", from);
        put(words, "to", to);
        return words;
    }

    private Set<String> sortedStatuses() {
        Set<String> sorted = new TreeSet<>();
        statuses.forEach(status -> sorted.add(status.name()));
        return sorted;
    }

    private static void put(Map<String, String> words, String name, @Nullable Object value) {
        if (value != null) {
            words.put(name, value.toString());
        }
    }
}
