package dev.nightshift.backup.evidence;

import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Which rows a dump of a database carries, so that a restore of it can be held against them.
 *
 * @param held answers for a schema's and a table's name
 * @param extensions names of those that tables belong to, by the table's number
 * @param largeObjects whether they come along
 */
record DumpScope(BiPredicate<String, String> held, Map<Long, String> extensions, boolean largeObjects) {
    static final String NOT_CHOSEN = "it was not chosen, and is not in this backup";

    /** Why the dump does not carry what is in it; null if it does. */
    @Nullable
    String whyNot(EvidenceCatalog.Relation relation) {
        String extension = extensions.get(relation.oid());
        if (extension != null) {
            return "it belongs to the extension " + extension + ", which fills it by itself";
        }
        if (!held.test(relation.schema(), relation.plain())) {
            return NOT_CHOSEN;
        }
        return relation.kind() == 'm' ? "a materialized view: a restore computes it anew" : null;
    }
}
