package dev.nightshift.backup;

import dev.nightshift.backup.policy.Facts;
import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How far the archived log goes on from a backup, by the catalogue's word of what is stored without a gap. */
final class LogBehind {
    private LogBehind() {}

    /**
     * Follows the log.
     *
     * @param stretches of all archives that are one with the cluster's log, in any order
     * @param timeline of the backup
     * @param recovery the position that the backup is recovered to
     */
    static Facts.Log of(List<WalRepository.Stretch> stretches, int timeline, Lsn recovery) {
        if (stretches.isEmpty()) {
            return new Facts.Log(Facts.Reach.NONE, null);
        }
        List<WalRepository.Stretch> left = new ArrayList<>(stretches);
        Lsn at = recovery;
        int on = timeline;
        Instant covered = null;
        boolean reached = false;
        boolean begun = false;
        for (var next = next(left, on, at, recovery); next.isPresent(); next = next(left, on, at, recovery)) {
            WalRepository.Stretch stretch = next.get();
            left.remove(stretch);
            begun = true;
            if (stretch.to().compareTo(at) >= 0) {
                reached = true;
                at = stretch.to();
                on = stretch.timeline();
                covered = later(covered, stretch.coveredTo());
            }
        }
        Lsn end = at;
        int last = on;
        boolean beyond = left.stream()
                .anyMatch(each -> each.timeline() >= last && each.to().compareTo(end) > 0);
        if (beyond || !begun) {
            return new Facts.Log(Facts.Reach.GAP, null);
        }
        return reached && covered != null
                ? new Facts.Log(Facts.Reach.GOES_ON, covered)
                : new Facts.Log(Facts.Reach.BEHIND, null);
    }

    /**
     * What goes on from a position: the same timeline first. A later one that begins before the backup may have left before it,
     * and is of another history then.
     */
    private static Optional<WalRepository.Stretch> next(
            List<WalRepository.Stretch> left, int on, Lsn at, Lsn recovery) {
        return left.stream()
                .filter(each -> each.from().compareTo(at) <= 0)
                .filter(each -> each.timeline() == on
                        || (each.timeline() > on && each.from().compareTo(recovery) >= 0))
                .min(Comparator.comparingInt(WalRepository.Stretch::timeline)
                        .thenComparing(WalRepository.Stretch::from));
    }

    /**
     * Whether a backup is of the history that is archived now, of a cluster of which an archive has ended. That happens because
     * the server was set back: a backup from before the first log that was stored since may be of
     * what was undone.
     *
     * @param since when the first log was stored of each archive begun after the newest one that ended
     */
    static boolean isOfThisHistory(List<Instant> since, Instant backupAt) {
        return since.stream().anyMatch(begun -> !backupAt.isBefore(begun));
    }

    private static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
        return one == null || (other != null && other.isAfter(one)) ? other : one;
    }
}
