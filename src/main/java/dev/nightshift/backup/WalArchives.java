package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.JoinedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
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
import java.util.Comparator;
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
    private Stores stores;

    /** Far more than an archive has. */
    private static final int MOST_STRETCHES = 10_000;

    /**
     * An archive with what the catalogue says of its moments.
     *
     * @param catalogued read before the store was listed, which holds no less then
     */
    private record Catalogued(StoredLog log, List<WalRepository.Stretch> catalogued) implements ArchivedLog {
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
            return catalogued.stream()
                    .filter(each -> each.timeline() == timeline && each.to().compareTo(end) <= 0)
                    .flatMap(each -> Stream.ofNullable(each.coveredTo()))
                    .max(Comparator.naturalOrder());
        }

        @Override
        public InputStream open(int timeline, Lsn start) throws IOException {
            return log.open(timeline, start);
        }
    }

    @Override
    public Optional<ArchivedLog> of(ProjectId project, UUID instance, String systemIdentifier, ProjectKeys keys) {
        List<WalRepository.Archive> archives = transactions.in(
                project,
                connection -> joinable(
                        repository.archives(connection, instance),
                        systemIdentifier,
                        repository
                                .service(connection, project, instance)
                                .map(WalService::archive)
                                .orElse(null)));
        if (archives.isEmpty()) {
            return Optional.empty();
        }
        List<ArchivedLog> logs = new ArrayList<>();
        for (WalRepository.Archive archive : archives) {
            try {
                logs.add(open(project, archive, keys));
            } catch (Failure.NotFound e) {
                if (archives.size() == 1) {
                    throw e;
                }
                // With its store or its objects gone it holds nothing; what only it had held is a gap then
                LOG.log(System.Logger.Level.WARNING, "The archive {0} is left out: {1}", archive.id(), e.getMessage());
            }
        }
        return logs.isEmpty() ? Optional.empty() : Optional.of(new JoinedLog(logs));
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

    private ArchivedLog open(ProjectId project, WalRepository.Archive archive, ProjectKeys keys) {
        List<WalRepository.Stretch> catalogued =
                transactions.in(project, connection -> repository.stretches(connection, archive.id(), MOST_STRETCHES));
        return new Catalogued(
                StoredLog.of(WalFolder.open(stores.of(archive.store()), archive.location(), keys)), catalogued);
    }
}
