package dev.nightshift.backup;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.sandbox.Sandbox;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a restored copy of a database holds of the chosen parts, and what these hold of the others. Of the copy: it is
 * changed.
 */
final class DumpedParts {
    /** Characters of a statement that is told. */
    private static final int TOLD = 4000;

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
            return number("select pg_database_size(current_database())");
        }
        long bytes = carried.largeObjects() ? number("select pg_table_size('pg_largeobject')") : 0;
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

    private long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
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
     * Takes away from the chosen tables what needs others to be restored: parents, foreign keys to tables that were not
     * chosen, and triggers whose function was not. A sentence each, with the statement that puts it back.
     */
    List<String> cut() throws SQLException {
        List<String> told = new ArrayList<>();
        if (carried.isAll()) {
            return told;
        }
        Map<String, String> guards = eventTriggers();
        for (String guard : guards.keySet()) {
            execute("alter event trigger " + guard + " disable");
        }
        keys(told);
        List<String> statements = triggers(told);
        parents(told);
        dropKeys();
        for (String sql : statements) {
            execute(sql);
        }
        for (Map.Entry<String, String> guard : guards.entrySet()) {
            execute("alter event trigger " + guard.getKey() + " " + guard.getValue());
        }
        return told;
    }

    /** Sequences from which chosen tables take numbers, and that come with none of them: a partition's is its parent's. */
    List<DumpSelection.Table> sequences() throws SQLException {
        Set<DumpSelection.Table> all = new LinkedHashSet<>();
        if (carried.tables().isEmpty()) {
            return List.of();
        }
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, t.relname, sn.nspname, s.relname, coalesce(own.nspname, ''), coalesce(o.relname, '')
                          from pg_attrdef a
                          join pg_class t on t.oid = a.adrelid
                          join pg_namespace n on n.oid = t.relnamespace
                          join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid
                                          and d.refclassid = 'pg_class'::regclass
                          join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
                          join pg_namespace sn on sn.oid = s.relnamespace
                          left join pg_depend w on w.classid = 'pg_class'::regclass and w.objid = s.oid
                                               and w.refclassid = 'pg_class'::regclass and w.deptype in ('a', 'i')
                          left join pg_class o on o.oid = w.refobjid
                          left join pg_namespace own on own.oid = o.relnamespace
                         order by 3, 4
                        """)) {
            while (rows.next()) {
                if (holds(rows, 1) && !holds(rows, 3) && !holds(rows, 5)) {
                    all.add(new DumpSelection.Table(rows.getString(3), rows.getString(4)));
                }
            }
        }
        return List.copyOf(all);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private boolean holds(ResultSet row, int schema) throws SQLException {
        return carried.holds(row.getString(schema), row.getString(schema + 1));
    }

    private static String table(ResultSet row, int schema) throws SQLException {
        return Identifier.qualified(row.getString(schema), row.getString(schema + 1));
    }

    private static String bounded(String statement) {
        return statement.length() <= TOLD ? statement : statement.substring(0, TOLD) + " … (cut off here)";
    }

    /** Those that are on, with how: they are the backup's code, and 15 and 16 cannot switch them off as a whole. */
    private Map<String, String> eventTriggers() throws SQLException {
        Map<String, String> all = new LinkedHashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select evtname, case evtenabled when 'R' then 'enable replica' when 'A' then 'enable always' else 'enable' end
                          from pg_event_trigger where evtenabled <> 'D' order by 1
                        """)) {
            while (rows.next()) {
                all.put(new Identifier(rows.getString(1)).quoted(), rows.getString(2));
            }
        }
        return all;
    }

    /** Those that a partition has from a parent that is not chosen are its own once it has none. */
    private void keys(List<String> told) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select c.conname, n.nspname, r.relname, o.nspname, f.relname, coalesce(pn.nspname, ''),
                               coalesce(p.relname, ''), c.conparentid = 0, pg_get_constraintdef(c.oid)
                          from pg_constraint c
                          join pg_class r on r.oid = c.conrelid
                          join pg_namespace n on n.oid = r.relnamespace
                          join pg_class f on f.oid = c.confrelid
                          join pg_namespace o on o.oid = f.relnamespace
                          left join pg_constraint above on above.oid = c.conparentid
                          left join pg_class p on p.oid = above.conrelid
                          left join pg_namespace pn on pn.oid = p.relnamespace
                         where c.contype = 'f'
                         order by 2, 3, 1
                        """)) {
            while (rows.next()) {
                boolean own = rows.getBoolean(8) || !holds(rows, 6);
                if (!own || !holds(rows, 2) || holds(rows, 4)) {
                    continue;
                }
                String key = new Identifier(rows.getString(1)).quoted();
                told.add("The foreign key " + key + " of " + table(rows, 2) + " is left out: " + table(rows, 4)
                        + " was not chosen. It was: "
                        + bounded("alter table " + table(rows, 2) + " add constraint " + key + " " + rows.getString(9))
                        + ";");
            }
        }
    }

    private void dropKeys() throws SQLException {
        List<String> statements = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select c.conname, n.nspname, r.relname, o.nspname, f.relname
                          from pg_constraint c
                          join pg_class r on r.oid = c.conrelid
                          join pg_namespace n on n.oid = r.relnamespace
                          join pg_class f on f.oid = c.confrelid
                          join pg_namespace o on o.oid = f.relnamespace
                         where c.contype = 'f' and c.conparentid = 0
                        """)) {
            while (rows.next()) {
                if (holds(rows, 2) && !holds(rows, 4)) {
                    statements.add("alter table " + table(rows, 2) + " drop constraint "
                            + new Identifier(rows.getString(1)).quoted());
                }
            }
        }
        for (String sql : statements) {
            execute(sql);
        }
    }

    /** Makes tables of their own of partitions and children whose parents are not chosen. */
    private void parents(List<String> told) throws SQLException {
        List<String> statements = new ArrayList<>();
        List<Long> cutOff = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, c.relname, pn.nspname, p.relname, c.relispartition, c.oid,
                               pg_get_expr(c.relpartbound, c.oid)
                          from pg_inherits i
                          join pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'p', 'f')
                          join pg_namespace n on n.oid = c.relnamespace
                          join pg_class p on p.oid = i.inhparent
                          join pg_namespace pn on pn.oid = p.relnamespace
                         order by 1, 2, i.inhseqno
                        """)) {
            while (rows.next()) {
                if (!holds(rows, 1) || holds(rows, 3)) {
                    continue;
                }
                String child = table(rows, 1);
                String parent = table(rows, 3);
                if (rows.getBoolean(5)) {
                    cutOff.add(rows.getLong(6));
                    statements.add("alter table " + parent + " detach partition " + child);
                    told.add(child + " is restored as a table of its own: " + parent + " was not chosen. It was: "
                            + bounded("alter table " + parent + " attach partition " + child + " " + rows.getString(7))
                            + ";");
                } else {
                    statements.add("alter table " + child + " no inherit " + parent);
                    told.add(child + " is restored as a table of its own: " + parent + " was not chosen. It was: alter"
                            + " table " + child + " inherit " + parent + ";");
                }
            }
        }
        for (String key : keysTo(cutOff)) {
            execute(key);
        }
        for (String sql : statements) {
            execute(sql);
        }
    }

    /** Drops foreign keys to the tables above these, whoever has them: rows of a partition hold it in its place. */
    private List<String> keysTo(List<Long> partitions) throws SQLException {
        List<String> statements = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement("""
                with recursive above (id) as (
                    select inhparent from pg_inherits where inhrelid = any (?)
                    union select i.inhparent from pg_inherits i join above a on a.id = i.inhrelid)
                select c.conname, n.nspname, r.relname
                  from pg_constraint c join above a on a.id = c.confrelid
                  join pg_class r on r.oid = c.conrelid join pg_namespace n on n.oid = r.relnamespace
                 where c.contype = 'f'
                   and c.conparentid = 0
                """)) {
            query.setArray(1, connection.createArrayOf("oid", partitions.toArray()));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    statements.add("alter table " + table(rows, 2) + " drop constraint "
                            + new Identifier(rows.getString(1)).quoted());
                }
            }
        }
        return statements;
    }

    private List<String> triggers(List<String> told) throws SQLException {
        List<String> statements = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select t.tgname, n.nspname, c.relname, o.nspname, p.proname,
                               exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                                          and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'),
                               coalesce(an.nspname, ''), coalesce(ac.relname, ''), t.tgparentid = 0,
                               pg_get_triggerdef(t.oid),
                               case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica'
                                                when 'A' then 'enable always' end
                          from pg_trigger t
                          join pg_class c on c.oid = t.tgrelid
                          join pg_namespace n on n.oid = c.relnamespace
                          join pg_proc p on p.oid = t.tgfoid
                          join pg_namespace o on o.oid = p.pronamespace
                          left join pg_trigger above on above.oid = t.tgparentid
                          left join pg_class ac on ac.oid = above.tgrelid
                          left join pg_namespace an on an.oid = ac.relnamespace
                         where not t.tgisinternal and o.nspname <> 'pg_catalog'
                         order by 2, 3, 1
                        """)) {
            while (rows.next()) {
                boolean function = rows.getBoolean(6) ? carried.extensions() : holdsFunctions(rows.getString(4));
                boolean own = rows.getBoolean(9);
                // One that comes from a parent goes with it, and away with it
                if (!holds(rows, 2) || (own ? function : holds(rows, 7))) {
                    continue;
                }
                String trigger = new Identifier(rows.getString(1)).quoted();
                if (own) {
                    statements.add("drop trigger " + trigger + " on " + table(rows, 2));
                }
                String state = rows.getString(11);
                told.add("The trigger " + trigger + " of " + table(rows, 2) + " is left out: "
                        + (function ? "it is one of " + table(rows, 7) + ", which" : "its function " + table(rows, 4))
                        + " was not chosen. It was: " + bounded(rows.getString(10)) + ";"
                        + (state == null
                                ? ""
                                : " alter table " + table(rows, 2) + " " + state + " trigger " + trigger + ";"));
            }
        }
        return statements;
    }

    /** Functions come with their schema, and with no table. */
    private boolean holdsFunctions(String schema) {
        return carried.tables().isEmpty()
                && (carried.schemas().isEmpty() || carried.schemas().contains(schema))
                && !carried.withoutSchemas().contains(schema);
    }
}
