package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.LogFile;
import dev.nightshift.fleet.Instance;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the files that a restore_command asks for. What is there is asked of the stores, by the file's own name: another node may
 * have stored it a moment ago. That nothing is there is told only where the catalogue, in which every stretch stands before its
 * first object, knows nothing that would come after it, and the stores hold nothing either: PostgreSQL takes it for the end of the
 * log. Archives that are not joined with the newest, as the server was set back, are never handed out, but they count there.
 */
@ApplicationScoped
class ArchivedFiles {
    private static final int MOST_STRETCHES = 10_000;

    @Inject
    private Transactions transactions;

    @Inject
    private WalRepository repository;

    @Inject
    private LogCopyRepository copies;

    @Inject
    private ListedEnds ends;

    @Inject
    private Clock clock;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    /** What is stored of a file. */
    sealed interface Found {
        /**
         * A file to hand out.
         *
         * @param whole false for a segment of which only the beginning is stored, as the log's last one
         * @param bytes of the file; what is not stored of a segment is zeros, as the server would have it
         */
        record File(boolean whole, long bytes, Opener content) implements Found {}

        /** It is proven that no such file is needed: the log ends before it. */
        record Absent() implements Found {}
    }

    /** Opens a file's content. */
    interface Opener {
        InputStream open() throws IOException;
    }

    /** What an archive holds of a segment. */
    private record Part(StoredLog log, Lsn to) {}

    /**
     * Looks for a file.
     *
     * @param cluster the system identifier of the folder that is recovered, as it says; null where it does not
     * @throws Failure.NotFound if nothing is archived of the instance
     * @throws Failure.Conflict if the file should be there and is not, or the archive is another cluster's
     * @throws Failure.Retryable if a store cannot be read now
     */
    Found find(Instance instance, LogFile file, @Nullable String cluster) {
        KnownLog known = known(instance, cluster);
        return switch (file.kind()) {
            case HISTORY -> history(instance, known, file);
            case SEGMENT -> segment(instance, known, file, cluster);
            // Recovery asks for none. None is kept under such a name, which says nothing of the log behind it
            case PARTIAL, BACKUP -> throw new Failure.NotFound("Files like " + file.name() + " are not handed out.");
        };
    }

    private KnownLog known(Instance instance, @Nullable String cluster) {
        return transactions.in(instance.project(), connection -> {
            List<WalRepository.Archive> all = repository.archives(connection, instance.id());
            if (all.isEmpty()) {
                throw new Failure.NotFound("Nothing is archived of " + instance.name() + ".");
            }
            if (cluster == null
                    && all.stream()
                                    .map(WalRepository.Archive::systemIdentifier)
                                    .distinct()
                                    .count()
                            > 1) {
                throw new Failure.Conflict(
                        "Log of more than one cluster is archived of " + instance.name() + ", and the request does not"
                                + " say of which it is.",
                        "Run it in the data folder.");
            }
            String ofServer = instance.systemIdentifier();
            String wanted = cluster != null
                    ? cluster
                    : ofServer != null ? ofServer : all.get(0).systemIdentifier();
            List<WalRepository.Archive> archives = WalArchives.joinable(
                    all,
                    wanted,
                    repository
                            .service(connection, instance.project(), instance.id())
                            .flatMap(WalService::streamsTo)
                            .orElse(null));
            if (archives.isEmpty()) {
                throw new Failure.Conflict(
                        "What is archived of " + instance.name()
                                + " is of another cluster: the system identifier that is"
                                + " asked for is " + wanted + ", archived is that of "
                                + all.get(0).systemIdentifier() + ".",
                        "Ask for the log of the server that the backup is of.");
            }
            List<WalRepository.Stretch> stretches = new ArrayList<>();
            List<WalRepository.Stretch> others = new ArrayList<>();
            for (WalRepository.Archive archive : all) {
                if (archive.systemIdentifier().equals(wanted)) {
                    (archives.contains(archive) ? stretches : others)
                            .addAll(repository.stretches(connection, archive.id(), MOST_STRETCHES));
                }
            }
            if (stretches.isEmpty()) {
                throw new Failure.NotFound("No log is archived of " + instance.name() + " yet.");
            }
            return new KnownLog(archives, stretches, others);
        });
    }

