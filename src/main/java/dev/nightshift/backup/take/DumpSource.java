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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

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
                      union all select typowner, oid, 'pg_type'::regclass::oid from pg_type
                      union all select pubowner, oid, 'pg_publication'::regclass::oid from pg_publication
                      union all select evtowner, oid, 'pg_event_trigger'::regclass::oid from pg_event_trigger
                      union all select oprowner, oid, 'pg_operator'::regclass::oid from pg_operator
                      union all select opcowner, oid, 'pg_opclass'::regclass::oid from pg_opclass
                      union all select opfowner, oid, 'pg_opfamily'::regclass::oid from pg_opfamily
                      union all select collowner, oid, 'pg_collation'::regclass::oid from pg_collation
                      union all select conowner, oid, 'pg_conversion'::regclass::oid from pg_conversion
                      union all select lanowner, oid, 'pg_language'::regclass::oid from pg_language
                      union all select cfgowner, oid, 'pg_ts_config'::regclass::oid from pg_ts_config
                      union all select dictowner, oid, 'pg_ts_dict'::regclass::oid from pg_ts_dict
                      union all select fdwowner, oid, 'pg_foreign_data_wrapper'::regclass::oid from pg_foreign_data_wrapper
                      union all select srvowner, oid, 'pg_foreign_server'::regclass::oid from pg_foreign_server
                      union all select stxowner, oid, 'pg_statistic_ext'::regclass::oid from pg_statistic_ext
                      union all select lomowner, oid, 'pg_largeobject'::regclass::oid from pg_largeobject_metadata
                      union all select defaclrole, oid, 'pg_default_acl'::regclass::oid from pg_default_acl) o (owner, id, class)
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
                'subscriptions', (select count(*) from pg_subscription where subdbid = (select oid from here)),
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

    /** What pg_encoding_to_char says where the server knows nothing of letters. */
    static final String NO_ENCODING = "SQL_ASCII";

    /** A command has no room for many more names, and pg_dump looks for one after the other. */
    private static final int MOST = 10_000;

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

    String encoding() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()")) {
            row.next();
            return row.getString(1);
        }
    }

    /**
     * The selection with all partitions of its tables, and what inherits from them: pg_dump takes names as they are, and a
     * partitioned table has no rows of its own.
     *
     * @throws Failure.Skippable if those are too many
     */
    DumpSelection withDescendants(DumpSelection selection) throws SQLException {
        return new DumpSelection(
                selection.schemas(),
                selection.withoutSchemas(),
                withDescendants(selection.tables()),
                withDescendants(selection.withoutTables()));
    }

    private List<DumpSelection.Table> withDescendants(List<DumpSelection.Table> tables) throws SQLException {
        Set<DumpSelection.Table> all = new LinkedHashSet<>(tables);
        for (DumpSelection.Table table : tables) {
            try (PreparedStatement query = connection.prepareStatement("""
                    with recursive tree (id) as (
                        select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where n.nspname = ? and c.relname = ?
                        union select i.inhrelid from pg_inherits i join tree t on t.id = i.inhparent)
                    select n.nspname, c.relname
                      from tree t join pg_class c on c.oid = t.id join pg_namespace n on n.oid = c.relnamespace
                     order by 1, 2
                    """)) {
                query.setString(1, table.schema());
                query.setString(2, table.name());
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        all.add(new DumpSelection.Table(rows.getString(1), rows.getString(2)));
                    }
                }
            }
        }
        if (all.size() > MOST) {
            throw new Failure.Skippable(
                    "The tables that were named have " + all.size() + " partitions, more than the " + MOST
                            + " that pg_dump can be given by name.",
                    "Choose their schema instead.",
                    null);
        }
        return List.copyOf(all);
    }

    /**
     * Lets pass a selection all of whose names there are. pg_dump would look only for what it is to take, not for what it is
     * to leave out.
     *
     * @throws Failure.Skippable naming what there is not
     */
    void requireAll(DumpSelection selection, String encoding) throws SQLException {
        if (encoding.equals(NO_ENCODING)
                && !StandardCharsets.US_ASCII.newEncoder().canEncode(selection.text())) {
            throw new Failure.Skippable(
                    "This database is in " + NO_ENCODING + ", in which only names of plain letters can be chosen.",
                    "Take the whole database, or its schema.",
                    null);
        }
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
                    "In this database there is not what was chosen: " + String.join(", ", missing) + ".",
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
