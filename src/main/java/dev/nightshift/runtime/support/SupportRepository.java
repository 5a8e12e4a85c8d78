package dev.nightshift.runtime.support;

import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a bundle tells of the repository, across all projects: counts and versions; and the names that it must not tell. */
@ApplicationScoped
class SupportRepository {
    private static final String NODES = """
            select id::text, version, started_at::text, heartbeat_at::text, draining::text, stopped_at::text
              from job.node order by heartbeat_at desc limit 100
            """;
    private static final String RUNS =
            "select job, status, sum(runs)::text as runs from job.figures() group by job, status order by job, status";
    private static final String SCHEMA = """
            select filename, id, dateexecuted::text as executed from public.databasechangelog order by orderexecuted
            """;

    /**
     * Projects by their id; others, whose ids do not leave their project, by a number. What every installation
     * has is no name, and stands in every line.
     */
    private static final String NAMES = """
            select 'project-' || id, name from fleet.project
            union all select 'project-' || id, display_name from fleet.project
            union all select 'node-' || id, name from job.node
            union all select 'person-' || id, name from access.person
            union all select 'person-' || id, display_name from access.person
            union all select 'instance', instance from fleet.addresses()
            union all select 'host', host from fleet.addresses() where host not in ('127.0.0.1', '::1', 'localhost')
            union all select 'role', username from fleet.addresses() where username not in ('postgres', 'nightshift')
            union all select 'database', database from fleet.addresses() where database is not null
            union all select 'dbname', dbname from fleet.addresses() where dbname not in ('postgres', 'nightshift', 'template1')
            """;

    @Inject
    private Transactions transactions;

    JsonArray nodes() {
        return transactions.installation(connection -> rows(connection, NODES));
    }

    JsonArray runs() {
        return transactions.installation(connection -> rows(connection, RUNS));
    }

    JsonArray schema() {
        return transactions.installation(connection -> rows(connection, SCHEMA));
    }

    /** What stands for each name. */
    Map<String, String> standIns() {
        return transactions.installation(connection -> {
            Map<String, String> found = new LinkedHashMap<>();
            try (var query = connection.prepareStatement(NAMES);
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    String kind = rows.getString(1);
                    String name = rows.getString(2);
                    String standIn = kind.contains("-") ? kind : kind + "-" + (found.size() + 1);
                    if (name != null) {
                        found.putIfAbsent(name, standIn);
                    }
                }
            }
            return found;
        });
    }

    private static JsonArray rows(Connection connection, String sql) throws SQLException {
        JsonArrayBuilder all = Json.createArrayBuilder();
        try (var query = connection.prepareStatement(sql);
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                JsonObjectBuilder row = Json.createObjectBuilder();
                for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                    String value = rows.getString(column);
                    String name = rows.getMetaData().getColumnLabel(column);
                    if (value != null) {
                        row.add(name, value);
                    }
                }
                all.add(row);
            }
        }
        return all.build();
    }
}
