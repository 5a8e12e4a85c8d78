package dev.nightshift.backup.take;

import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.TargetPools;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The server's settings and access rules beside its data: where configuration lies outside of the data folder, as on
 * Debian, the backup would not hold it.
 */
@ApplicationScoped
public class ServerSettingsCopy {
    private static final Map<String, String> QUERIES = Map.of(
            "settings.json",
            """
            select jsonb_agg(jsonb_build_object('name', name, 'setting', setting, 'unit', unit, 'source', source,
                                                'file', sourcefile) order by name)
              from pg_settings where source not in ('default', 'client', 'session', 'override')
            """,
            "hba.json",
            """
            select jsonb_agg(jsonb_build_object('line', line_number, 'type', type, 'database', database, 'user', user_name,
                                                'address', address, 'netmask', netmask, 'method', auth_method, 'options', options))
              from pg_hba_file_rules
            """,
            "ident.json",
            "select jsonb_agg(jsonb_build_object('map', map_name, 'system', sys_name, 'role', pg_username)) from pg_ident_file_mappings");

    @Inject
    private TargetPools pools;

    /**
     * Which server answers.
     *
     * @param systemIdentifier that its cluster was created with
     * @param version as it says: {@code 18.4}
     */
    public record Server(String systemIdentifier, String version) {}

    /**
     * Asks the server who it is.
     *
     * @throws Failure of the kind that {@link SqlFailure} gives to what the driver or the server says
     */
    public Server server(Endpoint endpoint) {
        return pools.call(endpoint, Deadlines.monitoring(), "backup", session -> {
            try (var query = session.connection()
                            .prepareStatement(
                                    "select system_identifier::text, current_setting('server_version') from pg_control_system()");
                    var rows = query.executeQuery()) {
                rows.next();
                return new Server(rows.getString(1), rows.getString(2));
            }
        });
    }

    /**
     * The copy, by file name, as JSON; what the role may not read is left out and noted in the run's log.
     *
     * @throws Failure of the kind that {@link SqlFailure} gives to what the driver or the server says
     */
    public Map<String, byte[]> read(Endpoint endpoint, TargetRun target) {
        return pools.call(endpoint, Deadlines.monitoring(), "backup", session -> {
            var files = new LinkedHashMap<String, byte[]>();
            for (var query : QUERIES.entrySet()) {
                try {
                    String json = single(session.connection(), query.getValue());
                    if (json != null) {
                        files.put(query.getKey(), json.getBytes(StandardCharsets.UTF_8));
                    }
                } catch (SQLException e) {
                    if (!"42501".equals(e.getSQLState()) && !"42P01".equals(e.getSQLState())) {
                        throw e;
                    }
                    target.info("Not kept beside the backup: " + query.getKey() + " (" + e.getMessage() + ").");
                }
            }
            return files;
        });
    }

    private static @Nullable String single(Connection connection, String sql) throws SQLException {
        try (var query = connection.prepareStatement(sql);
                var rows = query.executeQuery()) {
            rows.next();
            return rows.getString(1);
        }
    }
}
