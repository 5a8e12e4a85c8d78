package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog.Stretch;
import dev.nightshift.postgres.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Log that the catalogue counts as stored, and that its store does not list: an object was lost, or the listing is late. The
 * catalogue counts nothing before it is stored, so what it said before a listing began has to be in that.
 *
 * @param store that should hold it
 */
record UnlistedLog(String store, Stretch stretch) {
    String words() {
        return "The store " + store + " does not list the log from " + stretch.from() + " to " + stretch.to()
                + " of timeline " + stretch.timeline() + ", which the catalogue counts as stored there.";
    }

    /** What the catalogue counts as stored and a listing that began later lacks, in order. */
    static List<Stretch> of(List<Stretch> catalogued, List<Stretch> listed) {
        List<Stretch> missing = new ArrayList<>();
        for (Stretch known : sorted(catalogued)) {
            Lsn at = known.from();
            for (Stretch there : sorted(listed)) {
                if (there.timeline() != known.timeline()
                        || there.to().compareTo(at) <= 0
                        || there.from().compareTo(known.to()) >= 0) {
                    continue;
                }
                add(missing, known.timeline(), at, there.from());
                at = there.to();
            }
            add(missing, known.timeline(), at, known.to());
        }
        return missing;
    }

    /** What of these is not listed elsewhere either: another archive, or another copy, may hold it. */
    static List<UnlistedLog> without(List<UnlistedLog> unlisted, List<Stretch> listed) {
        return unlisted.stream()
                .flatMap(each ->
                        of(List.of(each.stretch()), listed).stream().map(left -> new UnlistedLog(each.store(), left)))
                .toList();
    }

    /** What was counted both times: log that expires is out of the catalogue before it is out of its store. */
    static List<Stretch> both(List<Stretch> before, List<Stretch> after) {
        List<Stretch> both = new ArrayList<>();
        for (Stretch one : sorted(before)) {
            for (Stretch other : sorted(after)) {
                if (one.timeline() == other.timeline()) {
                    Lsn from = one.from().compareTo(other.from()) < 0 ? other.from() : one.from();
                    add(both, one.timeline(), from, one.to().compareTo(other.to()) < 0 ? one.to() : other.to());
                }
            }
        }
        return both;
    }

    private static List<Stretch> sorted(List<Stretch> stretches) {
        return stretches.stream()
                .sorted(Comparator.comparingInt(Stretch::timeline).thenComparing(Stretch::from))
                .toList();
    }

    private static void add(List<Stretch> all, int timeline, Lsn from, Lsn to) {
        if (from.compareTo(to) < 0) {
            all.add(new Stretch(timeline, from, to));
        }
    }
}
