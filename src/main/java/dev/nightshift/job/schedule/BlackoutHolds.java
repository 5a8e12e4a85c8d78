package dev.nightshift.job.schedule;

import dev.nightshift.job.StartHolds;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/** A run that fired before a blackout and waits does not start within it. */
@ApplicationScoped
class BlackoutHolds implements StartHolds {
    /** Of several blackouts the one that lasts longest is named. */
    @Override
    public Optional<Hold> on(Connection connection, String job, Instant now) throws SQLException {
        return CalendarRepository.blackouts(connection).stream()
                .filter(blackout -> blackout.concerns(job))
                .flatMap(blackout -> blackout
                        .around(now)
                        .map(stretch ->
                                new Hold(stretch.to(), "Waits for the end of this: " + blackout.reason(stretch)))
                        .stream())
                .max(Comparator.comparing(Hold::until));
    }
}
