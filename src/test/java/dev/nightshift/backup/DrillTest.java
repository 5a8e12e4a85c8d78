package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DrillTest {
    private static final Instant NOON = Instant.parse("2026-02-01T12:00:00Z");

    @Test
    void aTrendIsOfTenAndOfTheTenBeforeAndOfNoFewer() {
        List<Long> times =
                new ArrayList<>(LongStream.of(9, 1, 8, 2, 7, 3, 6, 4, 5).boxed().toList());
        assertNull(Drill.trend(times).last());
        times.add(100L);
        assertEquals(5L, Drill.trend(times).last(), "between 5 and 6, rounded down");
        assertNull(Drill.trend(times).before());
        times.addAll(LongStream.range(0, 9).map(each -> 20).boxed().toList());
        assertNull(Drill.trend(times).before());
        times.add(22L);
        assertEquals(20L, Drill.trend(times).before());
        times.add(1_000_000L);
        assertEquals(new Drill.Trend(5L, 20L), Drill.trend(times), "older ones do not count");
    }

    @Test
    void aMomentLiesInASpanAndNeverInAGap() {
        List<DrillChoice.Span> spans = List.of(
                new DrillChoice.Span(NOON, NOON.plusMillis(10)),
                new DrillChoice.Span(NOON.plusSeconds(60), NOON.plusSeconds(60).plusMillis(5)));
        assertEquals(NOON.plusMillis(1), DrillChoice.within(spans, 1));
        assertEquals(NOON.plusMillis(10), DrillChoice.within(spans, 10));
        assertEquals(NOON.plusSeconds(60).plusMillis(1), DrillChoice.within(spans, 11));
        assertEquals(NOON.plusSeconds(60).plusMillis(5), DrillChoice.within(spans, 15));
        assertThrows(IllegalArgumentException.class, () -> DrillChoice.within(spans, 16));
        assertEquals(0, new DrillChoice.Span(NOON, NOON.minusSeconds(1)).millis());
        assertEquals(0, new DrillChoice.Span(NOON, null).millis());
    }
}
