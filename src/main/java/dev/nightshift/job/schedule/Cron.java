package dev.nightshift.job.schedule;

import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import dev.nightshift.kernel.Failure;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A five-field Unix cron expression in a time zone. One dialect only: expressions of Spring or Quartz look alike and
 * mean another day.
 *
 * <p>Minute, hour, day of the month, month, day of the week; names ({@code JAN}, {@code MON}), lists, ranges and steps;
 * {@code L} as day of the month for its last day, {@code 5L} as day of the week for the month's last Friday, {@code 5#2} for
 * its second Friday; 0 and 7 are both Sunday. Where both days are restricted, either of them will do, as cron has always had
 * it; a step of {@code *} beside another day is refused, because one cron takes both to be needed then, and the next either.
 * Macros: {@code @hourly}, {@code @daily} or {@code @midnight}, {@code @weekly}, {@code @monthly}, {@code @yearly} or
 * {@code @annually}.
 *
 * <p>Where clocks change there are two kinds of expressions. One whose hour is {@code *} follows the clock on the wall as it
 * goes: what the clock does not show does not fire, and what it shows twice fires twice, so that every quarter of an hour stays
 * that. Any other means times of a day, and each of them comes once: what falls into a gap fires at the gap's end, what comes
 * twice fires at its first coming.
 */
