package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class RetriesTest {
    private static final Backoff QUICK = new Backoff(3, Duration.ofMillis(10), Duration.ofMillis(20));

    private final List<String> notes = new ArrayList<>();
    private int tries;

    @Test
    void whatBreaksIsDoneAgainAndEachTryIsNoted() throws SQLException {
        assertEquals("done", retries(Duration.ofMinutes(1)).of("The work", last -> {
            assertEquals(tries == 2, last);
            if (++tries < 3) {
                throw new SQLException("cut", "08006");
            }
            return "done";
        }));
        assertEquals(2, notes.size());
        assertTrue(
                notes.get(1).matches("The work broke off: cut\\. Trying again in [0-9]+ ms \\(2 of 3 tries\\)\\."),
                notes::toString);
    }

    @Test
    void theLastTrysErrorIsThrown() {
        SQLException thrown = assertThrows(
                SQLException.class,
                () -> retries(Duration.ofMinutes(1)).of("The work", last -> {
                    throw new SQLException("cut " + ++tries, "08006");
                }));
        assertEquals("cut 3", thrown.getMessage());
        assertEquals(2, notes.size());
    }

    @Test
    void whatIsRefusedOrOutOfTimeIsNotTriedAgain() {
        for (String state : List.of("42501", "57014", "28000", "42704")) {
            SQLException refused = new SQLException("no", state);
            assertSame(
                    refused,
                    assertThrows(
                            SQLException.class,
                            () -> retries(Duration.ofMinutes(1)).of("The work", last -> {
                                throw refused;
                            })));
        }
        assertEquals(List.of(), notes);
    }

    @Test
    void noTryIsBegunWhenTheTimeIsOver() {
        assertThrows(
                SQLException.class,
                () -> retries(Duration.ZERO).of("The work", last -> {
                    tries++;
                    throw new SQLException("cut", "08006");
                }));
        assertEquals(1, tries);
    }

    @Test
    void noTryIsBegunInVain() {
        Retries vain = new Retries(QUICK, Duration.ofMinutes(1), notes::add, () -> {
            throw new CancellationException();
        });
        assertThrows(
                CancellationException.class,
                () -> vain.of("The work", last -> {
                    tries++;
                    throw new SQLException("cut", "08006");
                }));
        assertEquals(1, tries);
    }

    private Retries retries(Duration most) {
        return new Retries(QUICK, most, notes::add, () -> {});
    }
}
