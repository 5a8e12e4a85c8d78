package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    @Test
    void everyNightAtTwoInTheZone() {
        var cron = Cron.of("0 2 * * *", "Europe/Vienna", NOW);
        assertEquals(
                List.of(Instant.parse("2026-11-22T01:00:00Z"), Instant.parse("2026-11-23T01:00:00Z")),
                cron.next(NOW, 2));
    }

    @Test
    void sundayIsBothZeroAndSeven() {
        var monday = Instant.parse("2026-11-23T00:00:00Z");
        assertEquals(
                Cron.of("0 0 * * 0", "UTC", NOW).next(monday, 3),
                Cron.of("0 0 * * 7", "UTC", NOW).next(monday, 3));
    }

    /** Clocks go from 2:00 to 3:00: the night's fire is not lost and not doubled. */
    @Test
    void aTimeInTheSpringGapFiresOnceThatDay() {
        var before = Instant.parse("2026-03-28T12:00:00Z");
        var fires = Cron.of("30 2 * * *", "Europe/Vienna", before).next(before, 2);
        assertEquals(List.of(Instant.parse("2026-03-29T01:00:00Z"), Instant.parse("2026-03-30T00:30:00Z")), fires);
    }

    /** 2:30 comes twice. */
    @Test
    void aTimeInTheAutumnOverlapFiresOnce() {
        var before = Instant.parse("2026-10-24T12:00:00Z");
        var fires = Cron.of("30 2 * * *", "Europe/Vienna", before).next(before, 2);
        assertEquals(List.of(Instant.parse("2026-10-25T00:30:00Z"), Instant.parse("2026-10-26T01:30:00Z")), fires);
    }

    @ParameterizedTest
    @CsvSource({
        "0 2 * *, UTC, cron",
        "0 0 2 * * *, UTC, cron",
        "61 2 * * *, UTC, cron",
        "x, UTC, cron",
        "'', UTC, cron",
        "0 0 30 2 *, UTC, cron",
        "0 2 * * *, Vienna, zone"
    })
    void whatCannotFireIsRefused(String expression, String zone, String field) {
        var refused = assertThrows(Failure.Invalid.class, () -> Cron.of(expression, zone, NOW));
        assertEquals(field, refused.field());
    }
}
