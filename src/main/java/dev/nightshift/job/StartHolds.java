package dev.nightshift.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/** What keeps a run that a schedule fired from starting later: the calendar may have changed, or gone on, while it waited. */
public interface StartHolds {
    /**
     * A hold on the start.
     *
     * @param reason what the run waits for, as a sentence
     */
    record Hold(Instant until, String reason) {}

    /** Whether a run of the job may not start now, within the caller's transaction of the project. */
    Optional<Hold> on(Connection connection, String job, Instant now) throws SQLException;
}
