package dev.nightshift.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LiveTest {
    private final List<String> sent = new ArrayList<>();
    private final List<String> dropped = new ArrayList<>();
    private final Outbox outbox = new Outbox(sent::add, () -> dropped.add("dropped"));

    @Test
    void oneMessageIsOnItsWayAtATimeAndTheSameWordWaitsOnce() {
        outbox.add("a");
        outbox.add("b");
        outbox.add("b");
        outbox.add("c");
        assertEquals(List.of("a"), sent);
        outbox.sent();
        outbox.sent();
        outbox.sent();
        assertEquals(List.of("a", "b", "c"), sent);
        outbox.add("d");
        assertEquals(List.of("a", "b", "c", "d"), sent);
    }

    @Test
    void aReaderWhoFallsTooFarBehindIsLetGoOnce() {
        for (int i = 0; i <= Outbox.MOST_WAITING + 10; i++) {
            outbox.add("message " + i);
        }
        assertEquals(List.of("dropped"), dropped);
        outbox.sent();
        assertEquals(1, sent.size(), "nothing is sent to a reader who was let go");
    }

    @Test
    void pagesAreToldKindAndIdsAndNothingElse() {
        Change change = Change.parse("""
                        {"project":"01900000-0000-7000-8000-000000000001","kind":"log","id":"1","run":"2","text":"x"}
                        """).orElseThrow();
        assertEquals("{\"kind\":\"log\",\"id\":\"1\",\"run\":\"2\"}", change.message());
    }

    @Test
    void payloadsThatAreNotOursAreNotPassedOn() {
        for (String payload : List.of("", "junk", "[]", "{}", "{\"project\":\"x\"}", "{\"project\":7}")) {
            assertEquals(Optional.empty(), Change.parse(payload), payload);
        }
    }

    @Test
    void theRepositoryIsAskedForAgainSoonAndThenLessOften() {
        assertEquals(500, Listening.pauseMillis(1));
        assertEquals(1000, Listening.pauseMillis(2));
        assertEquals(15_000, Listening.pauseMillis(6));
        assertEquals(15_000, Listening.pauseMillis(1_000_000));
    }

    @Test
    void theFeedListensWhereTheDataSourceIsAndDoesNotPrintItsPassword() {
        FeedConfig config = FeedConfig.from(key -> Optional.empty());
        assertEquals(new FeedConfig("127.0.0.1", 9432, "nightshift", "prefer", "none", "nightshift_app", ""), config);
        FeedConfig other = FeedConfig.from(key -> Optional.of(key.equals("repository.port") ? "5433" : "hidden"));
        assertEquals(5433, other.port());
        assertTrue(other.toString().contains("5433"));
        assertFalse(new FeedConfig("h", 1, "d", "prefer", "none", "u", "hunter2")
                .toString()
                .contains("hunter2"));
    }
}
