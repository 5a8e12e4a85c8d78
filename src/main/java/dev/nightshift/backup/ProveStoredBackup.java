package dev.nightshift.backup;

import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.proof.DumpMaterial;
import dev.nightshift.backup.proof.Proof;
import dev.nightshift.backup.proof.ProofOptions;
import dev.nightshift.backup.proof.ProofOutcome;
import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.proof.Provable;
import dev.nightshift.backup.proof.StoredMaterial;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.RecoveryTarget;
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
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Proves one backup and keeps the ladder; a backup that does not pass fails the run. */
@Named("proveBackup")
@Dependent
public class ProveStoredBackup extends TargetBatchlet {
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
    private PointRecovery points;

    @Inject
    private Clock clock;

    @Override
    protected void work(TargetRun target) {
        Optional<RecoveryTarget> point = PointParameters.of(target.parameters());
        if (point.isPresent()) {
            drill(target, point.get());
            return;
        }
        Backup backup = RestoreBackup.chosen(backups, target);
        target.info("Proving the backup of " + backup.instance() + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + ".");
        ProofLevel upTo = DrillJob.upTo(target.parameters());
        target.concerns(
                BackupFindings.proof(backup.id(), upTo),
                new Subject(Subject.Kind.BACKUP, backup.id(), backup.instance()));
        var steps = new DrillSteps(target);
        var reader = BackupReader.open(stores.of(backup.store()), backup.location(), keyring.of(target.project()));
        Provable material =
                backup.physical() ? new StoredMaterial(reader) : new DumpMaterial(reader, ground.programs());
        Proof proof = prove(target, material, upTo, steps);
        keep(target, backup, proof);
        throwReason(proof, "The backup of " + backup.instance() + " is " + word(proof) + ", not more: ");
        target.store(connection -> findings.proven(target.project(), backup.instanceId(), backup.id(), upTo));
        steps.finish(null);
    }

    /**
     * To a point behind a backup, which says nothing of the backup's own proof: that it came there, or why not, is kept with
     * the run alone.
     */
    private void drill(TargetRun target, RecoveryTarget point) {
        DrillJob.checkLevel(target.parameters());
        target.concerns(
                BackupFindings.pointProof(target.instanceId()),
                new Subject(Subject.Kind.INSTANCE, target.instanceId(), String.join(", ", target.databaseNames())));
        Backup asked = target.parameters().text("backup").isPresent() ? RestoreBackup.chosen(backups, target) : null;
        RestoreBackup.requirePhysical(asked);
        PointRecovery.Chosen chosen =
                points.choose(target.project(), target.instanceId(), asked, point, new StopLook(target));
        String what = "Recovery of " + chosen.backup().instance() + " to "
                + chosen.recovery().plan().point().words();
        target.info(what + " begins with the backup taken at "
                + chosen.backup().takenAt().truncatedTo(ChronoUnit.SECONDS) + ".");
        ProofLevel asFar = DrillJob.upTo(target.parameters());
        var steps = new DrillSteps(target);
        var material = new StoredMaterial(chosen.reader(), chosen.recovery());
        Proof proof = prove(target, material, asFar == ProofLevel.MATCHED ? ProofLevel.RESTORED : asFar, steps);
        figures(target, chosen.backup(), proof);
        material.end().ifPresent(end -> {
            RestoreBackup.figures(target, end);
            if (end.note() != null) {
                target.warn(end.note());
            }
        });
        throwReason(proof, what + " is " + word(proof) + ", not more: ");
        steps.finish(null);
    }

    private static void throwReason(Proof proof, String what) {
        String reason = proof.reason();
        if (reason != null) {
            String remedy = proof.stumbled().map(ProofRung::remedy).orElse(null);
            // What this machine lacks says nothing against the backup.
            throw proof.failed()
                    ? new Failure.Fatal(what + reason, remedy, null)
                    : new Failure.Skippable(what + reason, remedy, null);
        }
    }

    private Proof prove(TargetRun target, Provable material, ProofLevel upTo, DrillSteps steps) {
        var options = new ProofOptions(
                upTo, ProofOptions.STANDARD.parents(), target.parameters().flag("everyRow"), ground.limits());
        try {
            return ground.prover().run(material, options, steps);
        } catch (CancellationException e) {
            throw new StopRequested();
        }
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
        figures(target, backup, proof);
    }

    private static void figures(TargetRun target, Backup backup, Proof proof) {
        Duration rto = proof.rto();
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
