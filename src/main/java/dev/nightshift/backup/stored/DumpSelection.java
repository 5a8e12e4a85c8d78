package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Identifier;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.util.List;
import java.util.stream.Stream;

/**
 * What of a database a logical backup holds; everything where all lists are empty. Names are exact, none is a pattern.
 *
 * @param schemas only these; empty for all
 * @param withoutSchemas not these
 * @param tables only these, views and sequences among them, wherever they lie; empty for all
 * @param withoutTables not these
 */
public record DumpSelection(
        List<String> schemas, List<String> withoutSchemas, List<Table> tables, List<Table> withoutTables) {
    /** Everything. */
    public static final DumpSelection ALL = new DumpSelection(List.of(), List.of(), List.of(), List.of());

    /** A table by its exact name. */
    public record Table(String schema, String name) {
        /** As SQL and the patterns of pg_dump write it: in double quotes nothing is a pattern (manual, app-pgdump). */
        public String quoted() {
            return Identifier.qualified(schema, name);
        }
    }

    public DumpSelection {
        schemas = List.copyOf(schemas);
        withoutSchemas = List.copyOf(withoutSchemas);
        tables = List.copyOf(tables);
        withoutTables = List.copyOf(withoutTables);
        if (!tables.isEmpty() && !schemas.isEmpty()) {
            throw new IllegalArgumentException("pg_dump takes no heed of schemas where tables are chosen");
        }
    }

    /** Whether nothing is left out. */
    public boolean isAll() {
        return schemas.isEmpty() && withoutSchemas.isEmpty() && tables.isEmpty() && withoutTables.isEmpty();
    }

    /** Whether single tables are chosen or left out. */
    public boolean byTable() {
        return !tables.isEmpty() || !withoutTables.isEmpty();
    }

    /** The same for the same choice, in whatever order it was named: JSON, each name as SQL writes it; empty for everything. */
    public String text() {
        if (isAll()) {
            return "";
        }
        JsonObjectBuilder json = Json.createObjectBuilder();
        add(json, "schemas", schemas.stream().map(name -> new Identifier(name).quoted()));
        add(json, "withoutSchemas", withoutSchemas.stream().map(name -> new Identifier(name).quoted()));
        add(json, "tables", tables.stream().map(Table::quoted));
        add(json, "withoutTables", withoutTables.stream().map(Table::quoted));
        return json.build().toString();
    }

    private static void add(JsonObjectBuilder json, String member, Stream<String> names) {
        List<String> sorted = names.distinct().sorted().toList();
        if (!sorted.isEmpty()) {
            json.add(member, Json.createArrayBuilder(sorted));
        }
    }

    /** Whether extensions come with it: pg_dump leaves them out where parts are chosen, not where parts are left out. */
    public boolean extensions() {
        return schemas.isEmpty() && tables.isEmpty();
    }

    /** Whether large objects come with it, which belong to no schema and no table. */
    public boolean largeObjects() {
        return schemas.isEmpty() && tables.isEmpty();
    }

    /** Whether this table is in it. */
    public boolean holds(String schema, String name) {
        Table table = new Table(schema, name);
        boolean chosen = tables.isEmpty()
                ? (schemas.isEmpty() || schemas.contains(schema)) && !withoutSchemas.contains(schema)
                : tables.contains(table);
        return chosen && !withoutTables.contains(table);
    }
}
