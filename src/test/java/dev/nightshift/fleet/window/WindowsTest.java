package dev.nightshift.fleet.window;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowsTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final Set<DayOfWeek> WEEKDAYS = EnumSet.range(DayOfWeek.MONDAY, DayOfWeek.FRIDAY);

    private static MaintenanceWindow window(
            String name, Set<DayOfWeek> days, String start, String end, String... databases) {
        return new MaintenanceWindow(
                new UUID(0, 1), name, days, LocalTime.parse(start), LocalTime.parse(end), BERLIN, List.of(databases));
    }

    private static Windows.State state(Instant now, List<String> databases, MaintenanceWindow... windows) {
        return new Windows(List.of(windows))
                .of(
                        databases.stream()
                                .map(name ->
                                        new Windows.Tagged(name, name.equals("shop") ? List.of("gold") : List.of()))
                                .toList(),
                        now);
    }

    private static Windows.State.Open open(String closes) {
        return new Windows.State.Open(Optional.of(Instant.parse(closes)));
    }

    private static final Windows.State.Open ALWAYS = new Windows.State.Open(Optional.empty());

    /** 27 November 2026 is a Friday. */
    @ParameterizedTest
    @CsvSource({
        "2026-11-27T20:59:59Z, closed, 2026-11-27T21:00:00Z",
        "2026-11-27T21:00:00Z, open, 2026-11-28T05:00:00Z",
        "2026-11-28T04:59:59Z, open, 2026-11-28T05:00:00Z",
        "2026-11-28T05:00:00Z, closed, 2026-11-30T21:00:00Z",
        "2026-11-28T21:30:00Z, closed, 2026-11-30T21:00:00Z"
    })
    void aNightOverMidnightBelongsToTheDayOnWhichItBegins(Instant now, String what, Instant then) {
        MaintenanceWindow night = window("night", WEEKDAYS, "22:00", "06:00");
        assertEquals(
                what.equals("open") ? new Windows.State.Open(Optional.of(then)) : new Windows.State.Closed(night, then),
                state(now, List.of("shop"), night));
    }

    /** Clocks go from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October. */
    @ParameterizedTest
    @CsvSource({"2026-03-28T23:00:00Z, 2026-03-29T03:00:00Z", "2026-10-24T23:00:00Z, 2026-10-25T04:00:00Z"})
    void itClosesWhenTheClockOnTheWallSaysSo(Instant now, Instant closes) {
        MaintenanceWindow night = window("night", EnumSet.allOf(DayOfWeek.class), "22:00", "05:00");
        assertEquals(new Windows.State.Open(Optional.of(closes)), state(now, List.of("shop"), night));
    }

    /** On 29 March the clock goes from 2:00 to 3:00: that night nothing is left of it, and the next one is a week on. */
    @Test
    void aWindowInTheGapOpensAWeekLater() {
        MaintenanceWindow gap = window("gap", Set.of(DayOfWeek.SUNDAY), "02:00", "03:00");
        assertEquals(
                new Windows.State.Closed(gap, Instant.parse("2026-04-05T00:00:00Z")),
                state(Instant.parse("2026-03-22T12:00:00Z"), List.of("shop"), gap));
        MaintenanceWindow half = window("half", Set.of(DayOfWeek.SUNDAY), "02:30", "03:15");
        assertEquals(open("2026-03-29T01:15:00Z"), state(Instant.parse("2026-03-29T01:00:00Z"), List.of("shop"), half));
    }

    @Test
    void oneWindowThatMeetsItselfIsOne() {
        assertEquals(
                open("2026-11-29T23:00:00Z"),
                state(
                        Instant.parse("2026-11-26T23:30:00Z"),
                        List.of("shop"),
                        window("days", EnumSet.range(DayOfWeek.FRIDAY, DayOfWeek.SUNDAY), "00:00", "00:00")));
    }

    @Test
    void whatHasNoWindowIsAlwaysOpen() {
        Instant now = Instant.parse("2026-11-27T12:00:00Z");
        MaintenanceWindow night = window("night", WEEKDAYS, "22:00", "06:00", "crm");
        assertEquals(ALWAYS, state(now, List.of("shop"), night));
        assertEquals(ALWAYS, state(now, List.of("shop")));
        assertEquals(ALWAYS, state(now, List.of(), night));
    }

    @Test
    void aTagStandsForThoseThatCarryIt() {
        Instant now = Instant.parse("2026-11-27T12:00:00Z");
        MaintenanceWindow night = window("night", WEEKDAYS, "22:00", "06:00", "tag:gold");
        assertEquals(
                new Windows.State.Closed(night, Instant.parse("2026-11-27T21:00:00Z")),
                state(now, List.of("shop"), night));
        assertEquals(ALWAYS, state(now, List.of("crm"), night));
    }

    @Test
    void windowsThatMeetAreOne() {
        Instant now = Instant.parse("2026-11-27T22:00:00Z");
        assertEquals(
                open("2026-11-28T07:00:00Z"),
                state(
                        now,
                        List.of("shop"),
                        window("one", WEEKDAYS, "22:00", "02:00"),
                        window("two", Set.of(DayOfWeek.SATURDAY), "02:00", "04:00"),
                        window("three", Set.of(DayOfWeek.SATURDAY), "03:30", "08:00")));
    }

    /** The databases of an instance are worked on together. */
    @Test
    void ofSeveralDatabasesAllMustBeOpenAndTheFirstToCloseCounts() {
        MaintenanceWindow ofShop = window("shop", WEEKDAYS, "20:00", "23:00", "shop");
        MaintenanceWindow ofCrm = window("crm", WEEKDAYS, "22:00", "02:00", "crm");
        List<String> both = List.of("shop", "crm");
        assertEquals(
                new Windows.State.Closed(ofCrm, Instant.parse("2026-11-27T21:00:00Z")),
                state(Instant.parse("2026-11-27T20:00:00Z"), both, ofShop, ofCrm));
        assertEquals(open("2026-11-27T22:00:00Z"), state(Instant.parse("2026-11-27T21:30:00Z"), both, ofShop, ofCrm));
    }

    @Test
    void theCalendarShowsTheOneThatBeganTheEveningBefore() {
        MaintenanceWindow night = window("night", WEEKDAYS, "22:00", "06:00");
        assertEquals(
                List.of(
                        new MaintenanceWindow.Stretch(
                                Instant.parse("2026-11-26T21:00:00Z"), Instant.parse("2026-11-27T05:00:00Z")),
                        new MaintenanceWindow.Stretch(
                                Instant.parse("2026-11-27T21:00:00Z"), Instant.parse("2026-11-28T05:00:00Z"))),
                night.within(Instant.parse("2026-11-27T00:00:00Z"), Instant.parse("2026-11-29T00:00:00Z")));
    }
}
