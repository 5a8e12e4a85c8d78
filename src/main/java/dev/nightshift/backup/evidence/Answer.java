package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Set;

/**
 * What a relation's query answers.
 *
 * @param rows as in {@link Measured}
 * @param hash as in {@link Measured}
 */
public record Answer(long rows, String hash) {
    /** What a damaged or missing relation answers: data exception, system error, internal error, undefined object. */
    private static final Set<String> DIFFERENCE = Set.of("22", "58", "XX", "42", "3F");

    /** Of a role that may not read it: says nothing of the rows. */
    private static final String DENIED = "42501";

    /**
     * Asks again what was measured, in a transaction under {@link Evidence#SETTINGS}.
     *
     * @throws SQLException if the relation is gone or cannot be read
     */
    public static Answer of(Connection connection, Measured measured) throws SQLException {
        return of(connection, measured.kind(), measured.query());
    }

    static Answer of(Connection connection, Kind kind, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            if (!row.next()) {
                throw new SQLException("There is no such relation.", "42P01");
            }
            return new Answer(row.getLong("rows"), kind == Kind.SEQUENCE ? "" : row.getString("hash"));
        }
    }

    /** Whether a copy that answers with this error is damaged, or lacks the relation; else it could not be asked. */
    public static boolean isDifference(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return !state.equals(DENIED) && DIFFERENCE.contains(state.substring(0, Math.min(2, state.length())));
    }

    /** Whether a copy that answers this holds what was measured. */
    public boolean matches(Measured measured) {
        return measured.kind() == Kind.SEQUENCE
                ? rows >= measured.rows()
                : rows == measured.rows() && hash.equals(measured.hash());
    }

    /** In a sentence what does not match, without its full stop. */
    public String difference(String name, Measured measured) {
        if (measured.kind() == Kind.SEQUENCE) {
            return String.format(
                    Locale.ROOT, "The sequence %s is at %d, on the source it was at %d", name, rows, measured.rows());
        }
        return rows == measured.rows()
                ? String.format(
                        Locale.ROOT, "%s has as many rows as on the source, %,d, with other content", name, rows)
                : String.format(Locale.ROOT, "%s has %,d rows, on the source it had %,d", name, rows, measured.rows());
    }
}
