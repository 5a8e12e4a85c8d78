package dev.nightshift.job.schedule;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import dev.nightshift.kernel.Failure;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A five-field Unix cron expression in a time zone. One dialect only: expressions of Spring or Quartz look alike and
 * mean another day.
 */
public record Cron(String expression, ZoneId zone) {
    private static final CronDefinition UNIX = CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX);

    /**
     * Checks an expression as a person gave it.
     *
     * @throws Failure.Invalid naming {@code cron} or {@code zone}, also if the expression never fires
     */
    public static Cron of(String expression, String zone, Instant now) {
        ZoneId id;
        try {
            id = ZoneId.of(zone);
        } catch (DateTimeException e) {
            throw new Failure.Invalid("zone", "A time zone such as Europe/Vienna or UTC is expected.");
        }
        var cron = new Cron(expression.strip(), id);
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

    /**
     * The next fire times after an instant, at most as many as asked for.
     *
     * <p>Where clocks jump forward, what falls into the gap fires once at the gap's end; where they go back, a time that
     * comes twice fires at its first coming.
     */
    public List<Instant> next(Instant after, int count) {
        var time = ExecutionTime.forCron(new CronParser(UNIX).parse(expression));
        var fires = new ArrayList<Instant>();
        ZonedDateTime from = after.atZone(zone);
        while (fires.size() < count) {
            var next = time.nextExecution(from);
            if (next.isEmpty()) {
                break;
            }
            from = inGap(time, from.toInstant(), next.get().toInstant()).orElse(next.get());
            fires.add(from.toInstant());
        }
        return fires;
    }

    /** The end of a gap before {@code next} in which the expression would have fired; cron-utils leaves those out. */
    private Optional<ZonedDateTime> inGap(ExecutionTime time, Instant after, Instant next) {
        var rules = zone.getRules();
        for (ZoneOffsetTransition jump = rules.nextTransition(after);
                jump != null && jump.getInstant().isBefore(next);
                jump = rules.nextTransition(jump.getInstant())) {
            if (jump.isGap()) {
                var begin = jump.getDateTimeBefore().atZone(ZoneOffset.UTC);
                var missed = time.nextExecution(begin.minusSeconds(1));
                if (missed.isPresent()
                        && missed.get().isBefore(jump.getDateTimeAfter().atZone(ZoneOffset.UTC))) {
                    return Optional.of(jump.getInstant().atZone(zone));
                }
            }
        }
        return Optional.empty();
    }
}
