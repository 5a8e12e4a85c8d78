package dev.nightshift.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The timelines that a timeline descends from, as its history file lists them (access/transam/timeline.c): a line for each,
 * with its number, the position where it was left, and why.
 */
public record TimelineHistory(List<End> ends) {
    /** A timeline and the position where it was left. */
    public record End(int timeline, Lsn at) {}

    public TimelineHistory {
        ends = List.copyOf(ends);
    }

    /**
     * Reads a history file.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static TimelineHistory parse(String text) {
        List<End> ends = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String content = line.strip();
            if (content.isEmpty() || content.startsWith("#")) {
                continue;
            }
            String[] fields = content.split("\\s+", 3);
            if (fields.length < 2) {
                throw new IllegalArgumentException("\"" + content + "\" is no line of a timeline's history.");
            }
            ends.add(new End(Integer.parseInt(fields[0]), Lsn.parse(fields[1])));
        }
        return new TimelineHistory(ends);
    }

    /** Where this timeline was left; empty if the one whose history this is does not descend from it. */
    public Optional<End> endOf(int timeline) {
        return ends.stream().filter(end -> end.timeline() == timeline).findFirst();
    }

    /** The timeline that was begun where this one was left, of those in the list. */
    public Optional<Integer> after(int timeline) {
        return ends.stream()
                .dropWhile(end -> end.timeline() != timeline)
                .skip(1)
                .findFirst()
                .map(End::timeline);
    }
}
