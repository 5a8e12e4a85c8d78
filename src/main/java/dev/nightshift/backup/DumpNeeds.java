package dev.nightshift.backup;

import dev.nightshift.backup.stored.DumpSelection;
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
import org.jspecify.annotations.Nullable;

/**
 * What chosen parts need and pg_dump does not bring with them: extensions whose types, functions and operators they use, and
 * the schemas in which single tables lie. Once what needs other tables is cut off.
 *
 * @param extensions that have to be dumped by name; empty where all are dumped anyway
 * @param schemas to be made before the dump is restored
 */
record DumpNeeds(List<String> extensions, List<Schema> schemas) {
    /**
     * From the chosen relations, and all that lies in the chosen schemas, over what is part of them (defaults, checks, indexes,
     * policies) to types, functions and operator classes, to extensions, and to those that these need.
     */
    private static final String EXTENSIONS = """
            with recursive start (class, id) as (
                select 'pg_class'::regclass::oid, unnest(?::oid[])
                union select d.classid, d.objid from pg_depend d join pg_namespace n on n.oid = d.refobjid
                 where d.refclassid = 'pg_namespace'::regclass and n.nspname = any (?)),
            part (class, id) as (
                select class, id from start
                union select d.classid, d.objid from pg_depend d join part p on d.refclassid = p.class and d.refobjid = p.id
                 where d.deptype in ('a', 'i', 'P', 'S')
                   and (d.classid <> 'pg_class'::regclass or exists (
                       select from pg_class c where c.oid = d.objid and c.relkind in ('i', 'I', 'S')))
                   and p.class <> 'pg_extension'::regclass),
            need (class, id) as (
                select class, id from part
                union select d.refclassid, d.refobjid from pg_depend d join need n on d.classid = n.class and d.objid = n.id
                 where d.refclassid not in ('pg_class'::regclass, 'pg_namespace'::regclass))
            select e.extname, n.nspname,
                   exists (select from pg_depend d where d.classid = 'pg_namespace'::regclass and d.objid = n.oid
                              and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e')
              from need x join pg_extension e on e.oid = x.id join pg_namespace n on n.oid = e.extnamespace
             where x.class = 'pg_extension'::regclass and e.oid >= 16384
             order by 1
            """;

    static final DumpNeeds NONE = new DumpNeeds(List.of(), List.of());

    /**
     * A schema that the dump takes for granted.
     *
     * @param owner null where it is not known
     * @param owners of what is restored into it
     */
    record Schema(String name, @Nullable String owner, List<String> owners) {}

    DumpNeeds {
        extensions = List.copyOf(extensions);
        schemas = List.copyOf(schemas);
    }

    /** @param connection of a superuser, with a search_path of pg_catalog alone */
    static DumpNeeds of(Connection connection, DumpSelection carried) throws SQLException {
        Map<String, Schema> schemas = tables(connection, carried);
        if (carried.extensions()) {
            return new DumpNeeds(List.of(), List.copyOf(schemas.values()));
        }
        List<String> owners = schemas.values().stream()
                .flatMap(each -> each.owners().stream())
                .distinct()
                .toList();
        Set<String> extensions = new LinkedHashSet<>();
        try (PreparedStatement query = connection.prepareStatement(EXTENSIONS)) {
            query.setArray(
                    1,
                    connection.createArrayOf(
                            "oid", relations(connection, carried).toArray()));
            query.setArray(2, connection.createArrayOf("text", carried.schemas().toArray()));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    extensions.add(rows.getString(1));
                    String schema = rows.getString(2);
                    if (!carried.schemas().contains(schema) && !schema.startsWith("pg_") && !rows.getBoolean(3)) {
                        schemas.putIfAbsent(schema, new Schema(schema, null, owners));
                    }
                }
            }
        }
        return new DumpNeeds(List.copyOf(extensions), List.copyOf(schemas.values()));
    }

    private static Map<String, Schema> tables(Connection connection, DumpSelection carried) throws SQLException {
        Map<String, Schema> schemas = new LinkedHashMap<>();
        if (carried.tables().isEmpty()) {
            return schemas;
        }
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, pg_get_userbyid(n.nspowner)
                          from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
                        """)) {
            while (rows.next()) {
                String name = rows.getString(1);
                if (carried.tables().stream().anyMatch(table -> table.schema().equals(name))) {
                    schemas.put(name, new Schema(name, rows.getString(2), owners(connection, carried, name)));
                }
            }
        }
        return schemas;
    }

    private static List<String> owners(Connection connection, DumpSelection carried, String schema)
            throws SQLException {
        Set<String> owners = new LinkedHashSet<>();
        try (PreparedStatement query = connection.prepareStatement("""
                select c.relname, pg_get_userbyid(c.relowner)
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ? order by 2
                """)) {
            query.setString(1, schema);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    if (carried.holds(schema, rows.getString(1))) {
                        owners.add(rows.getString(2));
                    }
                }
            }
        }
        return List.copyOf(owners);
    }

    private static List<Long> relations(Connection connection, DumpSelection carried) throws SQLException {
        List<Long> all = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, c.relname, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_'
                        """)) {
            while (rows.next()) {
                if (carried.holds(rows.getString(1), rows.getString(2))) {
                    all.add(rows.getLong(3));
                }
            }
        }
        return all;
    }
}
