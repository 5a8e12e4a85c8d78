package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What a logical backup asks the database itself, in the snapshot that pg_dump reads. */
final class DumpSource {
    /**
     * Roles, settings and extensions, PostgreSQL 13 and newer. The roles are those that own something here, have or gave
     * privileges, have settings here, and whatever those are members of; no password is read. Roles that every server has
     * are named as such only by memberships.
     */
    private static final String DATABASE = """
            with recursive here as (select d.* from pg_database d where d.datname = current_database()),
            own (id) as (
                select s.refobjid from pg_shdepend s, here
                 where s.dbid in (here.oid, 0) and s.refclassid = 'pg_authid'::regclass
                   and (s.dbid = here.oid or s.classid = 'pg_database'::regclass and s.objid = here.oid)
                union select datdba from here
                union select r.setrole from pg_db_role_setting r, here where r.setdatabase = here.oid and r.setrole <> 0
                union select o.owner from (
                      select relowner, oid, 'pg_class'::regclass::oid from pg_class
                      union all select nspowner, oid, 'pg_namespace'::regclass::oid from pg_namespace
                      union all select proowner, oid, 'pg_proc'::regclass::oid from pg_proc
                      union all select typowner, oid, 'pg_type'::regclass::oid from pg_type) o (owner, id, class)
                 where o.id >= 16384
                   and not exists (select from pg_depend e where e.classid = o.class and e.objid = o.id and e.deptype = 'e')),
            needed (id) as (
                select id from own
                union select m.roleid from pg_auth_members m join needed n on n.id = m.member)
            select jsonb_pretty(jsonb_build_object(
                'version', 1,
                'server', current_setting('server_version'),
                'database', (select jsonb_build_object(
                     'name', datname, 'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
                     'collate', datcollate, 'ctype', datctype, 'provider', coalesce(to_jsonb(here) ->> 'datlocprovider', 'c'),
                     'locale', coalesce(to_jsonb(here) ->> 'datlocale', to_jsonb(here) ->> 'daticulocale'),
                     'connectionLimit', datconnlimit, 'privileges', to_jsonb(datacl::text[])) from here),
                'settings', (select coalesce(jsonb_agg(jsonb_build_object(
                     'role', case when setrole <> 0 then pg_get_userbyid(setrole) end, 'settings', to_jsonb(setconfig))
                     order by setrole), '[]') from pg_db_role_setting, here where setdatabase = here.oid),
                'extensions', (select coalesce(jsonb_agg(jsonb_build_object(
                     'name', extname, 'version', extversion, 'schema', extnamespace::regnamespace::text) order by extname), '[]')
                     from pg_extension),
                'roles', (select coalesce(jsonb_agg(jsonb_build_object(
                     'name', rolname, 'superuser', rolsuper, 'inherit', rolinherit, 'createRole', rolcreaterole,
                     'createDatabase', rolcreatedb, 'login', rolcanlogin, 'replication', rolreplication,
                     'bypassRowSecurity', rolbypassrls, 'connectionLimit', rolconnlimit, 'validUntil', rolvaliduntil,
                     'settings', (select to_jsonb(g.setconfig) from pg_db_role_setting g
                                   where g.setrole = r.oid and g.setdatabase = 0)) order by rolname), '[]')
                     from pg_roles r where r.oid in (select id from needed) and rolname !~ '^pg_'),
                'memberships', (select coalesce(jsonb_agg(distinct jsonb_build_object(
                     'role', pg_get_userbyid(m.roleid), 'member', pg_get_userbyid(m.member), 'admin', m.admin_option)), '[]')
                     from pg_auth_members m
                    where m.member in (select id from needed) and pg_get_userbyid(m.member) !~ '^pg_')))
            """;

    private final Connection connection;

    DumpSource(Connection connection) {
        this.connection = connection;
    }

    /** Where it is asked: whose log stood where when the snapshot was taken, about. */
    record Where(Manifest.Source source, Lsn position) {}

    Where where() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select (select system_identifier::text from pg_control_system()),
                               (select timeline_id from pg_control_checkpoint()),
                               current_setting('server_version'), current_setting('server_version_num')::int / 10000,
                               pg_size_bytes(current_setting('wal_segment_size')),
                               case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text
                        """)) {
            row.next();
            return new Where(
                    new Manifest.Source(
                            row.getString(1), row.getInt(2), row.getString(3), row.getInt(4), row.getInt(5)),
                    Lsn.parse(row.getString(6)));
        }
    }

    /** The text that is kept beside the dump. */
    byte[] text() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(DATABASE)) {
            row.next();
            return row.getString(1).getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * Lets pass a selection all of whose names there are. pg_dump would look only for what it is to take, not for what it is
     * to leave out.
     *
     * @throws Failure.Skippable naming what there is not
     */
    void requireAll(DumpSelection selection) throws SQLException {
        List<String> missing = new ArrayList<>();
        for (List<String> schemas : List.of(selection.schemas(), selection.withoutSchemas())) {
            for (String schema : schemas) {
                if (!exists("select from pg_namespace where nspname = ?", schema)) {
                    missing.add("the schema " + schema);
                }
            }
        }
        for (List<DumpSelection.Table> tables : List.of(selection.tables(), selection.withoutTables())) {
            for (DumpSelection.Table table : tables) {
                if (!exists(
                        "select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ?"
                                + " and c.relname = ? and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')",
                        table.schema(),
                        table.name())) {
                    missing.add("the table " + table.quoted());
                }
            }
        }
        if (!missing.isEmpty()) {
            throw new Failure.Skippable(
                    "In this database there is not what the backup is to choose from: " + String.join(", ", missing)
                            + ".",
                    "Correct the names: they are exact, also in upper and lower case.",
                    null);
        }
    }

    private boolean exists(String sql, String... values) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            for (int at = 0; at < values.length; at++) {
                query.setString(at + 1, values[at]);
            }
            try (ResultSet row = query.executeQuery()) {
                return row.next();
            }
        }
    }
}
