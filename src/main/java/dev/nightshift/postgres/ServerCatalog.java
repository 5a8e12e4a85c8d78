package dev.nightshift.postgres;

import dev.nightshift.kernel.Identifier;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the {@link ServerFacts}: catalog only, no lock on any table of the user's. */
final class ServerCatalog {
    private ServerCatalog() {}

    static ServerFacts read(Session session) throws SQLException {
        Sizes sizes = sizes(session);
        ServerFacts.Tables tables = tables(session);
        ServerFacts.Role role = role(session);
        // pg_settings hides what the role may not see, where current_setting() would end in an error
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("""
                        select current_setting('server_version') as version_text,
                               case when has_function_privilege('pg_catalog.pg_control_system()', 'execute')
                                    then (select system_identifier::text from pg_control_system()) end as system_identifier,
                               pg_is_in_recovery() as in_recovery,
                               (select version || ' ' || cipher from pg_stat_ssl where pid = pg_backend_pid() and ssl) as cipher,
                               current_setting('wal_level') as wal_level,
                               current_setting('max_wal_senders')::int as max_wal_senders,
                               (select count(*)::int from pg_stat_replication) as used_wal_senders,
                               current_setting('max_replication_slots')::int as max_slots,
                               (select count(*)::int from pg_replication_slots) as used_slots,
                               (select setting::boolean from pg_settings where name = 'summarize_wal') as summarize_wal,
                               current_setting('data_checksums')::boolean as checksums,
                               current_setting('archive_mode') as archive_mode,
                               (select setting from pg_settings where name = 'shared_preload_libraries') as preloaded,
                               (select installed_version is not null from pg_available_extensions
                                where name = 'pg_stat_statements') as stat_statements,
                               (select installed_version is not null from pg_available_extensions
                                where name = 'amcheck') as amcheck,
                               -- The administrators' roles that the services document
                               (select min(case rolname when 'rds_superuser' then 'Amazon RDS or Aurora'
                                                        when 'cloudsqlsuperuser' then 'Google Cloud SQL'
                                                        when 'alloydbsuperuser' then 'Google AlloyDB'
                                                        when 'azure_pg_admin' then 'Azure Database for PostgreSQL'
                                                        when 'neon_superuser' then 'Neon' end)
                                from pg_roles) as service
                        """)) {
            row.next();
            return new ServerFacts(
                    session.serverVersion(),
                    row.getString("version_text"),
                    row.getString("system_identifier"),
                    row.getBoolean("in_recovery"),
                    row.getString("cipher"),
                    sizes.database,
                    sizes.instance,
                    sizes.unread,
                    row.getString("wal_level"),
                    row.getInt("max_wal_senders"),
                    row.getInt("used_wal_senders"),
                    row.getInt("max_slots"),
                    row.getInt("used_slots"),
                    optional(row, "summarize_wal"),
                    row.getBoolean("checksums"),
                    row.getString("archive_mode"),
                    row.getString("preloaded"),
                    extension(optional(row, "stat_statements")),
                    extension(optional(row, "amcheck")),
                    row.getString("service"),
                    role,
                    tables);
        }
    }

    private static ServerFacts.Role role(Session session) throws SQLException {
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("""
                        select rolname, current_database() as database, rolsuper, rolreplication, rolbypassrls,
                               pg_has_role('pg_monitor', 'usage') as monitor,
                               (select pg_has_role(oid, 'usage') from pg_roles where rolname = 'pg_read_all_data') as read_all,
                               (select pg_has_role(oid, 'usage') from pg_roles where rolname = 'pg_maintain') as maintain,
                               has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'execute') as restore_point,
                               has_function_privilege('pg_catalog.pg_switch_wal()', 'execute') as switch_wal
                        from pg_roles where rolname = current_user
                        """)) {
            row.next();
            return new ServerFacts.Role(
                    row.getString("rolname"),
                    row.getString("database"),
                    row.getBoolean("rolsuper"),
                    row.getBoolean("rolreplication"),
                    row.getBoolean("rolbypassrls"),
                    row.getBoolean("monitor"),
                    optional(row, "read_all"),
                    optional(row, "maintain"),
                    row.getBoolean("restore_point"),
                    row.getBoolean("switch_wal"));
        }
    }

    /** As VACUUM itself decides it: owner of the table or of the database, from 17 on MAINTAIN too. */
    private static ServerFacts.Tables tables(Session session) throws SQLException {
        String privilege = session.serverMajor() >= 17 ? "has_table_privilege(c.oid, 'MAINTAIN')" : "false";
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("""
                        with tables as (
                            select c.relowner, c.relrowsecurity,
                                   pg_has_role(c.relowner, 'usage') or pg_has_role(d.datdba, 'usage') or %s as maintained
                            from pg_class c
                            join pg_namespace n on n.oid = c.relnamespace
                            join pg_database d on d.datname = current_database()
                            where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't'
                              and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
                        )
                        select count(*)::int as tables,
                               count(*) filter (where not maintained)::int as not_maintained,
                               count(*) filter (where relrowsecurity)::int as row_security,
                               coalesce(bool_or(o.rolsuper) filter (where not maintained), false) as superuser_owned,
                               coalesce(array_agg(distinct o.rolname::text) filter (where not maintained), '{}') as owners
                        from tables join pg_roles o on o.oid = relowner
                        """.formatted(privilege))) {
            row.next();
            return new ServerFacts.Tables(
                    row.getInt("tables"),
                    row.getInt("not_maintained"),
                    names(row.getArray("owners")),
                    row.getBoolean("superuser_owned"),
                    row.getInt("row_security"));
        }
    }

    private record Sizes(@Nullable Long database, @Nullable Long instance, int unread) {}

    /** Looks at every file, so it may run into the deadline where there are millions: then it is not measured. */
    private static Sizes sizes(Session session) throws SQLException {
        try (Statement statement = session.connection().createStatement();
                ResultSet row = statement.executeQuery("""
                        select pg_database_size(current_database()) as own,
                               sum(case when readable then pg_database_size(oid) end)::bigint as every,
                               count(*) filter (where not readable)::int as unread
                        from (select oid, has_database_privilege(oid, 'connect')
                                          or pg_has_role('pg_read_all_stats', 'usage') as readable
                              from pg_database) as databases
                        """)) {
            row.next();
            return new Sizes(row.getLong("own"), row.getLong("every"), row.getInt("unread"));
        } catch (SQLException e) {
            if (SqlFailure.of(e).unreachable()) {
                throw e;
            }
            return new Sizes(null, null, 0);
        }
    }

    private static ServerFacts.Extension extension(@Nullable Boolean created) {
        if (created == null) {
            return ServerFacts.Extension.MISSING;
        }
        return created ? ServerFacts.Extension.CREATED : ServerFacts.Extension.AVAILABLE;
    }

    private static @Nullable Boolean optional(ResultSet row, String column) throws SQLException {
        boolean value = row.getBoolean(column);
        return row.wasNull() ? null : value;
    }

    private static List<String> names(Array array) throws SQLException {
        return Arrays.stream((String[]) array.getArray())
                .map(name -> new Identifier(name).quoted())
                .toList();
    }
}
