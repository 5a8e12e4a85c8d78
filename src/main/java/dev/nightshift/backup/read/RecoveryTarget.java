package dev.nightshift.backup.read;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a recovery is to end.
 *
 * @param timeline whose history to follow; null for the newest that can be reached
 */
public record RecoveryTarget(Point point, @Nullable Integer timeline) {
    /** A restore point's name has at most 63 bytes (manual, section 9.28.3). */
    private static final int NAME_BYTES = 63;

    /** The first transaction that is no internal one (access/transam.h). */
    private static final long FIRST_XID = 3;

    private static final Pattern XID = Pattern.compile("[0-9]{1,20}");
    private static final Pattern POSITION = Pattern.compile("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}");
    private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    /** As PostgreSQL's {@code recovery_target_*}, each with what it names still part of what is recovered. */
    public sealed interface Point {
        /** In words, as a part of a sentence. */
        String words();
    }

    /** The last record that is stored. */
    public record Latest() implements Point {
        @Override
        public String words() {
            return "the end of the stored log";
        }
    }

    /** After the last commit or abort that is not later; in microseconds, as the server counts. */
    public record Time(Instant at) implements Point {
        public Time {
            at = at.truncatedTo(ChronoUnit.MICROS);
        }

        @Override
        public String words() {
            return "the time " + at;
        }
    }

    /** After the first record that begins there or later. */
    public record Position(Lsn at) implements Point {
        @Override
        public String words() {
            return "the position " + at;
        }
    }

    /**
     * After this transaction's commit or abort.
     *
     * @param xid unsigned, without the epoch
     */
    public record Transaction(int xid) implements Point {
        @Override
        public String words() {
            return "transaction " + Integer.toUnsignedString(xid);
        }
    }

    /** After the first restore point of this name. */
    public record Named(String name) implements Point {
        @Override
        public String words() {
            return "the restore point \"" + name + "\"";
        }
    }

    /**
     * What the caller calls the parts, for errors.
     *
     * @param kind {@code "parameters.to"}
     * @param text {@code "parameters.point"}
     * @param timeline {@code "parameters.timeline"}
     */
    public record Fields(String kind, String text, String timeline) {}

    /**
     * Reads one.
     *
     * @param kind {@code latest}, {@code time}, {@code lsn}, {@code xid} or {@code name}
     * @param text ISO 8601 with a zone, a position, a number or a name; null or empty for the latest
     * @throws Failure.Invalid naming the field that breaks a rule
     */
    public static RecoveryTarget parse(String kind, @Nullable String text, @Nullable Integer timeline, Fields fields) {
        if (timeline != null && timeline < 1) {
            throw new Failure.Invalid(fields.timeline(), "A timeline is a number from 1 on.");
        }
        String given = text == null ? "" : text.strip();
        if (kind.equals("latest")) {
            if (!given.isEmpty()) {
                throw new Failure.Invalid(fields.text(), "The latest point needs nothing more to be named.");
            }
            return new RecoveryTarget(new Latest(), timeline);
        }
        Point point = switch (kind) {
            case "time" -> time(given, fields.text());
            case "lsn" -> position(given, fields.text());
            case "xid" -> transaction(given, fields.text());
            case "name" -> named(given, fields.text());
            default ->
                throw new Failure.Invalid(
                        fields.kind(), "A restore goes to latest, time, lsn, xid or name, not \"" + kind + "\".");
        };
        return new RecoveryTarget(point, timeline);
    }

    private static Point time(String text, String field) {
        Instant at;
        try {
            at = OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new Failure.Invalid(
                    field, "A time is given as ISO 8601 with its zone: 2026-02-01T03:04:05Z or …T03:04:05.5+01:00.");
        }
        if (at.isBefore(EARLIEST) || at.isAfter(LATEST)) {
            throw new Failure.Invalid(field, "A time lies between the years 2000 and 9999.");
        }
        return new Time(at);
    }

    private static Point position(String text, String field) {
        if (!POSITION.matcher(text).matches()) {
            throw new Failure.Invalid(field, "A position in the log is given as the server prints it: 16/B374D848.");
        }
        return new Position(Lsn.parse(text));
    }

    /** With the epoch, as pg_current_xact_id() prints it, or without; the log knows the lower half only. */
    private static Point transaction(String text, String field) {
        try {
            if (XID.matcher(text).matches()) {
                int xid = (int) Long.parseUnsignedLong(text);
                if (Integer.toUnsignedLong(xid) >= FIRST_XID) {
                    return new Transaction(xid);
                }
            }
        } catch (NumberFormatException e) {
            // beyond 64 bits: no transaction's either
        }
        throw new Failure.Invalid(field, "A transaction is given by its number as the server prints it: 74512.");
    }

    private static Point named(String text, String field) {
        if (text.isEmpty() || text.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES) {
            throw new Failure.Invalid(field, "A restore point's name has 1 to 63 bytes.");
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new Failure.Invalid(field, "A restore point's name with control characters cannot be asked for.");
        }
        return new Named(text);
    }
}