    private Found history(Instance instance, KnownLog known, LogFile file) {
        Optional<String> text = history(instance, known, file.timeline());
        if (text.isPresent()) {
            byte[] bytes = text.get().getBytes(StandardCharsets.UTF_8);
            return new Found.File(true, bytes.length, () -> new ByteArrayInputStream(bytes));
        }
        // Looked up once more behind the look into the stores
        KnownLog now = known(instance, known.archives().get(0).systemIdentifier());
        if (file.timeline() > 1 && !now.after(file.timeline() - 1).isEmpty()) {
            throw new Failure.Conflict(
                    "The history of timeline " + file.timeline() + " is not stored, though log of timeline "
                            + now.after(file.timeline() - 1).first() + " is.",
                    "Push the server's pg_wal/" + file.name()
                            + "; where its log is streamed, a new session stores that of the server's timeline.");
        }
        if (now.others().stream().anyMatch(each -> file.timeline() > 1 && each.timeline() >= file.timeline())) {
            throw elsewhere(
                    instance, file, "To recover on one timeline alone, set recovery_target_timeline to its number.");
        }
        return new Found.Absent();
    }

    /** @throws Failure.Retryable and others if it is not found, and an archive cannot be read */
    private Optional<String> history(Instance instance, KnownLog known, int timeline) {
        Failure failure = null;
        for (WalRepository.Archive archive : known.archives()) {
            try {
                Optional<String> text = StoredLog.ofHistory(
                                open(instance.project(), archive, archive.store(), archive.location()), timeline)
                        .history(timeline);
                if (text.isPresent()) {
                    return text;
                }
            } catch (Failure e) {
                failure = e;
                List<String> copied = fromCopies(
                        instance,
                        archive,
                        copy -> StoredLog.ofHistory(copy, timeline)
                                .history(timeline)
                                .orElse(null));
                if (!copied.isEmpty()) {
                    return Optional.of(copied.get(0));
                }
            }
        }
        if (failure != null) {
            throw away(failure);
        }
        return Optional.empty();
    }

    private Found segment(Instance instance, KnownLog known, LogFile file, @Nullable String cluster) {
        int segmentBytes = known.segmentBytes();
        Lsn start = file.start(segmentBytes);
        Lsn end = start.plus(segmentBytes);
        Part best = null;
        Failure failure = null;
        for (WalRepository.Archive archive : known.archives()) {
            try {
                best = more(
                        best,
                        part(
                                open(instance.project(), archive, archive.store(), archive.location()),
                                file.timeline(),
                                start));
            } catch (Failure e) {
                failure = e;
                for (Part copied : fromCopies(instance, archive, copy -> part(copy, file.timeline(), start))) {
                    best = more(best, copied);
                }
            }
            if (best != null && best.to().equals(end)) {
                return file(best, file.timeline(), start, segmentBytes, true);
            }
        }
        if (failure != null) {
            throw away(failure); // a copy may end before the log itself does
        }
        Lsn have = best == null ? start : best.to();
        // A part may have grown since it was listed: it is held against what was known before. That nothing is there is
        // held against what is known now.
        requireEnd(instance, best != null ? known : known(instance, cluster), file, start, have);
        requireNothingStored(instance, known, file, have);
        return best == null ? new Found.Absent() : file(best, file.timeline(), start, segmentBytes, false);
    }

    /** What the source lacks may be in the catalogue, in a store that is away, or in the log of a timeline that came of it. */
    private void requireEnd(Instance instance, KnownLog known, LogFile file, Lsn start, Lsn have) {
        int segmentBytes = known.segmentBytes();
        if (known.isBeyond(file.timeline(), have, start)) {
            throw gap(instance, file, "log of the same timeline that comes after it is stored");
        }
        if (known.isBeyondElsewhere(file.timeline(), have, start)) {
            throw elsewhere(
                    instance, file, "Restore by the job, or recover to a target that lies before the end of the log.");
        }
        for (int later : known.after(file.timeline())) {
            String text = history(instance, known, later)
                    .orElseThrow(() -> gap(
                            instance,
                            file,
                            "log of timeline " + later + " is stored, whose history is not: it may come after it"));
            Lsn left = TimelineHistory.parse(later, text)
                    .part(file.timeline())
                    .map(TimelineHistory.Part::to)
                    .orElse(null);
            if (left == null) {
                continue; // that one does not descend from it
            }
            Lsn switched = left.segmentStart(segmentBytes);
            // The later one's first segment begins with a copy of what this one holds of it
            boolean needed = start.equals(switched) && !known.holds(later, start) && have.compareTo(left) < 0;
            if (start.compareTo(switched) < 0 || needed) {
                throw gap(instance, file, "log of timeline " + later + " that comes after it is stored");
            }
        }
    }

