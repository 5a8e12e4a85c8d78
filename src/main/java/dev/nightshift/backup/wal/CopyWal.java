package dev.nightshift.backup.wal;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.WalPiece;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.InFlight;
import dev.nightshift.backup.stored.SealedFolder;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.BackupKeys;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Copies an archive of a server's log to another store, object by object and byte for byte, under the same names. Each is
 * decrypted to its end while it passes: no list says its hash, but its own code says whether it is what was stored under this
 * name. What is there already and holds the same stays; what holds something else is never touched. Use an object once.
 */
public final class CopyWal {
    /**
     * So many objects are copied before what is there is told, and an eighth of those that are there: what a run that is killed
     * leaves is mostly known then, and telling it all again does not cost more than copying.
     */
    private static final int TOLD_AFTER = 64;

    private static final int TOLD_PART = 8;

    /** An archiver puts a whole object in the place of pieces, but not again and again. */
    private static final int MOST_PASSES = 3;

    private final Store from;
    private final Store to;
    private final String folder;
    private final BackupKeys keys;
    private final BackupProgress progress;
    private final InFlight flight = new InFlight();
    private final Map<String, Long> whole = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Refusal> refusals = new ConcurrentLinkedQueue<>();
    private final Set<String> refused = ConcurrentHashMap.newKeySet();
    private final Set<String> unreadable = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<String> vanished = new ConcurrentLinkedQueue<>();
    private final AtomicLong done = new AtomicLong();
    private int told;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong found = new AtomicLong();

    /**
     * An object that was not copied.
     *
     * @param why in a sentence that names it
     * @param remedy what to do
     */
    public record Refusal(String object, String why, String remedy) {}

    /**
     * What it came to.
     *
     * @param sent objects that were sent
     * @param found objects that were there already, and hold the same
     * @param bytes of all of these in the other store, by its own listing
     * @param refusals objects that were not copied, by name
     */
    public record Result(long sent, long found, long bytes, List<Refusal> refusals) {}

    /** @param folder of the archive, the same in both */
    public CopyWal(Store from, Store to, String folder, BackupKeys keys, BackupProgress progress) {
        this.from = from;
        this.to = to;
        this.folder = folder;
        this.keys = keys;
        this.progress = progress;
    }

    /**
     * Copies what ends behind a position, of every timeline, and the timelines' histories.
     *
     * @param needed nothing that ends before its segment is copied
     * @param known log whose objects were compared before: there their size is enough, unless several hold a segment
     * @param described called once the description is in the other store
     * @param there told of the objects in the other store that are known to be right: now and then, and at the end
     * @throws Failure.NotFound if the source holds no archive there
     * @throws Failure.Fatal if its description is damaged, another lies in the target, or that is full or may not be written
     * @throws Failure.Retryable if one of the two cannot be used now; what was sent stays for the next time
     */
    public Result run(
            Lsn needed, List<ArchivedLog.Stretch> known, Runnable described, Consumer<List<Store.Entry>> there) {
        WalFolder.Opened source = WalFolder.open(from, folder, keys);
        SealedFolder target = WalFolder.copy(from, to, folder, keys).folder();
        described.run();
        progress.phase(BackupProgress.Phase.COPY);
        int segmentBytes = source.description().segmentBytes();
        Lsn begin = needed.segmentStart(segmentBytes);
        Map<String, Long> before = sizes(target);
        Consumer<List<Store.Entry>> told = entries -> there.accept(held(segmentBytes));
        int had = -1;
        for (int pass = 0; pass < MOST_PASSES && (!vanished.isEmpty() || had < refused.size()); pass++) {
            vanished.clear();
            had = refused.size();
            List<Item> items = items(source.folder().list(""), begin, segmentBytes);
            copy(items, source.folder(), target, before, mixed(before, segmentBytes), known, segmentBytes, told);
        }
        if (!vanished.isEmpty()) {
            missing(source.folder(), segmentBytes).forEach(name -> refuse(name, "is missing", lost()));
        }
        removeInner(target, before, segmentBytes);
        Map<String, Long> listed = sizes(target);
        String lacking = whole.entrySet().stream()
                .filter(each -> !each.getValue().equals(listed.get(each.getKey())))
                .map(Map.Entry::getKey)
                .sorted()
                .findFirst()
                .orElse(null);
        if (lacking != null) {
            throw new Failure.Retryable(
                    "The " + to + " does not list " + folder + "/" + lacking + " with the size that was sent.",
                    "Look who else writes to the store, and deletes what is being written.",
                    null);
        }
        there.accept(held(segmentBytes));
        return new Result(
                sent.get(),
                found.get(),
                entries().stream().mapToLong(Store.Entry::bytes).sum(),
                refusals.stream()
                        .sorted((one, other) -> one.object().compareTo(other.object()))
                        .toList());
    }

    /** An object to copy; its piece of the log is null for a history. */
    private record Item(
            SealedFolder.Content content,
            long stored,
            @Nullable WalPiece piece) {
        String name() {
            return content.name();
        }
    }

