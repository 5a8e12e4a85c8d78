package dev.nightshift.backup;

import dev.nightshift.postgres.Lsn;
import java.util.List;
import java.util.TreeSet;

/**
 * Archived log of one cluster as the catalogue knows it.
 *
 * @param others what is stored of the same cluster in archives that are not of this log
 */
record KnownLog(
        List<WalRepository.Archive> archives,
        List<WalRepository.Stretch> stretches,
        List<WalRepository.Stretch> others) {
    int segmentBytes() {
        return archives.get(0).segmentBytes();
    }

    /** Log of this timeline, or one that was begun, beyond this position or in a later segment. */
    boolean isBeyond(int timeline, Lsn have, Lsn segment) {
        return isBeyond(stretches, timeline, have, segment);
    }

    /** The same of archives that are not of this log. */
    boolean isBeyondElsewhere(int timeline, Lsn have, Lsn segment) {
        return isBeyond(others, timeline, have, segment);
    }

    private static boolean isBeyond(List<WalRepository.Stretch> of, int timeline, Lsn have, Lsn segment) {
        return of.stream()
                .anyMatch(each -> each.timeline() == timeline
                        && (each.to().compareTo(have) > 0 || each.from().compareTo(segment) > 0));
    }

    boolean holds(int timeline, Lsn segment) {
        return stretches.stream()
                .anyMatch(each -> each.timeline() == timeline
                        && each.from().compareTo(segment) <= 0
                        && each.to().compareTo(segment) > 0);
    }

    /** Timelines with log behind this one, in order. */
    TreeSet<Integer> after(int timeline) {
        TreeSet<Integer> after = new TreeSet<>();
        stretches.stream()
                .map(WalRepository.Stretch::timeline)
                .filter(each -> each > timeline)
                .forEach(after::add);
        return after;
    }
}