    /** The catalogue does not know what is stored behind a hole of a timeline that was left, nor what came after it was set back. */
    private void requireNothingStored(Instance instance, KnownLog known, LogFile file, Lsn have) {
        Instant now = clock.now();
        boolean newest = known.after(file.timeline()).isEmpty();
        for (WalRepository.Archive archive : known.archives()) {
            if (newest && ends.isNothingBehind(archive.id(), file.timeline(), have, now)) {
                continue;
            }
            List<ArchivedLog.Stretch> stored = stored(instance, archive, file.timeline());
            Lsn end =
                    stored.isEmpty() ? Lsn.NONE : stored.get(stored.size() - 1).to();
            ends.listed(archive.id(), file.timeline(), end, now);
            for (ArchivedLog.Stretch each : stored) {
                if (each.to().compareTo(have) <= 0) {
                    continue;
                }
                if (each.from().compareTo(have) <= 0) {
                    throw new Failure.Retryable(file.name() + " is being stored.", "Ask again in a moment.", null);
                }
                throw gap(instance, file, "log of the same timeline that comes after it is in the store");
            }
        }
    }

    private List<ArchivedLog.Stretch> stored(Instance instance, WalRepository.Archive archive, int timeline) {
        try {
            WalFolder.Opened opened = open(instance.project(), archive, archive.store(), archive.location());
            return StoredLog.ofTimeline(opened, timeline).stretches();
        } catch (Failure e) {
            throw away(e);
        }
    }

    private static Failure elsewhere(Instance instance, LogFile file, String remedy) {
        return new Failure.Conflict(
                "Log of " + instance.name() + " that may come after " + file.name()
                        + " is stored in an archive that ended" + " before, as the server was set back.",
                remedy);
    }

    private static Failure gap(Instance instance, LogFile file, String why) {
        return new Failure.Conflict(
                "The archived log of " + instance.name() + " has a gap: " + file.name()
                        + " is not stored, or not all of it," + " though " + why + ".",
                "Restore a backup from after the gap, or stop the recovery before it.");
    }

    private static Failure away(Failure failure) {
        return new Failure.Retryable("An archive cannot be read: " + failure.getMessage(), "Check the store.", failure);
    }

    private static @Nullable Part more(@Nullable Part one, @Nullable Part other) {
        return one == null || (other != null && other.to().compareTo(one.to()) > 0) ? other : one;
    }

    private static @Nullable Part part(WalFolder.Opened archive, int timeline, Lsn start) {
        StoredLog log = StoredLog.ofSegment(archive, timeline, start);
        return log.stretches().stream()
                .filter(each -> each.from().equals(start))
                .map(ArchivedLog.Stretch::to)
                .findFirst()
                .map(to -> new Part(log, to))
                .orElse(null);
    }

    /** What the copies of an archive hold that can be read. */
    private <T> List<T> fromCopies(
            Instance instance, WalRepository.Archive archive, Function<WalFolder.Opened, @Nullable T> read) {
        List<T> found = new ArrayList<>();
        for (LogCopyRepository.Copy copy :
                transactions.in(instance.project(), connection -> copies.copies(connection, instance.id()))) {
            if (!copy.archive().equals(archive.id())) {
                continue;
            }
            try {
                T held = read.apply(open(instance.project(), archive, copy.store(), copy.location()));
                if (held != null) {
                    found.add(held);
                }
            } catch (Failure e) {
                // It is away as well
            }
        }
        return found;
    }

    private WalFolder.Opened open(ProjectId project, WalRepository.Archive archive, String store, String location) {
        WalFolder.Opened opened = WalFolder.open(stores.of(store), location, keyring.of(project));
        if (!opened.description().id().equals(archive.id())) {
            throw new Failure.Fatal(
                    location + " in " + store + " is another archive than the catalogue says.", null, null);
        }
        return opened;
    }

    private static Found.File file(Part part, int timeline, Lsn start, int segmentBytes, boolean whole) {
        return new Found.File(
                whole,
                segmentBytes,
                () -> new FilledSegment(
                        part.log().open(timeline, start), part.to().value() - start.value(), segmentBytes));
    }
}
