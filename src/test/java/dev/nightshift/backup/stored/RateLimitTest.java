package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** By a clock that pauses alone move, so that what is due when is known to the nanosecond. */
class RateLimitTest {
    private static final int KILOBYTES = 1024;

    private long now = -5_000_000_000L; // nanoTime may be negative
    private final long began = now;
    private final List<Long> pauses = new ArrayList<>();
    private final RateLimit limit = new RateLimit(KILOBYTES, () -> now, this::pause);

    private static void goesOn() {}

    private void pause(long nanos) {
        pauses.add(nanos);
        now += nanos;
    }

    private Duration passed() {
        return Duration.ofNanos(now - began);
    }

    @Test
    void whatIsTakenIsDueAtTheRate() {
        for (int i = 0; i < 160; i++) {
            limit.take(64 << 10, RateLimitTest::goesOn);
        }
        assertEquals(Duration.ofSeconds(10), passed());
    }

    @Test
    void littleIsOwedWithoutAPauseAndPaidLater() {
        limit.take(1000, RateLimitTest::goesOn);
        assertEquals(List.of(), pauses);
        for (int i = 1; i < 1049; i++) {
            limit.take(1000, RateLimitTest::goesOn);
        }
        assertTrue(passed().toMillis() >= 999 && passed().toMillis() <= 1001, passed()::toString);
    }

    @Test
    void whatWasNotUsedIsSavedForATenthOfASecondOnly() {
        now += Duration.ofHours(1).toNanos();
        limit.take(1 << 20, RateLimitTest::goesOn);
        assertEquals(Duration.ofHours(1).plusMillis(900), passed());
    }

    @Test
    void aStopEndsAWaitOfHoursSoon() {
        int[] asked = {0};
        assertThrows(
                IllegalStateException.class,
                () -> limit.take(10L << 30, () -> {
                    if (++asked[0] == 4) {
                        throw new IllegalStateException("stopped");
                    }
                }));
        assertTrue(passed().toMillis() <= 1000, passed()::toString);
    }

    @Test
    void anInterruptEndsTheWait() {
        RateLimit slow = new RateLimit(32);
        Thread.currentThread().interrupt();
        assertThrows(Failure.Retryable.class, () -> slow.take(1 << 30, RateLimitTest::goesOn));
        assertTrue(Thread.interrupted(), "whoever waits above hears of it as well");
    }

    @Test
    void thoseWhoShareItHaveTheRateTogether() throws Exception {
        RateLimit shared = new RateLimit(4 * KILOBYTES);
        long from = System.nanoTime();
        ExecutorService readers = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int reader = 0; reader < 4; reader++) {
                all.add(readers.submit(() -> {
                    for (int i = 0; i < 16; i++) {
                        shared.take(64 << 10, RateLimitTest::goesOn);
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            readers.shutdownNow();
        }
        Duration took = Duration.ofNanos(System.nanoTime() - from);
        assertTrue(took.toMillis() >= 850, "4 MB at 4 MB/s took " + took);
    }

    @Test
    void aStoreIsReadAtTheRateAndHoldsWhatItHeld() throws IOException {
        byte[] content = new byte[3 << 20];
        new Random(1).nextBytes(content);
        MemoryStore store = new MemoryStore();
        store.objects.put("shop/object", content);
        Store paced = new PacedStore(store, limit, RateLimitTest::goesOn);
        try (InputStream in = paced.read("shop/object")) {
            assertArrayEquals(content, in.readAllBytes());
        }
        assertEquals(Duration.ofSeconds(3), passed());
        assertTrue(pauses.stream().allMatch(each -> each <= 200_000_000L), "its readers are asked meanwhile");
        assertEquals(store.list(""), paced.list(""));
        assertEquals(store.size("shop/object"), paced.size("shop/object"));
        assertEquals(store.toString(), paced.toString());
        assertThrows(Failure.NotFound.class, () -> paced.read("none"));
    }
}
