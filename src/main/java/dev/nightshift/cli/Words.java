package dev.nightshift.cli;

import dev.nightshift.kernel.Bytes;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Numbers and times as people read them, the same as in the console. Unknown is said, never shown as 0. */
final class Words {
    static final String UNKNOWN = "not measured";

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);
    private static final DateTimeFormatter WITH_DAY =
            DateTimeFormatter.ofPattern("EEE yyyy-MM-dd HH:mm xxx", Locale.ROOT);
    /** JSON-P escapes the rest itself. */
    private static final Pattern STEERING = Pattern.compile("[\\x7f-\\x9f]");

    private static final Pattern CONTROL = Pattern.compile("\\p{Cc}+");

    private Words() {}

    /** 840 ms, 12.4 s, 4 min 12 s, 3 h 05 min, 2 d 4 h. */
    static String duration(long millis) {
        if (millis < 1000) {
            return Math.max(0, millis) + " ms";
        }
        return millis < 59_950 ? String.format(Locale.ROOT, "%.1f s", millis / 1000.0) : clock(millis);
    }

    /** Like duration, in whole seconds: for what counts up while one looks at it. */
    static String clock(long millis) {
        long seconds = Math.max(0, Math.round(millis / 1000.0));
        if (seconds < 60) {
            return seconds + " s";
        }
        long minutes = seconds / 60;
        if (minutes < 60) {
            return String.format(Locale.ROOT, "%d min %02d s", minutes, seconds % 60);
        }
        long hours = minutes / 60;
        return hours < 48
                ? String.format(Locale.ROOT, "%d h %02d min", hours, minutes % 60)
                : hours / 24 + " d " + hours % 24 + " h";
    }

    static String bytes(long bytes) {
        return new Bytes(bytes).toString();
    }

    /** To the second, in the reader's zone. */
    static String time(Instant at, ZoneId zone) {
        return TIME.format(at.atZone(zone));
    }

    /** With its day of the week and its offset, for times to come: {@code Sat 2026-11-28 02:15 +01:00}. */
    static String day(Instant at, ZoneId zone) {
        return WITH_DAY.format(at.atZone(zone));
    }

    /** Without what could steer a terminal: much of what is shown was written by others; an indent stays. */
    static String plain(String text) {
        return CONTROL.matcher(text).replaceAll(" ").stripTrailing();
    }

    /** JSON as a terminal may show it: within its texts, what could steer one is escaped, and means the same. */
    static String json(JsonValue json) {
        return STEERING.matcher(json.toString())
                .replaceAll(found -> String.format(
                        Locale.ROOT, "\\\\u%04x", (int) found.group().charAt(0)));
    }

    /**
     * A time as people give it: {@code 2026-11-28}, {@code 2026-11-28 22:00}, in the reader's zone, or with an offset
     * ({@code 2026-11-28T22:00:00Z}).
     *
     * @throws Trouble for what is none of these
     */
    static Instant instant(String option, String text, ZoneId zone) {
        String iso = text.strip().replace(' ', 'T');
        return parsed(() -> OffsetDateTime.parse(iso).toInstant())
                .or(() -> parsed(() -> LocalDateTime.parse(iso).atZone(zone).toInstant()))
                .or(() -> parsed(() -> LocalDate.parse(iso).atStartOfDay(zone).toInstant()))
                .orElseThrow(() -> new Trouble(
                        ExitCode.WRONG_USAGE,
                        option + ": \"" + text + "\" is no time.",
                        "Write 2026-11-28, \"2026-11-28 22:00\" (in " + zone + ") or 2026-11-28T22:00:00Z."));
    }

    private static Optional<Instant> parsed(Supplier<Instant> form) {
        try {
            return Optional.of(form.get());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
