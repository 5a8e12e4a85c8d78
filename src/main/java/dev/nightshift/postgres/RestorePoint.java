package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * A named place in a server's log that a recovery can aim at.
 *
 * @param position the end of its record; null where it could not be made
 * @param switched whether the server began a new segment after it, so that its segment is complete
 * @param refusal why it could not be made or the segment not be ended, in the server's words; null if all went well
 */
public record RestorePoint(
        @Nullable Lsn position, boolean switched, @Nullable String refusal) {

    /** Whether the role may make one there; true where that cannot be told without trying. */
    public static boolean isPossible(Endpoint endpoint) {
        try (Connection connection = connect(endpoint);
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

    private static Connection connect(Endpoint endpoint) throws SQLException {
        Properties properties = endpoint.jdbcProperties();
        properties.setProperty("socketTimeout", "60");
        return Objects.requireNonNull(new Driver().connect(endpoint.jdbcUrl(), properties), "the driver's URL");
    }

    /**
     * Writes the record and ends the segment, as far as the role may: both functions are for superusers and for those who
     * were granted them, and a standby has neither. What is refused is told, not thrown.
     *
     * @param name at most 63 bytes
     */
    public static RestorePoint create(Endpoint endpoint, String name) {
        Lsn position = null;
        try (Connection connection = connect(endpoint)) {
            try (PreparedStatement statement = connection.prepareStatement("""
                    select pg_catalog.pg_create_restore_point(?)::text
                    """)) {
                statement.setString(1, name);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    position = Lsn.parse(row.getString(1));
                }
            }
            try (Statement statement = connection.createStatement()) {
                statement.execute("""
                        select pg_catalog.pg_switch_wal()
                        """);
            }
            return new RestorePoint(position, true, null);
        } catch (SQLException e) {
            return new RestorePoint(position, false, e.getMessage());
        }
    }
}
