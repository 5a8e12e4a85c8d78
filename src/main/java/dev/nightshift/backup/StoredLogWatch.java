package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Holds what the stores list of archived log against what the catalogue counts as stored there, every few hours: log that somebody
 * deleted is told then, and not by the restore that needs it. What a copy lacks is the job copy's to find.
 */
@ApplicationScoped
class StoredLogWatch {
    private static final System.Logger LOG = System.getLogger(StoredLogWatch.class.getName());
    private static final String VANISHED = "wal.vanished:";

    @Inject
    private WalArchives archives;

    @Inject
    private ListedLogRepository listed;

    @Inject
    private WalRepository repository;

    @Inject
    private LogCopyRepository copies;

    @Inject
    private ExpiryRepository expiry;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private Transactions transactions;

    @Inject
    private Findings findings;

    @Inject
    private Fleet fleet;

    /** Those archives of one store that nobody has listed for hours, of all projects. */
    void look(String store) {
        for (ProjectId project :
                transactions.installation(connection -> CopyRepository.projectsIn(connection, store))) {
            for (ListedLogRepository.Due due :
                    transactions.in(project, connection -> listed.claim(connection, store))) {
                if (!look(project, due.instance(), due.archive())) {
                    transactions.run(
                            project,
                            connection -> listed.soon(connection, due.archive().id()));
                }
            }
        }
    }

    /**
     * All archives of an instance, now, but those in stores that are declared lost.
     *
     * @return what is missing
     * @throws Failure of the first one that could not be listed, after all others were
     */
    List<UnlistedLog> look(ProjectId project, UUID instance) {
        List<UnlistedLog> missing = new ArrayList<>();
        Failure failure = null;
        for (WalRepository.Archive archive :
                transactions.in(project, connection -> repository.archives(connection, instance))) {
            try {
                missing.addAll(compare(project, instance, archive));
            } catch (Failure e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return missing;
    }

    /** @return false if it is to be looked at again soon: something is missing, or it could not be asked */
    private boolean look(ProjectId project, UUID instance, WalRepository.Archive archive) {
        try {
            return compare(project, instance, archive).isEmpty();
        } catch (Failure e) {
            LOG.log(
                    Level.WARNING,
                    "The archived log {0} of the store {1} is not held against the catalogue: {2}",
                    archive.location(),
                    archive.store(),
                    e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "The archived log " + archive.location() + " is not held against the catalogue", e);
        }
        return false;
    }

    /** Log that no kept backup needs is missed by nobody; of a store that is declared lost it is known that it is. */
    private List<UnlistedLog> compare(ProjectId project, UUID instance, WalRepository.Archive archive) {
        Optional<Lsn> needed = transactions.in(
                project, connection -> expiry.firstNeeded(connection, instance, archive.systemIdentifier()));
        List<UnlistedLog> missing = needed.isEmpty() || stores.isLost(archive.store())
                ? List.of()
                : archives.missing(project, archive, keyring.of(project)).stream()
                        .filter(each -> each.stretch().to().compareTo(needed.get()) > 0)
                        .toList();
        if (missing.isEmpty()) {
            findings.close(project, VANISHED + archive.id());
        } else {
            say(project, instance, archive, missing);
        }
        return missing;
    }

    private void say(ProjectId project, UUID instance, WalRepository.Archive archive, List<UnlistedLog> missing) {
        List<String> others = transactions.in(project, connection -> copies.copies(connection, instance)).stream()
                .filter(copy -> copy.archive().equals(archive.id()) && copy.copiedAt() != null)
                .map(LogCopyRepository.Copy::store)
                .sorted()
                .toList();
        String name = fleet.instance(project, instance).name().value();
        ArchivedLog.Stretch first = missing.get(0).stretch();
        Lsn segment = first.from().segmentStart(archive.segmentBytes());
        long bytes = missing.stream()
                .map(UnlistedLog::stretch)
                .mapToLong(each -> each.to().value() - each.from().value())
                .sum();
        findings.report(
                project,
                new FindingReport(
                        VANISHED + archive.id(),
                        new Subject(Subject.Kind.INSTANCE, instance, name),
                        Severity.CRITICAL,
                        "Archived log of " + name + " is not in the store " + archive.store() + " any more",
                        missing.get(0).words() + " It begins in the segment "
                                + segment.segmentName(first.timeline(), archive.segmentBytes()) + "."
                                + (missing.size() == 1
                                        ? ""
                                        : " " + (missing.size() - 1) + " more stretches are missing, "
                                                + new Bytes(bytes) + " of log in all.")
                                + " No restore that reads that store comes past it from a backup before."
                                + (others.isEmpty()
                                        ? ""
                                        : " There are copies of the archive in " + String.join(", ", others)
                                                + ": what they hold, a restore with from=… reaches."),
                        "Look who may delete there. Bring the objects back where the store keeps versions; then check the archive"
                                + " again. Else take a backup now: restores go on from there.",
                        Json.createObjectBuilder()
                                .add("store", archive.store())
                                .add("timeline", first.timeline())
                                .add("from", first.from().toString())
                                .add("to", first.to().toString())
                                .add("stretches", missing.size())
                                .add("bytes", bytes)
                                .build(),
                        null));
    }
}
