package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * A named place in a server's log that a recovery can aim at, and the end of its segment. Both functions are for superusers
 * and for those who were granted them, database by database, and a standby has neither.
 */
public final class RestorePoint {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private RestorePoint() {}

    /** Whether the role may make one there; true where that cannot be told without trying. */
    public static boolean isPossible(Endpoint endpoint) {
        try (Connection connection = Connector.connect(endpoint, DEADLINE);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select not pg_catalog.pg_is_in_recovery()
                           and pg_catalog.has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'execute')
                        """)) {
            row.next();
            return row.getBoolean(1);
        } catch (SQLException e) {
            return true;
        }
    }

    /**
     * Writes the record.
     *
     * @param name at most 63 bytes; recovery stops at the first record of a name
     * @return the end of the record
     * @throws SQLException if the server refuses, or the connection broke: then nobody knows whether it was made
     */
    public static Lsn create(Endpoint endpoint, String name) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE);
                PreparedStatement statement = connection.prepareStatement("""
                        select pg_catalog.pg_create_restore_point(?)::text
                        """)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return Lsn.parse(row.getString(1));
            }
        }
    }

    /**
     * Lets the server begin a new segment, so that the one so far is complete. Harmless when it is done twice.
     *
     * @throws SQLException if the server refuses, or the connection broke
     */
    public static void endSegment(Endpoint endpoint) throws SQLException {
        try (Connection connection = Connector.connect(endpoint, DEADLINE);
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    select pg_catalog.pg_switch_wal()
                    """);
        }
    }
}
