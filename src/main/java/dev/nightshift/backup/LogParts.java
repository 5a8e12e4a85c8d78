package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.WalPiece;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.postgres.Lsn;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a store says of an archive of log by its objects alone. */
final class LogParts {
    private LogParts() {}

    /** The stretches of an archive, each with its objects. */
    static List<RebuildRepository.Part> parts(WalFolder.Opened archive) {
        int segmentBytes = archive.description().segmentBytes();
        NavigableMap<Integer, NavigableMap<Lsn, Sum>> sums = new TreeMap<>(); // by timeline and beginning
        for (ArchivedLog.Stretch stretch : StoredLog.of(archive).stretches()) {
            sums.computeIfAbsent(stretch.timeline(), timeline -> new TreeMap<>())
                    .put(stretch.from(), new Sum(stretch));
        }
        for (Store.Entry entry : archive.folder().list("")) {
            WalPiece.parse(entry.name(), segmentBytes).ifPresent(piece -> {
                var before =
                        sums.getOrDefault(piece.timeline(), new TreeMap<>()).floorEntry(piece.from());
                if (before != null
                        && piece.to().compareTo(before.getValue().stretch.to()) <= 0) {
                    before.getValue().add(entry.bytes());
                }
            });
        }
        return sums.values().stream()
                .flatMap(each -> each.values().stream())
                .map(sum -> new RebuildRepository.Part(sum.stretch, sum.objects, sum.bytes))
                .toList();
    }

    /** What was counted of a stretch. */
    private static final class Sum {
        private final ArchivedLog.Stretch stretch;
        private long objects;
        private long bytes;

        Sum(ArchivedLog.Stretch stretch) {
            this.stretch = stretch;
        }

        void add(long size) {
            objects++;
            bytes += size;
        }
    }

    /**
     * Why nothing more belongs into an archive, by a newer one of the same cluster and store: where that begins before this one
     * ends, the server had been set back, and this one may hold log that never was.
     *
     * @return null if the newer one says nothing of the kind
     */
    static @Nullable String ended(List<ArchivedLog.Stretch> mine, List<ArchivedLog.Stretch> newer) {
        for (ArchivedLog.Stretch old : mine) {
            for (ArchivedLog.Stretch other : newer) {
                if (old.timeline() == other.timeline()
                        && other.from().compareTo(old.to()) < 0
                        && other.to().compareTo(old.from()) > 0) {
                    return "A newer archive in the same store begins at " + other.from() + ", before " + old.to()
                            + ": the server was set back.";
                }
            }
        }
        return null;
    }
}
