package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiresTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final Fires.Calendar OPEN = calendar(List.of(), List.of());
    private static final Instant NIGHT = Instant.parse("2026-11-20T22:00:00Z");

    private static Fires.Calendar calendar(List<String> except, List<Blackout> blackouts, Pause... pauses) {
        return new Fires.Calendar(List.of(pauses), new Fires.Exceptions(except, BERLIN), blackouts);
    }

    private static Pause pause(String since, @Nullable String until) {
        return new Pause(
                Instant.parse(since), until == null ? null : Instant.parse(until), "mira", "The storage moves.");
    }

    private static Blackout blackout(String from, String to, boolean yearly) {
        return new Blackout(
                new UUID(0, 1),
                "Freeze",
                LocalDateTime.parse(from),
                LocalDateTime.parse(to),
                BERLIN,
                yearly,
                List.of());
    }

    private static String due(String cron, Instant next, String now, Misfire misfire, Fires.Calendar calendar) {
        return Fires.due(new Cron(cron, BERLIN), next, Instant.parse(now), misfire, calendar).stream()
                .map(fire -> fire.at().toString().substring(11, 16) + " " + fire.outcome())
                .collect(Collectors.joining(", "));
    }

    @ParameterizedTest
    @CsvSource({"SKIP", "ONCE", "ALL"})
    void aFireInTimeStartsWhateverThePolicy(Misfire misfire) {
        assertEquals("22:00 START", due("0 * * * *", NIGHT, "2026-11-20T22:00:01Z", misfire, OPEN));
    }

    /** The server was down from 21:30 to 01:10. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SKIP | 22:00 MISSED, 23:00 MISSED, 00:00 MISSED, 01:00 MISSED",
                "ONCE | 22:00 MISSED, 23:00 MISSED, 00:00 MISSED, 01:00 START",
                "ALL | 22:00 START, 23:00 START, 00:00 START, 01:00 START"
            })
    void afterANightsDowntime(Misfire misfire, String expected) {
        assertEquals(expected, due("0 * * * *", NIGHT, "2026-11-21T01:10:00Z", misfire, OPEN));
    }

    /** As it comes back the 01:00 is due, in time. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SKIP | 22:00 MISSED, 23:00 MISSED, 00:00 MISSED, 01:00 START",
                "ONCE | 22:00 MISSED, 23:00 MISSED, 00:00 MISSED, 01:00 START",
                "ALL | 22:00 START, 23:00 START, 00:00 START, 01:00 START"
            })
    void theLastFireOfADowntimeMayBeInTime(Misfire misfire, String expected) {
        assertEquals(expected, due("0 * * * *", NIGHT, "2026-11-21T01:01:00Z", misfire, OPEN));
    }

    @Test
    void aMissedFireNamesTheOneThatStandsForIt() {
        var fires = Fires.due(
                new Cron("0 * * * *", BERLIN), NIGHT, Instant.parse("2026-11-20T23:30:00Z"), Misfire.ONCE, OPEN);
        assertEquals(
                "Nobody was there to start it in time. The one of 21 Nov 00:00 stands for it.",
                fires.get(0).reason());
        assertEquals("Starts late: nobody was there at its time.", fires.get(1).reason());
    }

    /** The night on which 2:30 does not exist, and the one on which it comes twice: one fire of each. */
    @ParameterizedTest
    @CsvSource({"2026-03-28T12:00:00Z, 2026-03-29T12:00:00Z", "2026-10-24T12:00:00Z, 2026-10-25T12:00:00Z"})
    void aNightsDowntimeOverAChangeOfTheClockMissesOneFire(String next, String now) {
        Instant first = new Cron("30 2 * * *", BERLIN).next(Instant.parse(next)).orElseThrow();
        assertEquals(
                1,
                Fires.due(new Cron("30 2 * * *", BERLIN), first, Instant.parse(now), Misfire.ALL, OPEN)
                        .size());
    }

    @Test
    void ofAWeekOfMinutesTheLastHundredAreKept() {
        var fires = Fires.due(
                new Cron("* * * * *", BERLIN), NIGHT, Instant.parse("2026-11-27T22:00:00Z"), Misfire.ALL, OPEN);
        assertEquals(Fires.MOST, fires.size());
        assertEquals(Instant.parse("2026-11-27T22:00:00Z"), fires.get(99).at());
    }

    @Test
    void whatIsOlderThanAMonthIsNotLookedFor() {
        var fires = Fires.due(
                new Cron("0 0 1 * *", BERLIN),
                Instant.parse("2026-01-31T23:00:00Z"),
                Instant.parse("2026-11-21T12:00:00Z"),
                Misfire.ALL,
                OPEN);
        assertEquals(1, fires.size());
        assertEquals(Instant.parse("2026-10-31T23:00:00Z"), fires.get(0).at());
    }

    @Test
    void whatFellIntoAPauseLeavesNoWord() {
        var paused = calendar(List.of(), List.of(), pause("2026-11-20T21:00:00Z", "2026-11-21T00:30:00Z"));
        assertEquals("01:00 START", due("0 * * * *", NIGHT, "2026-11-21T01:00:05Z", Misfire.ALL, paused));
        assertEquals("", due("0 * * * *", NIGHT, "2026-11-21T00:40:00Z", Misfire.ONCE, paused));
    }

    @Test
    void whatWasMissedBeforeAPauseWasMissed() {
        var paused = calendar(List.of(), List.of(), pause("2026-11-20T22:30:00Z", "2026-11-21T00:30:00Z"));
        assertEquals("22:00 START", due("0 * * * *", NIGHT, "2026-11-21T00:40:00Z", Misfire.ONCE, paused));
    }

    @Test
    void aDayLeftOutAndABlackoutSkipWithTheirReason() {
        var except = calendar(List.of("2026-11-21"), List.of());
        assertEquals(
                "22:00 MISSED, 23:00 SKIPPED, 00:00 SKIPPED",
                due("0 * * * *", NIGHT, "2026-11-21T00:10:00Z", Misfire.ALL, except));
        var frozen = calendar(List.of(), List.of(blackout("2026-11-20T23:30", "2026-11-21T00:30", false)));
        assertEquals(
                "22:00 START, 23:00 SKIPPED, 00:00 START",
                due("0 * * * *", NIGHT, "2026-11-21T00:10:00Z", Misfire.ALL, frozen));
        assertEquals(
                "Blackout \"Freeze\", until 21 Nov 2026 00:30 (Europe/Berlin).",
                frozen.heldBack(Instant.parse("2026-11-20T23:00:00Z")).orElseThrow());
        assertEquals(
                "The schedule leaves out 21 November.",
                except.heldBack(Instant.parse("2026-11-20T23:00:00Z")).orElseThrow());
    }

    /** The one that stands for the others is one that nothing holds back. */
    @Test
    void onceStartsTheLatestThatIsNotHeldBack() {
        var frozen = calendar(List.of(), List.of(blackout("2026-11-21T00:30", "2026-11-21T01:30", false)));
        assertEquals(
                "22:00 MISSED, 23:00 START, 00:00 SKIPPED",
                due("0 * * * *", NIGHT, "2026-11-21T00:40:00Z", Misfire.ONCE, frozen));
    }

    @Test
    void whatWasMissedDoesNotStartWithinABlackout() {
        var frozen = calendar(List.of(), List.of(blackout("2026-11-21T00:30", "2026-11-21T03:00", false)));
        assertEquals(
                "22:00 MISSED, 23:00 MISSED, 00:00 SKIPPED",
                due("0 * * * *", NIGHT, "2026-11-21T00:10:00Z", Misfire.ALL, frozen));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-12-24T12:00:00Z, true",
        "2026-12-23T22:59:59Z, false",
        "2026-12-23T23:00:00Z, true",
        "2027-01-01T22:59:00Z, true",
        "2027-01-01T23:00:00Z, false",
        "2029-12-31T12:00:00Z, true",
        "2025-12-31T12:00:00Z, false",
        "2026-01-01T12:00:00Z, false",
        "2030-01-01T12:00:00Z, true"
    })
    void aYearlyBlackoutComesOverTheTurnOfTheYear(Instant time, boolean covered) {
        assertEquals(
                covered,
                blackout("2026-12-24T00:00", "2027-01-02T00:00", true)
                        .around(time)
                        .isPresent());
    }

    @Test
    void theCalendarShowsEachStretchOfAYearlyBlackout() {
        var turns = blackout("2026-12-24T00:00", "2027-01-02T00:00", true);
        assertEquals(
                3,
                turns.within(Instant.parse("2026-12-31T00:00:00Z"), Instant.parse("2028-12-26T00:00:00Z"))
                        .size());
        assertEquals(
                List.of(), turns.within(Instant.parse("2027-02-01T00:00:00Z"), Instant.parse("2027-03-01T00:00:00Z")));
    }

    @Test
    void nextLeavesOutWhatIsHeldBack() {
        Instant now = Instant.parse("2026-12-22T12:00:00Z");
        var cron = new Cron("0 3 * * *", BERLIN);
        var quiet = calendar(
                List.of("12-24", "2026-12-26"), List.of(), pause("2026-12-22T00:00:00Z", "2026-12-23T12:00:00Z"));
        assertEquals(
                List.of("2026-12-25T02:00:00Z", "2026-12-27T02:00:00Z"),
                Fires.next(cron, now, quiet, 2).stream().map(Instant::toString).toList());
        assertTrue(Fires.next(cron, now, calendar(List.of(), List.of(), pause("2026-12-22T00:00:00Z", null)), 5)
                .isEmpty());
    }
}
