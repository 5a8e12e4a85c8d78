package dev.nightshift.backup;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.sandbox.Sandbox;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * What a restored copy of a database holds of the chosen parts, and what these hold of the others. Of the copy: it is
 * changed.
 */
final class DumpedParts {
    private final Connection connection;
    private final DumpSelection carried;

    /** @param connection of the superuser, with a search_path of pg_catalog alone, that commits by itself */
    DumpedParts(Connection connection, DumpSelection carried) {
        this.connection = connection;
        this.carried = carried;
    }

    /** The databases of a sandbox's server, apart by commas. */
    static String databases(Sandbox sandbox) throws SQLException {
        try (Connection connection = sandbox.connect("template1");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select string_agg(datname, ', ' order by datname) from pg_database where not datistemplate")) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** What the chosen tables take without their indexes; of all, what the database takes. */
    long bytes() throws SQLException {
        if (carried.isAll()) {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("select pg_database_size(current_database())")) {
                row.next();
                return row.getLong(1);
            }
        }
        long bytes = 0;
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, c.relname, pg_table_size(c.oid)
                          from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind in ('r', 'm') and c.relpersistence <> 't'
                           and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp_)'
                        """)) {
            while (rows.next()) {
                bytes += carried.holds(rows.getString(1), rows.getString(2)) ? rows.getLong(3) : 0;
            }
        }
        return bytes;
    }

    /** The chosen unlogged tables, as SQL writes them. */
    List<String> unlogged() throws SQLException {
        List<String> names = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, c.relname
                          from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind = 'r' and c.relpersistence = 'u' order by 1, 2
                        """)) {
            while (rows.next()) {
                if (carried.holds(rows.getString(1), rows.getString(2))) {
                    names.add(Identifier.qualified(rows.getString(1), rows.getString(2)));
                }
            }
        }
        return names;
    }

    /**
     * Takes away from the chosen tables what needs others to be restored: foreign keys to tables that were not chosen, and
     * triggers whose function was not. A sentence each.
     */
    List<String> cut() throws SQLException {
        List<String> told = new ArrayList<>();
        if (carried.isAll()) {
            return told;
        }
        List<String> statements = new ArrayList<>();
        keys(statements, told);
        triggers(statements, told);
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
        return told;
    }

    private void keys(List<String> statements, List<String> told) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select c.conname, n.nspname, r.relname, o.nspname, f.relname
                          from pg_constraint c
                          join pg_class r on r.oid = c.conrelid
                          join pg_namespace n on n.oid = r.relnamespace
                          join pg_class f on f.oid = c.confrelid
                          join pg_namespace o on o.oid = f.relnamespace
                         where c.contype = 'f' and c.conparentid = 0
                         order by 2, 3, 1
                        """)) {
            while (rows.next()) {
                if (!carried.holds(rows.getString(2), rows.getString(3))
                        || carried.holds(rows.getString(4), rows.getString(5))) {
                    continue;
                }
                String table = Identifier.qualified(rows.getString(2), rows.getString(3));
                String key = new Identifier(rows.getString(1)).quoted();
                statements.add("alter table " + table + " drop constraint " + key);
                told.add("The foreign key " + key + " of " + table + " is left out: "
                        + Identifier.qualified(rows.getString(4), rows.getString(5)) + " was not chosen.");
            }
        }
    }

    private void triggers(List<String> statements, List<String> told) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select t.tgname, n.nspname, c.relname, o.nspname, p.proname,
                               exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                                          and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e')
                          from pg_trigger t
                          join pg_class c on c.oid = t.tgrelid
                          join pg_namespace n on n.oid = c.relnamespace
                          join pg_proc p on p.oid = t.tgfoid
                          join pg_namespace o on o.oid = p.pronamespace
                         where not t.tgisinternal and t.tgparentid = 0 and o.nspname <> 'pg_catalog'
                         order by 2, 3, 1
                        """)) {
            while (rows.next()) {
                boolean function = rows.getBoolean(6) ? carried.extensions() : holdsFunctions(rows.getString(4));
                if (!carried.holds(rows.getString(2), rows.getString(3)) || function) {
                    continue;
                }
                String table = Identifier.qualified(rows.getString(2), rows.getString(3));
                String trigger = new Identifier(rows.getString(1)).quoted();
                statements.add("drop trigger " + trigger + " on " + table);
                told.add("The trigger " + trigger + " of " + table + " is left out: its function "
                        + Identifier.qualified(rows.getString(4), rows.getString(5)) + " was not chosen.");
            }
        }
    }

    /** Functions come with their schema, and with no table. */
    private boolean holdsFunctions(String schema) {
        return carried.tables().isEmpty()
                && (carried.schemas().isEmpty() || carried.schemas().contains(schema))
                && !carried.withoutSchemas().contains(schema);
    }
}
