package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;

/**
 * How far this machine's clock is ahead of the database's. Of the last few questions the one counts that was answered the
 * quickest, as NTP's clock filter has it (RFC 5905, section 10): a pause of the JVM or a busy network makes a round trip
 * longer, never shorter, and what is wrong with an answer is less than half of its round trip. Thread-safe.
 */
final class ClockOffset {
    /** As many as NTP looks back; with a heartbeat every 5 s, a clock that was set shows after 40 s at the latest. */
    static final int LAST = 8;

    private final Deque<Sample> last = new ArrayDeque<>();

    /** One question. */
    record Sample(Duration roundTrip, Duration offset) {
        /** The database read its clock somewhere between question and answer: in the middle, for want of better. */
        static Sample of(Instant asked, Instant read, Instant answered) {
            Duration roundTrip = Duration.between(asked, answered);
            return new Sample(roundTrip, Duration.between(read, asked.plus(roundTrip.dividedBy(2))));
        }
    }

    /** Asks once more. */
    Duration ask(Connection connection, Clock clock) throws SQLException {
        try (var query = connection.prepareStatement("select clock_timestamp()")) {
            Instant asked = clock.now();
            try (var rows = query.executeQuery()) {
                rows.next();
                Instant answered = clock.now();
                return heard(Sample.of(asked, rows.getTimestamp(1).toInstant(), answered));
            }
        }
    }

    synchronized Duration heard(Sample sample) {
        last.addLast(sample);
        if (last.size() > LAST) {
            last.removeFirst();
        }
        return last.stream()
                .min(Comparator.comparing(Sample::roundTrip))
                .map(Sample::offset)
                .orElseThrow();
    }
}
