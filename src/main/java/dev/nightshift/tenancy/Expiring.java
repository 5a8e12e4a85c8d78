package dev.nightshift.tenancy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;

/**
 * Rows of a project that are kept for a time only. Produced by the package that writes them; the job purge finds all there
 * are, and takes them in the order of {@link Kept}.
 *
 * @param what they are, in the plural, as a log line says it: {@code audit entries}
 */
public record Expiring(String what, Kept kept, Forgetting forgetting) {
    /** For how long; the project says how many days. */
    public enum Kept {
        LOGS,
        RUNS,
        AUDIT,
        /** Deleted objects, for as long as they can be restored. Last: runs and backups name them. */
        DELETED
    }

    /** Lets the oldest go, in the transaction of the project whose connection it is. */
    @FunctionalInterface
    public interface Forgetting {
        /**
         * Forgets some.
         *
         * @param before when they were over, at the latest
         * @param most about how many rows at once
         * @return how many; 0 when none is left
         */
        long forget(Connection connection, Instant before, int most) throws SQLException;
    }

    /** Rows that a function of the repository forgets, given a time and a number. */
    public static Expiring by(String function, String what, Kept kept) {
        return new Expiring(what, kept, (connection, before, most) -> call(connection, function, before, most));
    }

    /** Calls such a function. */
    public static long call(Connection connection, String function, Instant before, int most) throws SQLException {
        try (var query = connection.prepareStatement("select " + function + "(?, ?)")) {
            query.setTimestamp(1, Timestamp.from(before));
            query.setInt(2, most);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
