package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** The archives that the catalogue knows; what they hold is asked of the store. */
@ApplicationScoped
class WalArchives implements ArchivedLogs {
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
        return transactions
                .in(
                        project,
                        connection -> repository.archives(connection, instance).stream()
                                .filter(archive -> archive.systemIdentifier().equals(systemIdentifier))
                                .findFirst())
                .map(archive -> open(project, archive, keys));
    }

    private ArchivedLog open(ProjectId project, WalRepository.Archive archive, ProjectKeys keys) {
        List<WalRepository.Stretch> catalogued =
                transactions.in(project, connection -> repository.stretches(connection, archive.id(), MOST_STRETCHES));
        return new Catalogued(
                StoredLog.of(WalFolder.open(stores.of(archive.store()), archive.location(), keys)), catalogued);
    }
}
