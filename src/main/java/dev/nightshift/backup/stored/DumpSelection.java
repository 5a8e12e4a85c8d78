package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Identifier;
import java.util.List;

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
