package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.SealedFolder;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An archive's log as its objects lie in the store: nothing but their names is believed of what there is. */
public final class StoredLog implements ArchivedLog {
    private static final Pattern HISTORY = Pattern.compile("([0-9A-F]{8})\\.history\\.([0-9A-F]{8})");

    /** Of a history file: a line for each promotion, and no cluster sees a thousand. */
    private static final int MOST_HISTORY_BYTES = 1 << 20;

    private static final int THREADS = 2;
    private final SealedFolder folder;
    private final int segmentBytes;
    private final List<WalPiece> pieces;
    private final TreeMap<Integer, SealedFolder.Content> histories = new TreeMap<>();

    private StoredLog(SealedFolder folder, int segmentBytes, String begin) {
        this.folder = folder;
        this.segmentBytes = segmentBytes;
        List<Store.Entry> entries = folder.list(begin);
        for (Store.Entry entry : entries) {
            Matcher history = HISTORY.matcher(entry.name());
            if (history.matches()) {
                histories.put(
                        Integer.parseInt(history.group(1), 16),
                        new SealedFolder.Content(entry.name(), Long.parseLong(history.group(2), 16)));
            }
        }
        this.pieces = sorted(entries, segmentBytes);
    }

    private static List<WalPiece> sorted(List<Store.Entry> entries, int segmentBytes) {
        return entries.stream()
                .flatMap(entry -> WalPiece.parse(entry.name(), segmentBytes).stream())
                .sorted(Comparator.comparingInt(WalPiece::timeline)
                        .thenComparing(WalPiece::from)
                        .thenComparing(WalPiece::to, Comparator.reverseOrder()))
                .toList();
    }

    /** Lists the archive; what is stored from now on is not seen. */
    public static StoredLog of(WalFolder.Opened archive) {
        return new StoredLog(archive.folder(), archive.description().segmentBytes(), "");
    }

    /** Lists what the archive holds of one segment, and nothing else. */
    public static StoredLog ofSegment(WalFolder.Opened archive, int timeline, Lsn start) {
        int segmentBytes = archive.description().segmentBytes();
        return new StoredLog(archive.folder(), segmentBytes, WalPiece.begin(timeline, start, segmentBytes));
    }

    /** Lists what the archive holds of one timeline, and nothing else. */
    public static StoredLog ofTimeline(WalFolder.Opened archive, int timeline) {
        return new StoredLog(
                archive.folder(), archive.description().segmentBytes(), String.format(Locale.ROOT, "%08X", timeline));
    }

    /** Lists the archive's history file of one timeline, and nothing else. */
    public static StoredLog ofHistory(WalFolder.Opened archive, int timeline) {
        return new StoredLog(
                archive.folder(),
                archive.description().segmentBytes(),
                String.format(Locale.ROOT, "%08X.history.", timeline));
    }

    /** A history file's name in the archive: the server's, and its length in hexadecimal. */
    public static String historyName(int timeline, int bytes) {
        return String.format(Locale.ROOT, "%08X.history.%08X", timeline, bytes);
    }

    @Override
    public Set<Integer> timelinesWithHistory() {
        return Set.copyOf(histories.keySet());
    }

    @Override
    public int segmentBytes() {
        return segmentBytes;
    }

    @Override
    public List<Stretch> stretches() {
        return joined(pieces, segmentBytes);
    }

    /** What objects of these names hold without a gap, sorted by timeline and position. */
    public static List<Stretch> stretches(List<Store.Entry> entries, int segmentBytes) {
        return joined(sorted(entries, segmentBytes), segmentBytes);
    }

    private static List<Stretch> joined(List<WalPiece> pieces, int segmentBytes) {
        List<Stretch> all = new ArrayList<>();
        for (WalPiece piece : pieces) {
            Stretch last = all.isEmpty() ? null : all.get(all.size() - 1);
            if (last != null
                    && last.timeline() == piece.timeline()
                    && piece.from().compareTo(last.to()) <= 0) {
                Lsn to = piece.to().compareTo(last.to()) > 0 ? piece.to() : last.to();
                all.set(all.size() - 1, new Stretch(piece.timeline(), last.from(), to));
            } else if (piece.from().segmentStart(segmentBytes).equals(piece.from())) {
                all.add(new Stretch(piece.timeline(), piece.from(), piece.to()));
            }
            // A piece whose segment's beginning is missing is of no use to anybody
        }
        return all;
    }

