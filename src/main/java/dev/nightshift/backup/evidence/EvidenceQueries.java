package dev.nightshift.backup.evidence;

import dev.nightshift.kernel.Identifier;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes the queries whose answers are the evidence; anyone can repeat them with psql. */
final class EvidenceQueries {
    /**
     * A column of a relation.
     *
     * @param hashable whether its type has a hash function of 64 bits; the others are hashed as text
     * @param collatable hashed under the collation C, whose order and equality no library's version changes
     */
    record Column(String name, boolean hashable, boolean collatable) {}

    private EvidenceQueries() {}

    /**
     * Number and hash of a relation's rows. The hash is a sum, so that the order of the rows does not matter.
     *
     * @param relation schema and name, quoted
     * @param only leaves out children that inherit; what has none does not take the word
     * @param percent of the pages to read; null for all of them
     */
    static String rows(String relation, boolean only, List<Column> columns, @Nullable Double percent) {
        String hash = columns.isEmpty()
                ? "0"
                : columns.stream()
                        .map(EvidenceQueries::value)
                        .collect(Collectors.joining(", ", "coalesce(sum(hash_record_extended(row(", "), 0)), 0)"));
        // The same pages on the source and on its copy: the choice depends on nothing but page number and seed.
        String sample =
                percent == null ? "" : String.format(Locale.ROOT, " tablesample system (%.4f) repeatable (1)", percent);
        return "select count(*) as rows, " + hash + "::text as hash from " + (only ? "only " : "") + relation + " as r"
                + sample;
    }

    /**
     * Always by the alias: a column may be called like it, or like anything else. As text by way of a row, which calls the
     * types' own output functions: a cast would call whatever function an owner of the type has made for it.
     */
    private static String value(Column column) {
        String value = "r." + new Identifier(column.name()).quoted();
        if (!column.hashable()) {
            return "row(" + value + ")::text collate \"C\"";
        }
        return column.collatable() ? value + " collate \"C\"" : value;
    }

    static final String LARGE_OBJECTS = """
            select count(*) as rows, coalesce(sum(hash_record_extended(row(r.loid, r.pageno, r.data), 0)), 0)::text as hash\
             from pg_catalog.pg_largeobject as r""";

    /** Written anew, a large object has zeros where the source had a hole or the end of a page. */
    static final String LARGE_OBJECT_BYTES = """
            select count(*) as rows,\
             coalesce(sum(hash_record_extended(row(r.loid, r.pageno, rtrim(r.data, '\\x00'::bytea)), 0)), 0)::text as hash\
             from pg_catalog.pg_largeobject as r where rtrim(r.data, '\\x00'::bytea) <> ''::bytea""";
}