public record Cron(String expression, ZoneId zone) {
    private static final Map<String, String> MACROS = Map.of(
            "@hourly", "0 * * * *",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@weekly", "0 0 * * 0",
            "@monthly", "0 0 1 * *",
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *");

    /** As cron-utils has Unix cron, with the last and the nth day besides. */
    private static final CronDefinition UNIX = CronDefinitionBuilder.defineCron()
            .withMinutes()
            .withStrictRange()
            .and()
            .withHours()
            .withStrictRange()
            .and()
            .withDayOfMonth()
            .supportsL()
            .withStrictRange()
            .and()
            .withMonth()
            .withStrictRange()
            .and()
            .withDayOfWeek()
            .withValidRange(0, 7)
            .withMondayDoWValue(1)
            .withIntMapping(7, 0)
            .supportsHash()
            .supportsL()
            .withStrictRange()
            .and()
            .instance();

    /** Beyond it an expression is taken to fire never; leap days are eight years apart at most. */
    private static final int YEARS_AHEAD = 9;

    /**
     * Checks an expression as a person gave it.
     *
     * @throws Failure.Invalid naming {@code cron} or {@code zone}, also if the expression never fires
     */
    public static Cron of(String expression, String zone, Instant now) {
        ZoneId id = zone(zone);
        var cron = new Cron(expression.strip(), id);
        if (cron.expression().startsWith("@") && !MACROS.containsKey(cron.macro())) {
            throw new Failure.Invalid(
                    "cron", "Of the macros, @hourly, @daily, @weekly, @monthly and @yearly are known.");
        }
        if (!daysAreClear(fields(cron.expression()))) {
            throw new Failure.Invalid(
                    "cron",
                    "Of a day of the month and a day of the week, neither may be a step of *: crons disagree whether both must fit."
                            + " Write the step over a range, such as 1-31/2; then either day will do.");
        }
        try {
            if (cron.next(now, 1).isEmpty()) {
                throw new Failure.Invalid("cron", "This expression never fires.");
            }
        } catch (IllegalArgumentException e) {
            throw new Failure.Invalid(
                    "cron",
                    "Five fields are expected: minute, hour, day of month, month, day of week; \"0 2 * * *\" is every night at"
                            + " two.");
        }
        return cron;
    }

    private static String[] fields(String expression) {
        return expression.split("\\s+", -1);
    }

    static boolean daysAreClear(String[] fields) {
        return fields.length != 5
                || ((fields[2].equals("*") || !fields[4].startsWith("*/"))
                        && (fields[4].equals("*") || !fields[2].startsWith("*/")));
    }

    /** @throws Failure.Invalid naming {@code zone} */
    static ZoneId zone(String zone) {
        try {
            return ZoneId.of(zone);
        } catch (DateTimeException e) {
            throw new Failure.Invalid("zone", "A time zone such as Europe/Vienna or UTC is expected.");
        }
    }

    /** The next fire times after an instant, at most as many as asked for. */
    public List<Instant> next(Instant after, int count) {
        var fires = new ArrayList<Instant>();
        var times = times();
        Instant from = after;
        while (fires.size() < count) {
            Instant next = next(times, from);
            if (next == null) {
                break;
            }
            fires.add(next);
            from = next;
        }
        return fires;
    }

    /** The next fire time after an instant; empty if there is none. */
    public Optional<Instant> next(Instant after) {
        return Optional.ofNullable(next(times(), after));
    }

    /** All fire times after the first and up to the second instant, the last of them if there are more than asked for. */
    public List<Instant> between(Instant after, Instant upTo, int most) {
        var fires = new ArrayList<Instant>();
        var times = times();
        for (Instant next = next(times, after); next != null && !next.isAfter(upTo); next = next(times, next)) {
            if (fires.size() == most) {
                fires.remove(0);
            }
            fires.add(next);
        }
        return fires;
    }

    private ExecutionTime times() {
        String fields = expression.startsWith("@") ? MACROS.getOrDefault(macro(), expression) : expression;
        return ExecutionTime.forCron(new CronParser(UNIX).parse(fields));
    }

    private String macro() {
        return expression.toLowerCase(Locale.ROOT);
    }

    private @Nullable Instant next(ExecutionTime times, Instant after) {
        return followsTheClock() ? nextOnTheWall(times, after) : nextOfTheDay(times, after);
    }

    private boolean followsTheClock() {
        return expression.startsWith("@") ? macro().equals("@hourly") : fields(expression)[1].equals("*");
    }

    /** Each stretch between two changes of the clock by itself. */
    private @Nullable Instant nextOnTheWall(ExecutionTime times, Instant after) {
        ZoneRules rules = zone.getRules();
        Instant from = after;
        while (true) {
            ZoneOffset offset = rules.getOffset(from);
            ZoneOffsetTransition change = rules.nextTransition(from);
            LocalDateTime next = nextLocal(times, LocalDateTime.ofInstant(from, offset));
            if (next != null && (change == null || next.toInstant(offset).isBefore(change.getInstant()))) {
                return next.toInstant(offset);
            }
            if (change == null || isTooFar(after, change.getInstant())) {
                return null;
            }
            if (matches(times, change.getDateTimeAfter())) {
                return change.getInstant();
            }
            from = change.getInstant();
        }
    }

    private @Nullable Instant nextOfTheDay(ExecutionTime times, Instant after) {
        ZoneRules rules = zone.getRules();
        LocalDateTime local = LocalDateTime.ofInstant(after, zone);
        ZoneOffsetTransition before = rules.previousTransition(after.plusNanos(1));
        if (before != null && before.isOverlap() && local.isBefore(before.getDateTimeBefore())) {
            // The second coming: all of its times have been
            local = before.getDateTimeBefore().minusNanos(1);
        }
        for (LocalDateTime next = nextLocal(times, local); next != null; next = nextLocal(times, next)) {
            ZoneOffsetTransition change = rules.getTransition(next);
            Instant fire = change != null && change.isGap()
                    ? change.getInstant()
                    : next.toInstant(rules.getOffset(next)); // of two offsets the one before the change
            if (fire.isAfter(after)) {
                return fire;
            }
        }
        return null;
    }

    private static @Nullable LocalDateTime nextLocal(ExecutionTime times, LocalDateTime after) {
        return times.nextExecution(after.atZone(ZoneOffset.UTC))
                .map(next -> next.toLocalDateTime())
                .orElse(null);
    }

    private static boolean matches(ExecutionTime times, LocalDateTime time) {
        return time.equals(nextLocal(times, time.minusNanos(1)));
    }

    private static boolean isTooFar(Instant from, Instant to) {
        return to.isAfter(from.atZone(ZoneOffset.UTC).plusYears(YEARS_AHEAD).toInstant());
    }
}
