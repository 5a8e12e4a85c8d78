package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of one segment of the log, or all of it, as one object of an archive holds it. Its name says all of that: {@code
 * 0000000100000000/000000010000000000000003.00000000-01000000} are the bytes of that segment from the first offset up to the
 * second, both hexadecimal.
 *
 * @param from its first byte
 * @param to the first byte after it, in the same segment or its end
 */
public record WalPiece(int timeline, Lsn from, Lsn to) {
    private static final Pattern NAME =
            Pattern.compile("[0-9A-F]{16}/([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})\\.([0-9A-F]{8})-([0-9A-F]{8})");

    /** What the names of a segment's pieces begin with, up to the offsets. */
    public static String begin(int timeline, Lsn segment, int segmentBytes) {
        String name = segment.segmentName(timeline, segmentBytes);
        return name.substring(0, 16) + "/" + name + ".";
    }

    /** Its name in the archive. */
    public String name(int segmentBytes) {
        Lsn segment = from.segmentStart(segmentBytes);
        return begin(timeline, segment, segmentBytes)
                + String.format(Locale.ROOT, "%08X-%08X", from.value() - segment.value(), to.value() - segment.value());
    }

    /** The piece of this name; empty if it is none of a log with segments of this size. */
    public static Optional<WalPiece> parse(String name, int segmentBytes) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long perFile = 0x1_0000_0000L / segmentBytes;
        long number = number(matcher, 2) * perFile + number(matcher, 3);
        Lsn segment = new Lsn(number * segmentBytes);
        int timeline = (int) number(matcher, 1);
        WalPiece piece = new WalPiece(timeline, segment.plus(number(matcher, 4)), segment.plus(number(matcher, 5)));
        boolean whole = timeline > 0
                && piece.bytes() > 0
                && number(matcher, 5) <= segmentBytes
                && piece.name(segmentBytes).equals(name);
        return whole ? Optional.of(piece) : Optional.empty();
    }

    private static long number(Matcher matcher, int group) {
        return Long.parseLong(matcher.group(group), 16);
    }

    /** How many bytes of the log it holds. */
    public long bytes() {
        return to.value() - from.value();
    }
}
