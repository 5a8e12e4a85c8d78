package dev.nightshift.job.schedule;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final List<String> ZONES =
            List.of("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu");

    @Test
    void everyNightAtTwoInTheZone() {
        var cron = Cron.of("0 2 * * *", "Europe/Vienna", NOW);
        assertEquals(
                List.of(Instant.parse("2026-11-22T01:00:00Z"), Instant.parse("2026-11-23T01:00:00Z")),
                cron.next(NOW, 2));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 0 * * 0 | 2026-11-22T00:00 2026-11-29T00:00",
                "0 0 * * 7 | 2026-11-22T00:00 2026-11-29T00:00",
                "0 0 * * sun | 2026-11-22T00:00 2026-11-29T00:00",
                "30 5 * FEB MON-WED | 2027-02-01T05:30 2027-02-02T05:30 2027-02-03T05:30 2027-02-08T05:30",
                "0 0 L * * | 2026-11-30T00:00 2026-12-31T00:00 2027-01-31T00:00 2027-02-28T00:00",
                "0 0 L 2 * | 2027-02-28T00:00 2028-02-29T00:00",
                "0 3 * * 5L | 2026-11-27T03:00 2026-12-25T03:00 2027-01-29T03:00",
                "0 3 * * FRIL | 2026-11-27T03:00 2026-12-25T03:00",
                "0 3 * * 5#2 | 2026-12-11T03:00 2027-01-08T03:00",
                "0 3 * * FRI#2 | 2026-12-11T03:00 2027-01-08T03:00",
                "0 3 * * SAT-SUN | 2026-11-22T03:00 2026-11-28T03:00 2026-11-29T03:00",
                "0 3 * * sun-tue | 2026-11-22T03:00 2026-11-23T03:00 2026-11-24T03:00 2026-11-29T03:00",
                "0 3 * * 7L | 2026-11-29T03:00 2026-12-27T03:00",
                "0 3 * * 0#1 | 2026-12-06T03:00 2027-01-03T03:00",
                "0 3 * * 7#1 | 2026-12-06T03:00 2027-01-03T03:00",
                "0 3 * * 5#5 | 2027-01-29T03:00 2027-04-30T03:00",
                "0 0 13 * 5 | 2026-11-27T00:00 2026-12-04T00:00 2026-12-11T00:00 2026-12-13T00:00",
                "0 0 1-31/10 * 5 | 2026-11-27T00:00 2026-12-01T00:00 2026-12-04T00:00 2026-12-11T00:00",
                "0 0 */10 * * | 2026-12-01T00:00 2026-12-11T00:00 2026-12-21T00:00 2026-12-31T00:00 2027-01-01T00:00",
                "0 0 29 2 * | 2028-02-29T00:00 2032-02-29T00:00",
                "0 0 1 * 1#1 | 2026-12-01T00:00 2026-12-07T00:00 2027-01-01T00:00",
                "@hourly | 2026-11-21T11:00 2026-11-21T12:00",
                "@daily | 2026-11-22T00:00 2026-11-23T00:00",
                "@midnight | 2026-11-22T00:00",
                "@Weekly | 2026-11-22T00:00 2026-11-29T00:00",
                "@monthly | 2026-12-01T00:00 2027-01-01T00:00",
                "@yearly | 2027-01-01T00:00 2028-01-01T00:00",
                "@annually | 2027-01-01T00:00"
            })
    void theDialectMeansTheseDays(String expression, String times) {
        List<Instant> expected = List.of(times.split(" ")).stream()
                .map(time -> Instant.parse(time + ":00Z"))
                .toList();
        assertEquals(expected, Cron.of(expression, "UTC", NOW).next(NOW, expected.size()));
    }

    /**
     * Berlin and New York jump an hour at 2:00 and go back to 1:00 or 2:00; Lord Howe jumps half an hour. An hour of * follows
     * the clock on the wall; anything else comes once for each time of a day.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Into the gap: at its end; a time that stands at its end anyway is not doubled
                "30 2 * * * | Europe/Berlin | 2026-03-28T12:00Z | 2026-03-29T01:00Z 2026-03-30T00:30Z",
                "0,30 2 * * * | Europe/Berlin | 2026-03-28T12:00Z | 2026-03-29T01:00Z 2026-03-30T00:00Z",
                "*/20 2,3 * * * | Europe/Berlin | 2026-03-29T00:00Z | 2026-03-29T01:00Z 2026-03-29T01:20Z",
                "0 */2 * * * | Europe/Berlin | 2026-03-28T23:30Z | 2026-03-29T01:00Z 2026-03-29T02:00Z",
                "30 2 * * * | America/New_York | 2026-03-08T00:00Z | 2026-03-08T07:00Z 2026-03-09T06:30Z",
                "15 2 * * * | Australia/Lord_Howe | 2026-10-03T00:00Z | 2026-10-03T15:30Z 2026-10-04T15:15Z",
                // What comes twice: its first coming
                "30 2 * * * | Europe/Berlin | 2026-10-24T12:00Z | 2026-10-25T00:30Z 2026-10-26T01:30Z",
                "0 */2 * * * | Europe/Berlin | 2026-10-24T22:30Z | 2026-10-25T00:00Z 2026-10-25T03:00Z",
                "30 1 * * * | America/New_York | 2026-11-01T00:00Z | 2026-11-01T05:30Z 2026-11-02T06:30Z",
                "45 1 * * * | Australia/Lord_Howe | 2026-04-04T00:00Z | 2026-04-04T14:45Z 2026-04-05T15:15Z",
                // Asked in the second coming: it has been
                "30 2 * * * | Europe/Berlin | 2026-10-25T01:10Z | 2026-10-26T01:30Z",
                "50 2 * * * | Europe/Berlin | 2026-10-25T01:30Z | 2026-10-26T01:50Z",
                // Every hour: as the clock goes
                "30 * * * * | Europe/Berlin | 2026-03-29T00:00Z | 2026-03-29T00:30Z 2026-03-29T01:30Z 2026-03-29T02:30Z",
                "30 * * * * | Europe/Berlin | 2026-10-25T00:00Z | 2026-10-25T00:30Z 2026-10-25T01:30Z 2026-10-25T02:30Z",
                "0 * * * * | America/New_York | 2026-03-08T06:30Z | 2026-03-08T07:00Z 2026-03-08T08:00Z",
                "0 * * * * | America/New_York | 2026-11-01T04:30Z | 2026-11-01T05:00Z 2026-11-01T06:00Z 2026-11-01T07:00Z",
                "@hourly | America/New_York | 2026-11-01T04:30Z | 2026-11-01T05:00Z 2026-11-01T06:00Z 2026-11-01T07:00Z",
                "*/15 * * * * | Australia/Lord_Howe | 2026-04-04T14:40Z | 2026-04-04T14:45Z 2026-04-04T15:00Z 2026-04-04T15:15Z",
                "15 * * * * | Australia/Lord_Howe | 2026-10-03T15:00Z | 2026-10-03T16:15Z"
            })
    void whereClocksChange(String expression, String zone, String after, String times) {
        List<Instant> expected =
                List.of(times.split(" ")).stream().map(CronTest::minute).toList();
        Instant from = minute(after);
        assertEquals(expected, Cron.of(expression, zone, from).next(from, expected.size()));
    }

    private static Instant minute(String text) {
        return Instant.parse(text.replace("Z", ":00Z"));
    }

    @ParameterizedTest
    @CsvSource({
        "0 2 * *, UTC, cron",
        "0 0 2 * * *, UTC, cron",
        "61 2 * * *, UTC, cron",
        "x, UTC, cron",
        "'', UTC, cron",
        "0 2 ? * *, UTC, cron",
        "0 2 15W * *, UTC, cron",
        "0 2 * * 5#6, UTC, cron",
        "0 2 * * 5#0, UTC, cron",
        "0 2 * * 8, UTC, cron",
        "0 2 */2 * 1, UTC, cron",
        "5/10 2 * * *, UTC, cron",
        "22-2 2 * * *, UTC, cron",
        "*/90 2 * * *, UTC, cron",
        "*/0 2 * * *, UTC, cron",
        "1-2-3 2 * * *, UTC, cron",
        "* 2 L-3 * *, UTC, cron",
        "* 2 LW * *, UTC, cron",
        "* 2 * * L, UTC, cron",
        "* 2 * * MONL/2, UTC, cron",
        "-1 2 * * *, UTC, cron",
        "0 24 * * *, UTC, cron",
        "0 2 0 * *, UTC, cron",
        "0 2 * 13 *, UTC, cron",
        "0 2 * JANUARY *, UTC, cron",
        "0 2 1 * */2, UTC, cron",
        "@reboot, UTC, cron",
        "@every 5m, UTC, cron",
        "0 0 30 2 *, UTC, cron",
        "0 0 31 4 *, UTC, cron",
        "* * 31 2 *, Europe/Berlin, cron",
        "0 2 * * *, Vienna, zone"
    })
    void whatCannotFireIsRefused(String expression, String zone, String field) {
        var refused = assertThrows(Failure.Invalid.class, () -> Cron.of(expression, zone, NOW));
        assertEquals(field, refused.field());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 25 * * * | The hour must lie between 0 and 23, not at 25.",
                "0 2 * * MON-FRY | The day of the week cannot be read at \"FRY\": *, 5, 1-5, */10, 8-18/2 and lists of them are known.",
                "*/90 * * * * | The step of the minute \"*/90\" must lie between 1 and 59.",
                "0 2 1,*/10 * 1 | Of a day of the month and a day of the week, neither may be a step of *: crons disagree whether both must fit. Write the step over a range, such as 1-31/2; then either day will do."
            })
    void theRefusalNamesTheFieldAndTheRule(String expression, String words) {
        assertEquals(
                words,
                assertThrows(Failure.Invalid.class, () -> Cron.of(expression, "UTC", NOW))
                        .getMessage());
    }

    @Test
    void anExpressionHasAnEnd() {
        String many = "0,".repeat(120) + "0 2 * * *";
        assertEquals("cron", refusedField(() -> Cron.of(many, "UTC", NOW)));
    }

    /** Planned when only the library checked: it means what it meant. */
    @Test
    void whatWasPlannedUnderAnEarlierRuleGoesOn() {
        assertEquals(
                List.of(Instant.parse("2026-11-21T10:05:00Z"), Instant.parse("2026-11-21T10:15:00Z")),
                new Cron("5/10 * * * *", ZoneId.of("UTC")).next(NOW, 2));
    }

    @Test
    void theLastOfMany() {
        var cron = Cron.of("*/10 * * * *", "UTC", NOW);
        assertEquals(
                List.of(NOW.plusSeconds(2400), NOW.plusSeconds(3000)),
                cron.last(NOW, NOW.plusSeconds(3599), 2, time -> true));
    }

    /** Against a reading of the fields that looks at every minute of some weeks around a change of the clock. */
    @Property(tries = 300)
    void agreesWithLookingAtEveryMinute(
            @ForAll("expressions") String expression, @ForAll("zones") String zone, @ForAll("days") int day) {
        ZoneId id = ZoneId.of(zone);
        Instant from = Instant.parse("2026-03-01T00:00:00Z").plusSeconds(day * 86_400L + 1020);
        Instant to = from.plusSeconds(12 * 86_400L);
        assertEquals(
                Minutes.fires(expression, id, from, to),
                new Cron(expression, id).next(from, to, Integer.MAX_VALUE, time -> true),
                () -> expression + " in " + zone + " from " + from);
    }

    @Provide
    Arbitrary<String> zones() {
        return Arbitraries.of(ZONES);
    }

    @Provide
    Arbitrary<Integer> days() {
        return Arbitraries.oneOf(
                Arbitraries.integers().between(0, 400),
                Arbitraries.of(20, 25, 28, 30, 34, 210, 215, 230, 237, 241, 244));
    }

    @Provide
    Arbitrary<String> expressions() {
        return Combinators.combine(
                        field(0, 59, false),
                        field(0, 23, true),
                        Arbitraries.oneOf(field(1, 31, true), Arbitraries.just("L")),
                        Arbitraries.frequencyOf(
                                net.jqwik.api.Tuple.of(5, Arbitraries.just("*")),
                                net.jqwik.api.Tuple.of(1, field(1, 12, true))),
                        Arbitraries.oneOf(
                                field(0, 7, true),
                                Combinators.combine(
                                                Arbitraries.integers().between(0, 7),
                                                Arbitraries.integers().between(1, 5))
                                        .as((weekday, nth) -> weekday + "#" + nth),
                                Arbitraries.integers().between(0, 7).map(weekday -> weekday + "L")))
                .as((minute, hour, day, month, weekday) -> String.join(" ", minute, hour, day, month, weekday))
                .filter(expression -> CronFields.daysAreClear(expression.split(" ")));
    }

    private static Arbitrary<String> field(int low, int high, boolean star) {
        Arbitrary<Integer> value = Arbitraries.integers().between(low, high);
        Arbitrary<String> range = Combinators.combine(value, value).as((a, b) -> Math.min(a, b) + "-" + Math.max(a, b));
        Arbitrary<String> one = value.map(String::valueOf);
        Arbitrary<String> list = Arbitraries.oneOf(one, range)
                .list()
                .ofMinSize(2)
                .ofMaxSize(3)
                .map(parts -> parts.stream().collect(Collectors.joining(",")));
        Arbitrary<String> stepped = Combinators.combine(
                        Arbitraries.oneOf(Arbitraries.just("*"), range),
                        Arbitraries.integers().between(1, Math.max(2, high / 2)))
                .as((what, step) -> what + "/" + step);
        return star
                ? Arbitraries.oneOf(Arbitraries.just("*"), one, range, list, stepped)
                : Arbitraries.oneOf(one, range, list, stepped);
    }

    /** Cron read anew, and slowly: one minute of the wall's clock after the other. */
    private static final class Minutes {
        static List<Instant> fires(String expression, ZoneId zone, Instant after, Instant upTo) {
            String[] fields = expression.split(" ");
            var fires = new ArrayList<Instant>();
            if (fields[1].equals("*")) {
                Instant first = after.plusSeconds(60 - after.getEpochSecond() % 60);
                for (Instant at = first; !at.isAfter(upTo); at = at.plusSeconds(60)) {
                    if (matches(fields, LocalDateTime.ofInstant(at, zone))) {
                        fires.add(at);
                    }
                }
                return fires;
            }
            LocalDateTime end = LocalDateTime.ofInstant(upTo, zone).plusHours(2);
            LocalDateTime time = LocalDateTime.ofInstant(after, zone)
                    .minusHours(2)
                    .withMinute(0)
                    .withSecond(0);
            for (; !time.isAfter(end); time = time.plusMinutes(1)) {
                if (matches(fields, time)) {
                    var change = zone.getRules().getTransition(time);
                    Instant at = change != null && change.isGap()
                            ? change.getInstant()
                            : time.atZone(zone).withEarlierOffsetAtOverlap().toInstant();
                    if (at.isAfter(after) && !at.isAfter(upTo) && !fires.contains(at)) {
                        fires.add(at);
                    }
                }
            }
            fires.sort(null);
            return fires;
        }

        private static boolean matches(String[] fields, LocalDateTime time) {
            boolean month = in(fields[3], time.getMonthValue(), 1, 12);
            boolean day = fields[2].equals("L")
                    ? time.getDayOfMonth() == time.toLocalDate().lengthOfMonth()
                    : in(fields[2], time.getDayOfMonth(), 1, 31);
            boolean weekday = weekday(fields[4], time);
            boolean days = fields[2].equals("*") ? weekday : fields[4].equals("*") ? day : day || weekday;
            return in(fields[0], time.getMinute(), 0, 59) && in(fields[1], time.getHour(), 0, 23) && month && days;
        }

        private static boolean weekday(String field, LocalDateTime time) {
            int today = time.getDayOfWeek().getValue() % 7;
            int date = time.getDayOfMonth();
            if (field.contains("#")) {
                return today == Integer.parseInt(field.substring(0, 1)) % 7
                        && (date - 1) / 7 + 1 == Integer.parseInt(field.substring(2));
            }
            if (field.endsWith("L")) {
                return today == Integer.parseInt(field.substring(0, 1)) % 7
                        && date + 7 > time.toLocalDate().lengthOfMonth();
            }
            return in(field, today, 0, 7) || (today == 0 && in(field, 7, 0, 7));
        }

        private static boolean in(String field, int value, int low, int high) {
            for (String part : field.split(",", -1)) {
                String[] step = part.split("/", -1);
                String[] ends = step[0].split("-", -1);
                int from = step[0].equals("*") ? low : Integer.parseInt(ends[0]);
                int to = step[0].equals("*") ? high : Integer.parseInt(ends[ends.length - 1]);
                int by = step.length > 1 ? Integer.parseInt(step[1]) : 1;
                if (value >= from && value <= to && (value - from) % by == 0) {
                    return true;
                }
            }
            return false;
        }
    }
}
