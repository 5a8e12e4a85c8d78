package dev.nightshift.backup.evidence;

import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Retries;
import dev.nightshift.postgres.Snapshot;
import dev.nightshift.postgres.SqlFailure;
import java.sql.SQLException;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots that are opened one after the other until a database is measured. What is left of the one before is gone
 * from the server before the next is opened: a source must not hold the log and the rows of two.
 */
final class Attempts implements AutoCloseable {
    private final Endpoint endpoint;
    private final Consumer<String> notes;
    private @Nullable String before;

    Attempts(Endpoint endpoint, Consumer<String> notes) {
        this.endpoint = endpoint;
        this.notes = notes;
    }

    /** Opens a snapshot under a name that nobody else uses. */
    @FunctionalInterface
    interface Opening {
        Snapshot open(String name) throws SQLException;
    }

    /** Reads in it. */
    @FunctionalInterface
    interface Reading<T> {
        T read(Snapshot snapshot) throws SQLException;
    }

    /**
     * What is read in the next snapshot.
     *
     * @throws SQLException if it cannot be opened or read, or what is left of the one before does not end
     */
    <T> T in(Opening opening, Reading<T> reading) throws SQLException {
        end();
        String name = "nightshift_evidence_" + UUID.randomUUID().toString().replace('-', '_');
        before = name;
        T answer;
        try (Snapshot snapshot = opening.open(name)) {
            answer = reading.read(snapshot);
        }
        before = null;
        return answer;
    }

    private void end() throws SQLException {
        String name = before;
        if (name != null) {
            if (!Snapshot.isGone(endpoint, name)) {
                throw new SQLException("The session " + name + " did not end.", "08007");
            }
            before = null;
        }
    }

    /** Ends what the last one left where it did not end well, as far as the server can be reached. */
    @Override
    public void close() {
        try {
            end();
        } catch (SQLException e) {
            if (!Retries.isWorthwhile(e)) {
                return; // whom the server does not let in has no session there
            }
            notes.accept("The session " + before + " on database " + endpoint.database()
                    + " may last until the server notices that nobody reads it: " + SqlFailure.words(e));
        }
    }
}
