package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StuckSchedulesTest {
    @ParameterizedTest
    @CsvSource({
        "* * * * *, PT2M",
        "0 * * * *, PT2H",
        "15 2 * * *, PT48H",
        // The next one is on Monday
        "0 3 * * 1-5, PT144H"
    })
    void aScheduleMayBeLateByTwoOfItsIntervals(String cron, String patience) {
        Instant friday = Instant.parse("2026-03-06T03:00:00Z");
        Instant due = cron.startsWith("15") ? Instant.parse("2026-03-06T02:15:00Z") : friday;
        assertEquals(Duration.parse(patience), StuckSchedules.patience(new Cron(cron, ZoneId.of("UTC")), due));
    }
}