    /** The content of a history file's object by its name; empty if it is none. */
    public static Optional<SealedFolder.Content> historyOf(String name) {
        Matcher history = HISTORY.matcher(name);
        return history.matches()
                ? Optional.of(new SealedFolder.Content(name, Long.parseLong(history.group(2), 16)))
                : Optional.empty();
    }

    /**
     * What came of trimming, in bytes of the store.
     *
     * @param bytes that it is freed of, or would be
     * @param left that take room still although they were deleted
     */
    public record Trimmed(long bytes, long left) {}

    /**
     * Deletes the pieces that end at this position or before it, of every timeline.
     *
     * @param apply false to delete nothing
     */
    public Trimmed trim(Lsn from, boolean apply) {
        Predicate<String> before = name -> WalPiece.parse(name, segmentBytes)
                .filter(piece -> piece.to().compareTo(from) <= 0)
                .isPresent();
        long bytes = taking(before);
        if (!apply || bytes == 0) {
            return new Trimmed(bytes, 0);
        }
        folder.deleteUnlocked(
                folder.list("").stream().map(Store.Entry::name).filter(before).toList());
        folder.purge(before);
        long left = taking(before);
        return new Trimmed(bytes - left, left);
    }

    private long taking(Predicate<String> which) {
        return folder.taking().stream()
                .filter(entry -> which.test(entry.name()))
                .mapToLong(Store.Entry::bytes)
                .sum();
    }

    /** Whether all that was listed ends at this position or before it. */
    public boolean isBefore(Lsn position) {
        return pieces.stream().allMatch(piece -> piece.to().compareTo(position) <= 0);
    }

    @Override
    public Optional<String> history(int timeline) {
        SealedFolder.Content object = histories.get(timeline);
        if (object == null || object.bytes() > MOST_HISTORY_BYTES) {
            return Optional.empty();
        }
        try (InputStream in = folder.open(List.of(object), 1)) {
            return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The history of timeline " + timeline + " cannot be read from " + folder + ": " + e.getMessage(),
                    "Check the store.",
                    e);
        }
    }

    @Override
    public InputStream open(int timeline, Lsn start) throws IOException {
        Lsn end = start.plus(segmentBytes);
        List<InputStream> parts = new ArrayList<>();
        Lsn at = start;
        // Listed anew: what was there as pieces may be whole by now
        for (WalPiece piece : sorted(folder.list(WalPiece.begin(timeline, start, segmentBytes)), segmentBytes)) {
            boolean next = piece.timeline() == timeline
                    && piece.from().compareTo(at) <= 0
                    && piece.to().compareTo(at) > 0
                    && piece.from().compareTo(start) >= 0
                    && piece.to().compareTo(end) <= 0;
            if (next) {
                parts.add(new Part(piece, at.value() - piece.from().value()));
                at = piece.to();
            }
        }
        if (parts.isEmpty()) {
            throw new DamageException(
                    "The segment " + start.segmentName(timeline, segmentBytes) + " is not stored in " + folder);
        }
        return new SequenceInputStream(Collections.enumeration(parts));
    }

    /** A piece that is opened when it is its turn: a segment of small ones would keep a thread for each. */
    private final class Part extends InputStream {
        private final WalPiece piece;
        private final long skip;
        private @Nullable InputStream in;

        Part(WalPiece piece, long skip) {
            this.piece = piece;
            this.skip = skip;
        }

        private InputStream in() throws IOException {
            InputStream open = in;
            if (open == null) {
                open = folder.open(List.of(new SealedFolder.Content(piece.name(segmentBytes), piece.bytes())), THREADS);
                in = open;
                open.skipNBytes(skip);
            }
            return open;
        }

        @Override
        public int read() throws IOException {
            return in().read();
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            return in().read(into, from, count);
        }

        @Override
        public void close() throws IOException {
            if (in != null) {
                in.close();
            }
        }
    }
}
