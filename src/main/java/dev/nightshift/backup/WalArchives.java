package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.JoinedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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
            ProjectId project,
            UUID instance,
            String systemIdentifier,
            BackupSources.Reading reading,
            ProjectKeys keys) {
        Known known = transactions.in(
                project,
                connection -> new Known(
                        joinable(
                                repository.archives(connection, instance),
                                systemIdentifier,
                                repository
                                        .service(connection, project, instance)
                                        .map(WalService::archive)
                                        .orElse(null)),
                        copies.copies(connection, instance)));
        List<ArchivedLog> logs = new ArrayList<>();
        Set<String> read = new LinkedHashSet<>();
        List<String> notes = new ArrayList<>();
        List<String> lacks = new ArrayList<>();
        for (WalRepository.Archive archive : known.archives()) {
            List<Place> places = known.places(archive, reading);
            try {
                Opened opened = open(project, places, keys, notes);
                if (opened != null) {
                    logs.add(opened.log());
                    read.add(opened.place().store());
                }
                lacking(project, archive, opened, known.only(reading)).ifPresent(lacks::add);
            } catch (Failure.NotFound e) {
                if (known.archives().size() == 1 && known.only(reading) == null) {
                    throw e;
                }
                // With its store or its objects gone it holds nothing; what only it had held is a gap then
                LOG.log(System.Logger.Level.WARNING, "The archive {0} is left out: {1}", archive.id(), e.getMessage());
                lacking(project, archive, null, known.only(reading)).ifPresent(lacks::add);
            }
        }
        if (known.archives().isEmpty() || (logs.isEmpty() && lacks.isEmpty())) {
            return Optional.empty();
        }
        ArchivedLog log =
                logs.isEmpty() ? ArchivedLog.none(known.archives().get(0).segmentBytes()) : new JoinedLog(logs);
        return Optional.of(new Held(log, List.copyOf(read), notes, lacks.isEmpty() ? null : String.join(" ", lacks)));
    }

    /** An archive, opened. */
    private record Opened(Place place, ArchivedLog log) {}

    /**
     * The first place that can be read.
     *
     * @return null if there is none to try
     * @throws Failure of the first
     */
    private @Nullable Opened open(ProjectId project, List<Place> places, ProjectKeys keys, List<String> notes) {
        Failure first = null;
        for (Place place : places) {
            try {
                ArchivedLog log = open(project, place, keys);
                if (first != null) {
                    notes.add("The archived log is read from its copy in the store " + place.store() + ": "
                            + first.getMessage());
                }
                return new Opened(place, log);
            } catch (Failure.Fatal | Failure.NotFound | Failure.Retryable | Failure.Skippable e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
        return null;
    }

    /** What the catalogue knows of an archive behind the end of what is read of it: a copy is made now and then. */
    private Optional<String> lacking(
            ProjectId project, WalRepository.Archive archive, @Nullable Opened opened, @Nullable String only) {
        if (opened == null
                ? only == null || archive.store().equals(only)
                : opened.place().copy() == null) {
            return Optional.empty();
        }
        Optional<WalRepository.End> end =
                transactions.in(project, connection -> repository.end(connection, archive.id()));
        if (end.isEmpty()) {
            return Optional.empty();
        }
        ArchiveWal.Reached reached = end.get().reached();
        if (opened == null) {
            return Optional.of("Of the log that the store " + archive.store() + " holds up to " + reached.to()
                    + ", the store " + only + " holds no copy yet.");
        }
        List<ArchivedLog.Stretch> stretches = opened.log().stretches();
        ArchivedLog.Stretch last = stretches.isEmpty() ? null : stretches.get(stretches.size() - 1);
        boolean all = last != null
                && last.timeline() >= reached.timeline()
                && last.to().compareTo(reached.to()) >= 0;
        return all
                ? Optional.empty()
                : Optional.of("The store " + opened.place().store() + " holds a copy of the log up to "
                        + (last == null ? "no position" : last.to()) + ", the store " + archive.store()
                        + " the log itself up to " + reached.to() + ".");
    }

    /**
     * Those of a cluster's archives that hold one and the same log. One that ended does so because the server was set back: it
     * and those before it may hold what never was in the server's log of now. So they are left out as soon as there is a later
     * one; but for the one that is written to now, whose end the archiver has held against what the server sends.
     *
     * @param archives newest first
     * @param current that is written to; null if none is
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

    private ArchivedLog open(ProjectId project, Place place, ProjectKeys keys) {
        LogCopyRepository.Copy copy = place.copy();
        List<LogCopyRepository.Stretch> catalogued = transactions.in(
                project,
                connection -> copy == null
                        ? repository.stretches(connection, place.archive().id(), MOST_STRETCHES).stream()
                                .map(LogCopyRepository.Stretch::of)
                                .toList()
                        : copies.stretches(connection, copy.id()));
        String location = copy == null ? place.archive().location() : copy.location();
        return new Catalogued(StoredLog.of(WalFolder.open(stores.of(place.store()), location, keys)), catalogued);
    }
}
