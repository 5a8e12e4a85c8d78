package dev.nightshift.backup.wal;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a file that a server's archive_command and restore_command speak of (access/xlog_internal.h).
 *
 * @param high the first half of the segment's number; of a history file 0
 * @param low the second half
 */
public record LogFile(String name, Kind kind, int timeline, long high, long low) {
    private static final Pattern SEGMENT =
            Pattern.compile("([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\\.partial|\\.[0-9A-F]{8}\\.backup)?");
    private static final Pattern HISTORY = Pattern.compile("([0-9A-F]{8})\\.history");

    /** Lengths of segments that PostgreSQL knows. */
    private static final int LEAST_SEGMENT = 1 << 20;

    private static final int MOST_SEGMENT = 1 << 30;

    /** They have some lines. */
    private static final int MOST_TEXT = 1 << 20;

    /** What is in such a file. */
    public enum Kind {
        /** A segment of the log, whole. */
        SEGMENT,
        /** The last segment of a timeline that was left within it; recovery never asks for one. */
        PARTIAL,
        /** Where a timeline came from. */
        HISTORY,
        /** Where a base backup began and ended; recovery never reads one. */
        BACKUP
    }

    /**
     * What a name says.
     *
     * @throws Failure.Invalid if it is no such name
     */
    public static LogFile parse(String name) {
        Matcher history = HISTORY.matcher(name);
        if (history.matches()) {
            return new LogFile(name, Kind.HISTORY, timeline(name, history.group(1)), 0, 0);
        }
        Matcher segment = SEGMENT.matcher(name);
        if (!segment.matches()) {
            throw new Failure.Invalid("file", "\"" + name + "\" is no name of a file of a server's log.");
        }
        String end = segment.group(4);
        Kind kind = end == null ? Kind.SEGMENT : end.equals(".partial") ? Kind.PARTIAL : Kind.BACKUP;
        long low = Long.parseLong(segment.group(3), 16);
        if (low >= 0x1_0000_0000L / LEAST_SEGMENT) {
            throw new Failure.Invalid("file", "\"" + name + "\" is the name of no segment.");
        }
        return new LogFile(name, kind, timeline(name, segment.group(1)), Long.parseLong(segment.group(2), 16), low);
    }

    /**
     * Holds how long a file says it is against what such a file may have.
     *
     * @throws Failure.Invalid if there is none of this length
     */
    public void requireLength(long bytes) {
        boolean segment = kind == Kind.SEGMENT || kind == Kind.PARTIAL;
        if (segment && (bytes < LEAST_SEGMENT || bytes > MOST_SEGMENT || Long.bitCount(bytes) != 1)) {
            throw new Failure.Invalid(
                    "file", name + " has " + bytes + " bytes; a segment has a power of two, and 1 MiB at least.");
        }
        if (!segment && bytes > MOST_TEXT) {
            throw new Failure.Invalid("file", name + " has " + bytes + " bytes; such a file has 1 MiB at most.");
        }
    }

    private static int timeline(String name, String digits) {
        long timeline = Long.parseLong(digits, 16);
        if (timeline == 0 || timeline > Integer.MAX_VALUE) {
            throw new Failure.Invalid("file", "\"" + name + "\" names no timeline.");
        }
        return (int) timeline;
    }

    /**
     * The segment's first byte.
     *
     * @throws Failure.Invalid if a log with segments of this size has none of this name
     */
    public Lsn start(int segmentBytes) {
        long perFile = 0x1_0000_0000L / segmentBytes;
        if (low >= perFile) {
            throw new Failure.Invalid(
                    "file", "A log with segments of " + segmentBytes + " bytes has no segment \"" + name + "\".");
        }
        return new Lsn((high * perFile + low) * segmentBytes);
    }
}
