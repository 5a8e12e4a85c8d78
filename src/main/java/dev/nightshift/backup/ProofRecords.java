package dev.nightshift.backup;

import dev.nightshift.backup.proof.Proof;
import dev.nightshift.backup.proof.ProofOutcome;
import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.proof.StoredMaterial;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.RestoreTimes;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keeps what a drill came to: as the backup's proof, in the history of drills, among the run's figures, and as its pace. */
@ApplicationScoped
class ProofRecords {
    @Inject
    private BackupEntries entries;

    @Inject
    private DrillRepository history;

    @Inject
    private RestoreForecast forecast;

    @Inject
    private Clock clock;

    /** As the backup's proof in this store, and in the run's figures. */
    void proof(TargetRun target, Backup backup, String store, Proof proof) {
        Duration rto = proof.rto();
        var ladder = Json.createArrayBuilder();
        proof.ladder().forEach(rung -> ladder.add(ProofText.json(rung)));
        var notChecked = Json.createArrayBuilder();
        proof.notChecked().forEach(notChecked::add);
        keep(
                target,
                backup,
                stored(
                        target,
                        store,
                        outcome(proof),
                        number(proof),
                        rto == null ? null : rto.toMillis(),
                        proof.reason(),
                        ladder.build().toString(),
                        notChecked.build().toString()));
        figures(target, backup, store, proof);
    }

    private void keep(TargetRun target, Backup backup, Backup.StoredProof stored) {
        target.store(connection -> entries.insert(connection, target.project(), backup.id(), stored));
    }

    private Backup.StoredProof stored(
            TargetRun target,
            String store,
            String outcome,
            int level,
            @Nullable Long rtoMillis,
            @Nullable String reason,
            String ladder,
            String notChecked) {
        return new Backup.StoredProof(
                Ids.next(clock),
                target.runId(),
                store,
                clock.now(),
                level,
                outcome,
                rtoMillis,
                reason,
                ladder,
                notChecked);
    }

    private static int number(Proof proof) {
        return proof.level()
                .map(reached -> List.of(ProofLevel.values()).indexOf(reached))
                .orElse(-1);
    }

    private static String outcome(Proof proof) {
        return proof.failed() ? "FAILED" : proof.stumbled().isPresent() ? "NOT_POSSIBLE" : "PASSED";
    }

    static void figures(TargetRun target, Backup backup, String store, Proof proof) {
        Duration rto = proof.rto();
        target.figure("backup", backup.id());
        target.figure("store", store);
        target.figure("level", word(proof));
        if (rto != null) {
            target.figure("rtoMillis", rto.toMillis());
        }
        proof.ladder().stream()
                .filter(rung -> rung.outcome() == ProofOutcome.PASSED)
                .forEach(rung -> target.info(rung.level().name().toLowerCase(Locale.ROOT) + ": " + rung.evidence()));
    }

    static String word(Proof proof) {
        return proof.level()
                .map(level -> "proven " + level.name().toLowerCase(Locale.ROOT))
                .orElse("not proven");
    }

    /** What is not there at all is a failed proof. */
    void missing(TargetRun target, Backup backup, String store, Failure e) {
        keep(target, backup, stored(target, store, "FAILED", -1, null, e.getMessage(), rung(e), "[]"));
    }

    private String rung(Failure e) {
        var rung = new ProofRung(
                ProofLevel.STORED,
                ProofOutcome.FAILED,
                clock.now(),
                Duration.ZERO,
                "",
                Map.of(),
                e.getMessage(),
                e.remedy());
        return Json.createArrayBuilder().add(ProofText.json(rung)).build().toString();
    }

    /**
     * A drill of what could not even be opened, in the history.
     *
     * @param kit when the recovery kit was made that was to open it; null for the project's keys
     */
    void notOpened(
            TargetRun target,
            DrillChoice.Choice choice,
            Backup backup,
            String store,
            Failure e,
            @Nullable Instant kit) {
        insert(
                target,
                new Drill(
                        Ids.next(clock),
                        target.instanceId(),
                        backup.id(),
                        target.runId(),
                        store,
                        clock.now(),
                        choice.how(),
                        null,
                        -1,
                        "FAILED",
                        e.getMessage(),
                        null,
                        null,
                        kit));
    }

    /**
     * In the history of drills.
     *
     * @param point in words; null where the backup itself was proven
     * @param began as of System.nanoTime
     * @param kit when the recovery kit was made that opened it; null for the project's keys
     */
    void drill(
            TargetRun target,
            DrillChoice.Choice choice,
            Backup backup,
            String store,
            Proof proof,
            @Nullable String point,
            long began,
            @Nullable Instant kit) {
        Duration rto = proof.rto();
        var drill = new Drill(
                Ids.next(clock),
                target.instanceId(),
                backup.id(),
                target.runId(),
                store,
                clock.now(),
                choice.how(),
                point,
                number(proof),
                outcome(proof),
                proof.reason(),
                rto == null ? null : rto.toMillis(),
                proof.reason() == null ? (System.nanoTime() - began) / 1_000_000 : null,
                kit);
        insert(target, drill);
        target.figure("chosen", choice.how());
    }

    /** A restore that came to its end was measured, whatever its rows were. */
    void pace(TargetRun target, @Nullable StoredMaterial material, String store, Proof proof) {
        Duration rto = proof.rto();
        RestoreTimes times = material == null ? null : material.times().orElse(null);
        if (material != null && times != null && rto != null) {
            forecast.keep(target, RestorePace.Kind.DRILL, target.instanceId(), store, times, rto, material.replayed());
        }
    }

    private void insert(TargetRun target, Drill drill) {
        target.store(connection -> history.insert(connection, target.project(), drill));
    }
}
