package dev.nightshift.backup;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;

/**
 * A store that is to lock what lies in it, and does not for so long, is a finding of every project whose backups or log lie there. What
 * the service does not answer neither opens one nor closes it.
 */
@ApplicationScoped
class LockWatch {
    private static final System.Logger LOG = System.getLogger(LockWatch.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private Findings findings;

    @Inject
    private Fleet fleet;

    /** Whoever measured it: the sweep of the stores, and the check of one. */
    void measured(@Observes Stores.Measured measured) {
        String store = measured.store();
        boolean kept = measured.lockDays() == 0 || measured.lock().isFor(measured.lockDays());
        String fingerprint = "backup.lock:" + store;
        for (ProjectId project :
                transactions.installation(connection -> CopyRepository.projectsIn(connection, store))) {
            try {
                say(project, fingerprint, measured, kept);
            } catch (Failure e) {
                // One project, deleted meanwhile say, does not keep the others from knowing
                LOG.log(
                        Level.WARNING,
                        "The lock of the store {0} is not told to the project {1}: {2}",
                        store,
                        project.value(),
                        e.getMessage());
            }
        }
    }

    private void say(ProjectId project, String fingerprint, Stores.Measured measured, boolean kept) {
        boolean concerned = transactions.in(
                project,
                connection -> CopyRepository.holds(connection, measured.store())
                        || CopyRepository.holdsLog(connection, measured.store()));
        if (kept || !concerned) {
            findings.close(project, fingerprint);
        } else if (!findings.isOpen(project, fingerprint)) {
            findings.report(project, report(project, fingerprint, measured));
        }
    }

    private FindingReport report(ProjectId project, String fingerprint, Stores.Measured measured) {
        BucketLock lock = measured.lock();
        return new FindingReport(
                fingerprint,
                new Subject(
                        Subject.Kind.PROJECT,
                        project.value(),
                        fleet.project(project).name().value()),
                Severity.CRITICAL,
                "The store " + measured.store() + " does not lock what is stored in it",
                "The bucket of the store " + measured.store() + " " + lock.words()
                        + "; the store is defined with a lock of " + measured.lockDays()
                        + " days. Whoever may delete there can delete what is stored from now on.",
                "Set the retention of the bucket again, and look who changed it; or change the store's lockDays.",
                Json.createObjectBuilder()
                        .add("store", measured.store())
                        .add("wantedDays", measured.lockDays())
                        .add("measuredDays", lock.days())
                        .add("mode", lock.mode())
                        .build(),
                null);
    }
}
