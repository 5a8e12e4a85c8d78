package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A timeline with those that it came from: which of them each position of the log belongs to. As
 * access/transam/timeline.c reads it.
 *
 * @param parts from the oldest on, each beginning where the one before ends
 */
public record TimelineHistory(List<Part> parts) {
    private static final Lsn NO_END = new Lsn(-1);
    private static final Pattern LINE = Pattern.compile("(\\d{1,10})\\s+([0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8})(\\s.*)?");

    /**
     * What belongs to one timeline.
     *
     * @param to the first position that does not; beyond all others for the last
     */
    public record Part(int timeline, Lsn from, Lsn to) {}

    public TimelineHistory {
        parts = List.copyOf(parts);
    }

    /** A timeline whose origin is not known, or that has none. */
    public static TimelineHistory of(int timeline) {
        return new TimelineHistory(List.of(new Part(timeline, Lsn.NONE, NO_END)));
    }

    /**
     * Reads a history file: a line for each timeline before, with the position at which it was left.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static TimelineHistory parse(int timeline, String text) {
        List<Part> parts = new ArrayList<>();
        Lsn from = Lsn.NONE;
        int before = 0;
        for (String line : text.lines().map(String::strip).toList()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            long number = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
            if (number <= before || number >= timeline) {
                throw new IllegalArgumentException(
                        "The history of timeline " + timeline + " has a line that is none: " + line);
            }
            before = (int) number;
            Lsn to = Lsn.parse(matcher.group(2));
            parts.add(new Part(before, from, to));
            from = to;
        }
        parts.add(new Part(timeline, from, NO_END));
        return new TimelineHistory(parts);
    }

    /** As the archive knows it. */
    static TimelineHistory of(int timeline, ArchivedLog archive) {
        return archive.history(timeline).map(text -> parse(timeline, text)).orElseGet(() -> of(timeline));
    }

    /** The timeline itself. */
    public int timeline() {
        return parts.get(parts.size() - 1).timeline();
    }

    /** Which one a position belongs to. */
    public int at(Lsn position) {
        for (int index = parts.size() - 1; index > 0; index--) {
            if (parts.get(index).from().compareTo(position) <= 0) {
                return parts.get(index).timeline();
            }
        }
        return parts.get(0).timeline();
    }

    /** What is this timeline's; empty if it is none of this history. */
    public Optional<Part> part(int timeline) {
        return parts.stream().filter(part -> part.timeline() == timeline).findFirst();
    }

    /** Whether a backup of this timeline that is consistent from the position on lies on the way. */
    boolean passes(int timeline, Lsn stop) {
        return part(timeline).filter(part -> stop.compareTo(part.to()) <= 0).isPresent();
    }

    /**
     * Whose files can hold a segment, in the order in which the server looks: a new timeline's first segment begins with a
     * copy of what was before it.
     */
    List<Part> files(Lsn segment, int segmentBytes) {
        List<Part> files = new ArrayList<>();
        for (int index = parts.size() - 1; index >= 0; index--) {
            Part part = parts.get(index);
            if (part.from().segmentStart(segmentBytes).compareTo(segment) <= 0 && segment.compareTo(part.to()) < 0) {
                files.add(part);
            }
        }
        return files;
    }

    /** The name of the file that holds this position if all are there. */
    String fileName(Lsn position, int segmentBytes) {
        Lsn segment = position.segmentStart(segmentBytes);
        return segment.segmentName(files(segment, segmentBytes).get(0).timeline(), segmentBytes);
    }
}
