package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.WalPiece;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a store says of an archive of log by its objects alone. */
final class LogParts {
    private LogParts() {}

    /** The stretches of an archive, each with its objects. */
    static List<RebuildRepository.Part> parts(WalFolder.Opened archive) {
        int segmentBytes = archive.description().segmentBytes();
        List<Store.Entry> entries = archive.folder().list("");
        List<RebuildRepository.Part> parts = new ArrayList<>();
        for (ArchivedLog.Stretch stretch : StoredLog.of(archive).stretches()) {
            long objects = 0;
            long bytes = 0;
            for (Store.Entry entry : entries) {
                boolean of = WalPiece.parse(entry.name(), segmentBytes)
                        .filter(piece -> piece.timeline() == stretch.timeline()
                                && piece.from().compareTo(stretch.from()) >= 0
                                && piece.to().compareTo(stretch.to()) <= 0)
                        .isPresent();
                objects += of ? 1 : 0;
                bytes += of ? entry.bytes() : 0;
            }
            parts.add(new RebuildRepository.Part(stretch, objects, bytes));
        }
        return parts;
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
