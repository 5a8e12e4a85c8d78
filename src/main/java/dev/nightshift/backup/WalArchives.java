package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.JoinedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.BackupKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The archives that the catalogue knows; what they hold is asked of the stores. Another store makes another archive of the same
 * log: together they are one.
 */
@ApplicationScoped
class WalArchives implements ArchivedLogs {
    private static final System.Logger LOG = System.getLogger(WalArchives.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private WalRepository repository;

    @Inject
    private LogCopyRepository copies;

    @Inject
    private Stores stores;

    private static final Comparator<ArchivedLog.Stretch> FURTHEST =
            Comparator.comparing(ArchivedLog.Stretch::timeline).thenComparing(ArchivedLog.Stretch::to);

    /** Far more than an archive has. */
    private static final int MOST_STRETCHES = 10_000;

    /**
     * An archive with what the catalogue says of its moments.
     *
     * @param catalogued read before the store was listed, which holds no less then
     */
    private record Catalogued(StoredLog log, List<LogCopyRepository.Stretch> catalogued) implements ArchivedLog {
        @Override
        public int segmentBytes() {
            return log.segmentBytes();
        }

        @Override
        public List<Stretch> stretches() {
            return log.stretches();
        }

        @Override
        public Set<Integer> timelinesWithHistory() {
            return log.timelinesWithHistory();
        }

        @Override
        public Optional<String> history(int timeline) {
            return log.history(timeline);
        }

        /** A stretch that is stored no more up to where the catalogue saw it says nothing. */
        @Override
        public Optional<Instant> covered(int timeline, Lsn end) {
            return LogCopyRepository.Stretch.covered(catalogued, timeline, end);
        }

        @Override
        public InputStream open(int timeline, Lsn start) throws IOException {
            return log.open(timeline, start);
        }
    }

    /** A folder of a store that holds an archive, or a copy of one. */
    private record Place(String store, WalRepository.Archive archive, LogCopyRepository.@Nullable Copy copy) {}

    /** Archived log as the catalogue knows it, the newest archive first. */
    private record Known(List<WalRepository.Archive> archives, List<LogCopyRepository.Copy> copies) {
        /** Where an archive may be read, in that order. */
        List<Place> places(WalRepository.Archive archive, BackupSources.Reading reading) {
            String only = only(reading);
            return Stream.concat(
                            Stream.of(new Place(archive.store(), archive, null)),
                            copies.stream()
                                    .filter(copy -> copy.archive().equals(archive.id()))
                                    .map(copy -> new Place(copy.store(), archive, copy)))
                    .filter(place -> only == null || place.store().equals(only))
                    .filter(place -> !reading.own() || only != null || place.copy() == null)
                    .toList();
        }

        /** The store that is named, if any of the log was ever to lie there. */
        private @Nullable String only(BackupSources.Reading reading) {
            String store = reading.store();
            boolean there = store != null
                    && archives.stream()
                            .anyMatch(archive -> archive.store().equals(store)
                                    || copies.stream()
                                            .anyMatch(copy -> copy.archive().equals(archive.id())
                                                    && copy.store().equals(store)));
            return there ? store : null;
        }
    }

    @Override
    public Optional<Held> of(
            ProjectId project, UUID instance, String systemIdentifier, BackupSources.Reading reading, BackupKeys keys) {
        Known known = transactions.in(
                project,
                connection -> new Known(
                        joinable(
                                repository.archives(connection, instance),
                                systemIdentifier,
                                repository
                                        .service(connection, project, instance)
                                        .flatMap(WalService::streamsTo)
                                        .orElse(null)),
                        copies.copies(connection, instance)));
        String only = known.only(reading);
        List<ArchivedLog> logs = new ArrayList<>();
        Set<String> read = new LinkedHashSet<>();
        List<String> notes = new ArrayList<>();
        List<String> lacks = new ArrayList<>();
        List<UnlistedLog> unlisted = new ArrayList<>();
        for (WalRepository.Archive archive : known.archives()) {
            List<Opened> opened = List.of();
            try {
                opened = open(project, known.places(archive, reading), keys, notes);
            } catch (Failure.NotFound e) {
                if (known.archives().size() == 1 && only == null) {
                    throw e;
                }
                // With its store or its objects gone it holds nothing; what only it had held is a gap then
                LOG.log(System.Logger.Level.WARNING, "The archive {0} is left out: {1}", archive.id(), e.getMessage());
                notes.add("The archived log " + archive.location() + " of the store " + archive.store()
                        + " is left out: " + e.getMessage());
            }
            opened.forEach(each -> {
                logs.add(each.log());
                read.add(each.place().store());
                unlisted.addAll(each.unlisted());
            });
            lacks.addAll(lacking(project, archive, opened, known.copies(), only));
        }
        if (known.archives().isEmpty() || (logs.isEmpty() && lacks.isEmpty())) {
            return Optional.empty();
        }
        if (reading.store() != null && only == null && !read.isEmpty()) {
            notes.add("The store " + reading.store() + " holds none of the archived log: that is read from "
                    + String.join(", ", read) + ".");
        }
        ArchivedLog log =
                logs.isEmpty() ? ArchivedLog.none(known.archives().get(0).segmentBytes()) : new JoinedLog(logs);
        return Optional.of(new Held(
                log,
                List.copyOf(read),
                notes,
                lacks.isEmpty() ? null : String.join(" ", lacks),
                UnlistedLog.without(unlisted, log.stretches())));
    }

    /** An archive, opened. */
    private record Opened(Place place, ArchivedLog log, List<UnlistedLog> unlisted) {
        ArchivedLog.@Nullable Stretch last() {
            List<ArchivedLog.Stretch> stretches = log.stretches();
            return stretches.isEmpty() ? null : stretches.get(stretches.size() - 1);
        }
    }

    /**
     * The log itself, or all of its copies that can be read where that cannot: nobody knows which of them has what another
     * lacks.
     *
     * @return empty if there is no place to try
     * @throws Failure.NotFound if it is in none of them
     * @throws Failure of one that may be there, if none can be read
     */
    private List<Opened> open(ProjectId project, List<Place> places, BackupKeys keys, List<String> notes) {
        List<Opened> opened = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        Failure failure = null;
        for (Place place : places) {
            try {
                opened.add(open(project, place, keys));
            } catch (Failure.Fatal | Failure.NotFound | Failure.Retryable | Failure.Skippable e) {
                reasons.add("The archived log is not read from the store " + place.store() + ": " + e.getMessage());
                failure = failure == null || weight(e) > weight(failure) ? e : failure;
            }
            if (place.copy() == null && !opened.isEmpty()) {
                return opened;
            }
        }
        if (opened.isEmpty() && failure != null) {
            throw failure;
        }
        notes.addAll(reasons);
        return opened;
    }

    /** What is away may be back, what is damaged is there; what is nowhere is told last. */
    private static int weight(Failure failure) {
        if (failure instanceof Failure.Retryable || failure instanceof Failure.Skippable) {
            return 2;
        }
        return failure instanceof Failure.NotFound ? 0 : 1;
    }

    /** What the catalogue knows of an archive and its copies behind the end of what is read: a copy is made now and then. */
    private List<String> lacking(
            ProjectId project,
            WalRepository.Archive archive,
            List<Opened> opened,
            List<LogCopyRepository.Copy> copies,
            @Nullable String only) {
        ArchivedLog.Stretch last = opened.stream()
                .flatMap(each -> Stream.ofNullable(each.last()))
                .max(FURTHEST)
                .orElse(null);
        boolean itself = opened.stream().anyMatch(each -> each.place().copy() == null);
        List<String> lacking = new ArrayList<>();
        ArchiveWal.Reached reached = itself
                ? null
                : transactions
                        .in(project, connection -> repository.end(connection, archive.id()))
                        .map(WalRepository.End::reached)
                        .orElse(null);
        if (reached != null && isBehind(last, reached.timeline(), reached.to())) {
            lacking.add(sentence(archive, opened, last, reached.to(), only));
        }
        for (LogCopyRepository.Copy copy : copies) {
            if (!copy.archive().equals(archive.id())
                    || opened.stream().anyMatch(each -> each.place().store().equals(copy.store()))) {
                continue;
            }
            transactions.in(project, connection -> this.copies.stretches(connection, copy.id())).stream()
                    .map(LogCopyRepository.Stretch::plain)
                    .max(FURTHEST)
                    .filter(end -> isBehind(last, end.timeline(), end.to()))
                    .ifPresent(end ->
                            lacking.add("The store " + copy.store() + " holds a copy of it up to " + end.to() + "."));
        }
        return lacking;
    }

    private static String sentence(
            WalRepository.Archive archive,
            List<Opened> opened,
            ArchivedLog.@Nullable Stretch last,
            Lsn reached,
            @Nullable String only) {
        if (opened.isEmpty()) {
            return only == null || only.equals(archive.store())
                    ? "The log that was archived in the store " + archive.store() + " up to " + reached
                            + " is not there any more."
                    : "Of the log that the store " + archive.store() + " holds up to " + reached + ", the store " + only
                            + " holds no copy yet.";
        }
        String stores = opened.stream().map(each -> each.place().store()).collect(Collectors.joining(", "));
        return "The store " + stores + " holds a copy of the log up to " + (last == null ? "no position" : last.to())
                + ", the store " + archive.store() + " the log itself up to " + reached + ".";
    }

    private static boolean isBehind(ArchivedLog.@Nullable Stretch last, int timeline, Lsn to) {
        return last == null || FURTHEST.compare(last, new ArchivedLog.Stretch(timeline, last.from(), to)) < 0;
    }

    /**
     * Those of a cluster's archives that hold one and the same log. One that ended does so because the server was set back: it
     * and those before it may hold what never was in the server's log of now. So they are left out as soon as there is a later
     * one; but for the one that is streamed to now, whose end the archiver has held against what the server sends.
     *
     * @param archives newest first
     * @param current that is streamed to; null if none is
     */
    static List<WalRepository.Archive> joinable(
            List<WalRepository.Archive> archives, String systemIdentifier, @Nullable UUID current) {
        List<WalRepository.Archive> ofCluster = archives.stream()
                .filter(archive -> archive.systemIdentifier().equals(systemIdentifier))
                .toList();
        List<WalRepository.Archive> joinable = new ArrayList<>();
        boolean setBack = false;
        for (WalRepository.Archive archive : ofCluster) {
            boolean sameSize = archive.segmentBytes() == ofCluster.get(0).segmentBytes();
            setBack |= archive.endedBecause() != null;
            if (sameSize && (!setBack || (archive.id().equals(current) && archive.endedBecause() == null))) {
                joinable.add(archive);
            }
        }
        return joinable.isEmpty() ? ofCluster.stream().limit(1).toList() : joinable;
    }

    /**
     * What an archive's own store does not list of it though it should, copies apart.
     *
     * @throws Failure.Retryable if the store cannot be listed now
     */
    List<UnlistedLog> missing(ProjectId project, WalRepository.Archive archive, BackupKeys keys) {
        Place place = new Place(archive.store(), archive, null);
        List<ArchivedLog.Stretch> catalogued = plain(catalogued(project, place));
        if (UnlistedLog.of(catalogued, List.of()).isEmpty()) {
            return List.of();
        }
        Store store = stores.of(archive.store());
        if (store instanceof FolderStore folder && folder.looksUnmounted()) {
            throw CopyToStore.unmounted(store);
        }
        try {
            return open(project, place, keys).unlisted();
        } catch (Failure.NotFound e) {
            // Without its description nothing of it can be read
            return catalogued.stream()
                    .map(each -> new UnlistedLog(archive.store(), each))
                    .toList();
        }
    }

    private Opened open(ProjectId project, Place place, BackupKeys keys) {
        LogCopyRepository.Copy copy = place.copy();
        List<LogCopyRepository.Stretch> catalogued = catalogued(project, place);
        String location = copy == null ? place.archive().location() : copy.location();
        WalFolder.Opened folder = WalFolder.open(stores.of(place.store()), location, keys);
        StoredLog log = StoredLog.of(folder);
        List<ArchivedLog.Stretch> missing = UnlistedLog.of(plain(catalogued), log.stretches());
        if (!missing.isEmpty()) {
            // Pieces go while a listing goes on once their segment is there whole, and some listings are late: look
            // again
            log = StoredLog.of(folder);
            missing = UnlistedLog.of(
                    UnlistedLog.both(plain(catalogued), plain(catalogued(project, place))), log.stretches());
        }
        return new Opened(
                place,
                new Catalogued(log, catalogued),
                missing.stream()
                        .map(each -> new UnlistedLog(place.store(), each))
                        .toList());
    }

    private static List<ArchivedLog.Stretch> plain(List<LogCopyRepository.Stretch> stretches) {
        return stretches.stream().map(LogCopyRepository.Stretch::plain).toList();
    }

    private List<LogCopyRepository.Stretch> catalogued(ProjectId project, Place place) {
        LogCopyRepository.Copy copy = place.copy();
        return transactions.in(
                project,
                connection -> copy == null
                        ? repository.stretches(connection, place.archive().id(), MOST_STRETCHES).stream()
                                .map(LogCopyRepository.Stretch::of)
                                .toList()
                        : copies.stretches(connection, copy.id()));
    }
}
