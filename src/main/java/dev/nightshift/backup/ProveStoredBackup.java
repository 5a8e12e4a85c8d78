package dev.nightshift.backup;

import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.proof.Proof;
import dev.nightshift.backup.proof.ProofOptions;
import dev.nightshift.backup.proof.ProofOutcome;
import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.proof.StoredMaterial;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Subject;
import dev.nightshift.job.StopRequested;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.Json;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;

/** Proves one backup and keeps the ladder; a backup that does not pass fails the run. */
@Named("proveBackup")
@Dependent
public class ProveStoredBackup extends TargetBatchlet {
    private static final String WHOLE = "matched";

    @Inject
    private Backups backups;

    @Inject
    private BackupRepository repository;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private BackupFindings findings;

    @Inject
    private DrillGround ground;

    @Inject
    private Clock clock;

    @Override
    protected void work(TargetRun target) {
        Backup backup = RestoreBackup.chosen(backups, target);
        target.info("Proving the backup of " + backup.instance() + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + ".");
        var upTo = ProofLevel.valueOf(
                target.parameters().text("upTo").orElse(WHOLE).toUpperCase(Locale.ROOT));
        target.concerns(
                BackupFindings.proof(backup.id(), upTo),
                new Subject(Subject.Kind.BACKUP, backup.id(), backup.instance()));
        var steps = new DrillSteps(target);
        Proof proof;
        try {
            proof = prove(target, backup, upTo, steps);
        } catch (CancellationException e) {
            throw new StopRequested();
        }
        keep(target, backup, proof);
        String reason = proof.reason();
        if (reason != null) {
            String remedy = proof.stumbled().map(ProofRung::remedy).orElse(null);
            String what = "The backup of " + backup.instance() + " is " + word(proof) + ", not more: " + reason;
            // What this machine lacks says nothing against the backup.
            throw proof.failed() ? new Failure.Fatal(what, remedy, null) : new Failure.Skippable(what, remedy, null);
        }
        target.store(connection -> findings.proven(target.project(), backup.instanceId(), backup.id(), upTo));
        steps.finish(null);
    }

    private Proof prove(TargetRun target, Backup backup, ProofLevel upTo, DrillSteps steps) {
        var parameters = target.parameters();
        var options =
                new ProofOptions(upTo, ProofOptions.STANDARD.parents(), parameters.flag("everyRow"), ground.limits());
        var reader = BackupReader.open(stores.of(backup.store()), backup.location(), keyring.of(target.project()));
        return ground.prover().run(new StoredMaterial(reader), options, steps);
    }

    private void keep(TargetRun target, Backup backup, Proof proof) {
        Duration rto = proof.rto();
        var ladder = Json.createArrayBuilder();
        proof.ladder().forEach(rung -> ladder.add(ProofText.json(rung)));
        var notChecked = Json.createArrayBuilder();
        proof.notChecked().forEach(notChecked::add);
        var stored = new Backup.StoredProof(
                Ids.next(clock),
                target.runId(),
                clock.now(),
                proof.level()
                        .map(reached -> List.of(ProofLevel.values()).indexOf(reached))
                        .orElse(-1),
                proof.failed() ? "FAILED" : proof.stumbled().isPresent() ? "NOT_POSSIBLE" : "PASSED",
                rto == null ? null : rto.toMillis(),
                proof.reason(),
                ladder.build().toString(),
                notChecked.build().toString());
        target.store(connection -> repository.insert(connection, target.project(), backup.id(), stored));
        target.figure("backup", backup.id());
        target.figure("level", word(proof));
        if (rto != null) {
            target.figure("rtoMillis", rto.toMillis());
        }
        proof.ladder().stream()
                .filter(rung -> rung.outcome() == ProofOutcome.PASSED)
                .forEach(rung -> target.info(rung.level().name().toLowerCase(Locale.ROOT) + ": " + rung.evidence()));
    }

    private static String word(Proof proof) {
        return proof.level()
                .map(level -> "proven " + level.name().toLowerCase(Locale.ROOT))
                .orElse("not proven");
    }
}