    private static Map<String, Long> sizes(SealedFolder folder) {
        return folder.list("").stream().collect(Collectors.toMap(Store.Entry::name, Store.Entry::bytes));
    }

    private List<Store.Entry> entries() {
        return whole.entrySet().stream()
                .map(each -> new Store.Entry(each.getKey(), each.getValue()))
                .toList();
    }

    /**
     * Without the segments of which the other store holds an object that is not the log's: whoever reads them there comes upon that
     * one, whatever lies beside it.
     */
    private List<Store.Entry> held(int segmentBytes) {
        return entries().stream()
                .filter(each -> WalPiece.parse(each.name(), segmentBytes)
                        .filter(piece -> unreadable.contains(segment(piece, segmentBytes)))
                        .isEmpty())
                .toList();
    }

    /**
     * Histories first: without them no later timeline's log leads anywhere. Of pieces those that no other object holds as well,
     * unless that one is damaged.
     */
    private List<Item> items(List<Store.Entry> entries, Lsn begin, int segmentBytes) {
        List<Item> histories = new ArrayList<>();
        List<Item> log = new ArrayList<>();
        for (Store.Entry entry : entries) {
            if (refused.contains(entry.name())) {
                continue;
            }
            Optional<SealedFolder.Content> history = StoredLog.historyOf(entry.name());
            history.ifPresent(content -> histories.add(new Item(content, entry.bytes(), null)));
            WalPiece.parse(entry.name(), segmentBytes)
                    .filter(piece -> piece.to().compareTo(begin) > 0)
                    .filter(piece -> !unreadable.contains(segment(piece, segmentBytes)))
                    .ifPresent(piece -> log.add(
                            new Item(new SealedFolder.Content(entry.name(), piece.bytes()), entry.bytes(), piece)));
        }
        Set<WalPiece> inner = inner(
                log.stream().flatMap(item -> Stream.ofNullable(item.piece())).toList(), segmentBytes);
        return Stream.concat(
                        histories.stream(),
                        log.stream().filter(item -> item.piece() == null || !inner.contains(item.piece())))
                .toList();
    }

    /** Those that another one of the same segment holds as well. */
    private static Set<WalPiece> inner(List<WalPiece> pieces, int segmentBytes) {
        Map<String, List<WalPiece>> segments = bySegment(pieces, segmentBytes);
        return segments.values().stream()
                .flatMap(segment -> segment.stream()
                        .filter(piece ->
                                segment.stream().anyMatch(other -> !other.equals(piece) && holds(other, piece))))
                .collect(Collectors.toSet());
    }

    private static Map<String, List<WalPiece>> bySegment(List<WalPiece> pieces, int segmentBytes) {
        return pieces.stream().collect(Collectors.groupingBy(piece -> segment(piece, segmentBytes)));
    }

    private static String segment(WalPiece piece, int segmentBytes) {
        return piece.from().segmentStart(segmentBytes).segmentName(piece.timeline(), segmentBytes);
    }

    private static boolean holds(WalPiece outer, WalPiece piece) {
        return outer.from().compareTo(piece.from()) <= 0 && outer.to().compareTo(piece.to()) >= 0;
    }

    private static boolean isIn(List<ArchivedLog.Stretch> known, WalPiece piece) {
        return known.stream()
                .anyMatch(stretch -> stretch.timeline() == piece.timeline()
                        && stretch.from().compareTo(piece.from()) <= 0
                        && stretch.to().compareTo(piece.to()) >= 0);
    }

