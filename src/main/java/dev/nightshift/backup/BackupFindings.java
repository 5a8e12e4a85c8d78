package dev.nightshift.backup;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** What backups and their proofs say about an instance, beyond the end of their own run. */
@ApplicationScoped
class BackupFindings {
    private static final String PROOF = "proof:";

    @Inject
    private Findings findings;

    @Inject
    private WalFindings log;

    @Inject
    private BackupRepository repository;

    @Inject
    private Transactions transactions;

    /**
     * A backup is stored: either its server reported damaged pages, or it no longer does. That is known of a full one only: of
     * others the server reads nothing but the blocks that it sends.
     */
    void taken(BackupEntries.Attempt attempt, Manifest.Kind kind, Manifest.Checksums checksums) {
        if (!kind.physical()) {
            return; // of the server's pages and its log it says nothing
        }
        log.bridged(attempt.project(), attempt.instance(), attempt.backup());
        String fingerprint = "backup.damaged-source:" + attempt.instance();
        if (!checksums.failures()) {
            if (kind == Manifest.Kind.FULL) {
                findings.close(attempt.project(), fingerprint);
            }
            return;
        }
        String names = String.join(", ", attempt.databases());
        findings.report(
                attempt.project(),
                new FindingReport(
                        fingerprint,
                        new Subject(Subject.Kind.INSTANCE, attempt.instance(), names),
                        Severity.CRITICAL,
                        "The server of " + names + " has damaged pages",
                        "While it sent its files for backup " + attempt.backup()
                                + " the server reported wrong page checksums. That backup is kept as damaged; an older one may be the"
                                + " last good one. "
                                + String.join(" ", checksums.warnings()),
                        "Look at the server's disk, and prove an older backup before you need it.",
                        Json.createObjectBuilder()
                                .add("backup", attempt.backup().toString())
                                .build(),
                        attempt.run()));
    }

    /**
     * Names the finding about a proof that fails; a glance at the objects has one of its own, and so has each copy.
     *
     * @param takenTo the store that the backup was taken to
     * @param store the one that is read
     */
    static String proof(UUID backup, String takenTo, String store, ProofLevel upTo) {
        return PROOF + backup + (store.equals(takenTo) ? "" : "@" + store) + glance(upTo);
    }

    /** Names the finding about an instance that cannot be recovered to a point behind its backups. */
    static String pointProof(UUID instance) {
        return "backup.point-proof:" + instance;
    }

    /** Names the finding about a recovery kit that does not open what it should. */
    static String kit(UUID instance) {
        return "backup.recovery-kit:" + instance;
    }

    /** A kit opened it. */
    void opened(ProjectId project, UUID instance) {
        findings.close(project, kit(instance));
    }

    /** One of the stores that a drill of each failed in: its run ends with the failure of another. */
    void failed(TargetRun target, Backup backup, String store, ProofLevel upTo, Failure failure) {
        findings.report(
                target.project(),
                new FindingReport(
                        proof(backup.id(), backup.store(), store, upTo),
                        new Subject(Subject.Kind.BACKUP, backup.id(), backup.instance()),
                        failure instanceof Failure.Skippable ? Severity.WARNING : Severity.CRITICAL,
                        "Restore drill of " + backup.instance() + " failed in the store " + store,
                        String.valueOf(failure.getMessage()),
                        failure.remedy(),
                        Json.createObjectBuilder().add("store", store).build(),
                        target.runId()));
    }

    /** {@code proof:<id>@<store>:<level>} without the level. */
    private static String withoutGlance(String fingerprint) {
        int level = fingerprint.indexOf(':', PROOF.length());
        return level < 0 ? fingerprint : fingerprint.substring(0, level);
    }

    private static String glance(ProofLevel upTo) {
        return upTo == ProofLevel.MATCHED ? "" : ":" + upTo.name().toLowerCase(Locale.ROOT);
    }

    /**
     * A backup that is proven stands in for the older ones of its instance in the same store. A glance at the objects must not
     * close what a whole drill found, of this backup or of those.
     */
    void proven(ProjectId project, UUID instance, UUID backup, String store, ProofLevel upTo) {
        transactions.run(project, connection -> {
            Map<UUID, String> backups = repository.upTo(connection, instance, backup);
            Set<String> whole = backups.entrySet().stream()
                    .map(each -> proof(each.getKey(), each.getValue(), store, ProofLevel.MATCHED))
                    .collect(Collectors.toSet());
            findings.closeAbout(
                    project,
                    List.copyOf(backups.keySet()),
                    fingerprint -> fingerprint.endsWith(glance(upTo)) && whole.contains(withoutGlance(fingerprint)));
        });
    }
}