    /** The segments that lie in the other store in more than one object: of these none is known by its size alone. */
    private static Set<String> mixed(Map<String, Long> before, int segmentBytes) {
        List<WalPiece> pieces = before.keySet().stream()
                .flatMap(name -> WalPiece.parse(name, segmentBytes).stream())
                .toList();
        return bySegment(pieces, segmentBytes).entrySet().stream()
                .filter(each -> each.getValue().size() > 1)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /**
     * Pieces that an earlier run copied, if an earlier one has copied an object that holds them as well, and this one has read that
     * in the other store. Not sooner: who reads the log may have listed them before.
     */
    private void removeInner(SealedFolder target, Map<String, Long> before, int segmentBytes) {
        List<WalPiece> pieces = before.keySet().stream()
                .flatMap(name -> WalPiece.parse(name, segmentBytes).stream())
                .toList();
        Map<String, List<WalPiece>> segments = bySegment(pieces, segmentBytes);
        List<String> going = new ArrayList<>();
        for (WalPiece piece : pieces) {
            String name = piece.name(segmentBytes);
            boolean held = !whole.containsKey(name)
                    && segments.getOrDefault(segment(piece, segmentBytes), List.of()).stream()
                            .anyMatch(outer -> !outer.equals(piece)
                                    && holds(outer, piece)
                                    && whole.containsKey(outer.name(segmentBytes)));
            if (held) {
                going.add(name);
            }
        }
        target.deleteUnlocked(going.stream().sorted().toList()); // what is locked goes with a run after that
    }

    /** What vanished in the last pass too and no object holds now; what the archiver has joined since comes with the next run. */
    private List<String> missing(SealedFolder source, int segmentBytes) {
        Map<String, List<WalPiece>> now = bySegment(
                sizes(source).keySet().stream()
                        .flatMap(name -> WalPiece.parse(name, segmentBytes).stream())
                        .toList(),
                segmentBytes);
        return vanished.stream()
                .filter(name -> WalPiece.parse(name, segmentBytes)
                        .filter(piece -> now.getOrDefault(segment(piece, segmentBytes), List.of()).stream()
                                .anyMatch(outer -> holds(outer, piece)))
                        .isEmpty())
                .toList();
    }

    private void copy(
            List<Item> items,
            SealedFolder source,
            SealedFolder target,
            Map<String, Long> before,
            Set<String> mixed,
            List<ArchivedLog.Stretch> known,
            int segmentBytes,
            Consumer<List<Store.Entry>> there) {
        List<Item> unknown = new ArrayList<>();
        for (Item item : items) {
            WalPiece piece = item.piece();
            if (whole.containsKey(item.name())) {
                continue; // by the pass before
            }
            if (piece != null
                    && isIn(known, piece)
                    && !mixed.contains(segment(piece, segmentBytes))
                    && Long.valueOf(item.stored()).equals(before.get(item.name()))) {
                whole.put(item.name(), item.stored());
                found.incrementAndGet();
            } else {
                unknown.add(item);
            }
        }
        InFlight.requireRoom(
                to,
                unknown.stream()
                        .filter(item -> !before.containsKey(item.name()))
                        .mapToLong(Item::stored)
                        .sum());
        long total = done.get() + unknown.stream().mapToLong(Item::stored).sum();
        for (int at = 0; at < unknown.size(); at += TOLD_AFTER) {
            flight.all(unknown.subList(at, Math.min(unknown.size(), at + TOLD_AFTER)), item -> {
                copy(item, source, target, before.containsKey(item.name()), segmentBytes);
                progress.bytes(done.addAndGet(item.stored()), total);
            });
            if (whole.size() - told >= Math.max(TOLD_AFTER, whole.size() / TOLD_PART)) {
                told = whole.size();
                there.accept(entries());
            }
        }
    }

    private void copy(Item item, SealedFolder source, SealedFolder target, boolean exists, int segmentBytes) {
        flight.throwIfEnded();
        byte[] bytes;
        String content;
        try {
            bytes = source.stored(item.name());
            content = source.check(item.content(), bytes);
        } catch (Failure.NotFound e) {
            vanished.add(item.name()); // a whole object may be in its place
            return;
        } catch (DamageException e) {
            refuse(item.name(), "is damaged: " + e.getMessage(), lost());
            return;
        }
        flight.throwIfEnded();
        if (exists) {
            compare(item, bytes, content, target, segmentBytes);
            return;
        }
        try {
            target.putStored(item.name(), bytes);
            whole.put(item.name(), (long) bytes.length);
            sent.incrementAndGet();
        } catch (Failure.Conflict e) {
            // Another node may have written it meanwhile, or the answer to our own request was lost
            compare(item, bytes, content, target, segmentBytes);
        }
    }

    /** The same log may have been sealed twice: an archiver that was cut off stores it again. */
    private void compare(Item item, byte[] bytes, String content, SealedFolder target, int segmentBytes) {
        String reason;
        try {
            byte[] there = target.stored(item.name());
            if (Arrays.equals(bytes, there)
                    || target.check(item.content(), there).equals(content)) {
                whole.put(item.name(), (long) there.length);
                found.incrementAndGet();
                return;
            }
            reason = "it holds other log";
        } catch (DamageException e) {
            reason = String.valueOf(e.getMessage());
        } catch (Failure.NotFound e) {
            throw new Failure.Retryable(
                    "The object " + folder + "/" + item.name() + " in " + to + " is being deleted by another.",
                    null,
                    e);
        }
        if (item.piece() != null) {
            unreadable.add(segment(item.piece(), segmentBytes));
        }
        refuse(new Refusal(
                item.name(),
                "The object " + folder + "/" + item.name() + " in " + to
                        + " is left as it is, though it is not the one in " + from + ": " + reason + ".",
                "The one in " + from + " opens: delete the other, and run the job copy again."));
    }

    private void refuse(String name, String how, String remedy) {
        refuse(new Refusal(
                name, "The object " + folder + "/" + name + " in " + from + " " + how + ": it is not copied.", remedy));
    }

    private void refuse(Refusal refusal) {
        if (refused.add(refusal.object())) {
            refusals.add(refusal);
        }
    }

    private static String lost() {
        return "Take a full backup and copy it: what lies before it cannot be recovered through this part of the log.";
    }
}
