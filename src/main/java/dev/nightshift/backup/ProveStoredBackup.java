package dev.nightshift.backup;

import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.proof.DumpMaterial;
import dev.nightshift.backup.proof.Proof;
import dev.nightshift.backup.proof.ProofOptions;
import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.proof.Provable;
import dev.nightshift.backup.proof.StoredMaterial;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Subject;
import dev.nightshift.job.StopRequested;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Proves one backup and keeps the ladder; a backup that does not pass fails the run. */
@Named("proveBackup")
@Dependent
public class ProveStoredBackup extends TargetBatchlet {
    /** In the checkpoint of a drill of each store; expiry leaves a backup alone that stands there. */
    private static final String BACKUP = "backup";

    private static final String STORES = "stores";

    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private BackupLeases leases;

    @Inject
    private Keyring keyring;

    @Inject
    private BackupFindings findings;

    @Inject
    private DrillGround ground;

    @Inject
    private PointRecovery points;

    @Inject
    private DrillChoice choices;

    @Inject
    private DrillKit kits;

    @Inject
    private ProofRecords records;

    /** Null where the project's keys open what is read. */
    private DrillKit.@Nullable Opened kit;

    /** Whether the finding about a failure now would be about the kit. */
    private boolean aboutKit;

    /** The stores in which the kit did not open what is read. */
    private final Set<String> notOpened = new HashSet<>();

    /** What each store came to, over all tries of the target: empty where it passed. */
    private final Map<String, Optional<Failure>> settled = new LinkedHashMap<>();

    @Override
    protected void work(TargetRun target) {
        DrillJob.checkLevel(target.parameters());
        String from = target.parameters().text(PointParameters.FROM).orElse(null);
        boolean each = Stores.EACH.equals(from);
        if (target.parameters().text(DrillKit.KIT).isPresent()) {
            concernsKit(target);
        }
        kit = kits.of(target).orElse(null);
        DrillChoice.Choice choice = choices.of(target, each ? null : from, each);
        if (!each) {
            one(target, choice, from, new DrillSteps(target));
            return;
        }
        JsonObject noted =
                target.checkpoint().filter(state -> state.containsKey(STORES)).orElseGet(() -> note(target, choice));
        Backup backup = backups.get(target.project(), UUID.fromString(noted.getString(BACKUP)));
        List<String> stores = noted.getJsonArray(STORES).getValuesAs(JsonString::getString);
        each(target, new DrillChoice.Choice(choice.how(), backup, choice.point()), stores);
    }

    private @Nullable BackupKeys keys() {
        return kit == null ? null : kit.keys();
    }

    /** That a kit does not open what it should says nothing of the backup. */
    private void concernsKit(TargetRun target) {
        aboutKit = true;
        target.concerns(
                BackupFindings.kit(target.instanceId()),
                new Subject(Subject.Kind.INSTANCE, target.instanceId(), String.join(", ", target.databaseNames())));
    }

    /** Before the first drill: a restart reads the same backup in the same stores. */
    private JsonObject note(TargetRun target, DrillChoice.Choice choice) {
        Backup backup = choice.backup();
        if (backup == null) {
            backup = chosen(target, choice, BackupSources.Reading.ANYWHERE.by(keys()))
                    .backup();
        }
        UUID id = backup.id();
        var stores = Json.createArrayBuilder();
        sources.places(target.project(), List.of(id))
                .getOrDefault(id, List.of())
                .forEach(place -> stores.add(place.store()));
        JsonObject noted = Json.createObjectBuilder(target.checkpoint().orElse(JsonValue.EMPTY_JSON_OBJECT))
                .add(BACKUP, id.toString())
                .add(STORES, stores)
                .build();
        target.checkpoint(noted);
        return noted;
    }

    /** One store after the other, however those before came out; a store that is away is tried again with the target. */
    private void each(TargetRun target, DrillChoice.Choice choice, List<String> stores) {
        target.info("Drills of " + stores.size() + " stores: " + String.join(", ", stores) + ".");
        Map<String, Failure> away = new LinkedHashMap<>();
        Map<String, String> steps = new HashMap<>();
        for (String store : stores) {
            if (settled.containsKey(store)) {
                continue;
            }
            var seen = new DrillSteps(target);
            try {
                target.figure("level." + store, one(target, choice, store, seen));
                settled.put(store, Optional.empty());
            } catch (Failure.Retryable e) {
                away.put(store, e);
                steps.put(store, seen.left("The store " + store + " is away."));
                target.error("The drill of the store " + store + " failed: " + e.getMessage());
            } catch (Failure.Fatal | Failure.NotFound | Failure.Skippable e) {
                settled.put(store, Optional.of(e));
                if (aboutKit) {
                    notOpened.add(store);
                }
                steps.put(store, seen.left("It failed in the store " + store + "."));
                target.error("The drill of the store " + store + " failed: " + e.getMessage());
            }
        }
        Map<String, Failure> failed = new LinkedHashMap<>(away);
        settled.forEach((store, failure) -> failure.ifPresent(known -> failed.put(store, known)));
        // What a drill found wrong before what may come back
        failed.entrySet().stream()
                .min(Comparator.comparing(each -> each.getValue() instanceof Failure.Retryable
                        ? 1
                        : each.getValue() instanceof Failure.Skippable ? 2 : 0))
                .ifPresent(worst -> {
                    failed.forEach((store, failure) -> {
                        Backup backup = choice.backup();
                        if (choice.point() == null
                                && backup != null
                                && !store.equals(worst.getKey())
                                && !notOpened.contains(store)) {
                            findings.failed(target, backup, store, DrillJob.upTo(target.parameters()), failure);
                        }
                    });
                    if (notOpened.contains(worst.getKey())) {
                        concernsKit(target);
                    } else {
                        concerns(target, choice, worst.getKey());
                    }
                    target.begin(steps.getOrDefault(worst.getKey(), DrillJob.VERIFY));
                    throw worst.getValue();
                });
    }

    private void concerns(TargetRun target, DrillChoice.Choice choice, String store) {
        aboutKit = false;
        Backup backup = choice.backup();
        if (choice.point() != null || backup == null) {
            target.concerns(
                    BackupFindings.pointProof(target.instanceId()),
                    new Subject(Subject.Kind.INSTANCE, target.instanceId(), String.join(", ", target.databaseNames())));
        } else {
            target.concerns(
                    BackupFindings.proof(backup.id(), backup.store(), store, DrillJob.upTo(target.parameters())),
                    new Subject(Subject.Kind.BACKUP, backup.id(), backup.instance()));
        }
    }

    /** Answers the level that was reached, in words. */
    private String one(TargetRun target, DrillChoice.Choice choice, @Nullable String store, DrillSteps steps) {
        Backup backup = choice.backup();
        return choice.point() != null || backup == null
                ? point(target, choice, store, steps)
                : backup(target, choice, backup, store == null ? backup.store() : store, steps);
    }

    private String backup(TargetRun target, DrillChoice.Choice choice, Backup backup, String store, DrillSteps steps) {
        long began = System.nanoTime();
        target.info("Proving the backup of " + backup.instance() + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + ", in the store " + store + ".");
        ProofLevel upTo = DrillJob.upTo(target.parameters());
        BackupSources.Source source = opened(target, choice, backup, store);
        StoredMaterial whole = backup.physical() ? new StoredMaterial(source.reader()) : null;
        Provable material = whole == null ? new DumpMaterial(source.reader(), ground.programs()) : whole;
        Proof proof = prove(target, material, upTo, steps);
        records.proof(target, backup, store, proof);
        records.pace(target, whole, store, proof);
        if (backup.physical()) { // the history is of restores of the whole server
            records.drill(target, choice, backup, store, proof, null, began, kitMadeAt());
        }
        throwReason(
                proof,
                "The backup of " + backup.instance() + " in the store " + store + " is " + ProofRecords.word(proof)
                        + ", not more: ");
        target.store(connection -> findings.proven(target.project(), backup.instanceId(), backup.id(), store, upTo));
        steps.finish(null);
        return ProofRecords.word(proof);
    }

    /** What is not there at all is a failed proof too; a store that refuses says nothing of the backup. */
    private BackupSources.Source opened(TargetRun target, DrillChoice.Choice choice, Backup backup, String store) {
        BackupKeys other = keys();
        if (other == null) {
            concerns(target, choice, store);
        } else {
            concernsKit(target);
        }
        try {
            BackupSources.Source source = sources.open(
                    target.project(),
                    backup,
                    BackupSources.Reading.in(store, BackupSources.Reading.OWN),
                    other == null ? keyring.of(target.project()) : other,
                    target::warn);
            if (other != null) {
                openedByKit(target, source.reader());
                concerns(target, choice, store);
            }
            leases.read(target, source.store(), backup);
            return source;
        } catch (Failure.Unusable e) {
            throw e;
        } catch (Failure.NotFound | Failure.Fatal e) {
            if (e instanceof Failure.NotFound || e.getCause() instanceof Failure.NotFound) {
                concerns(target, choice, store); // whatever the keys are
                records.missing(target, backup, store, e);
            }
            if (backup.physical()) {
                records.notOpened(target, choice, backup, store, e, kitMadeAt());
            }
            throw e;
        }
    }

    /** Each backup of a chain has a key of its own, wrapped by one that the kit may lack. */
    private void openedByKit(TargetRun target, BackupReader reader) {
        reader.chain();
        target.store(connection -> findings.opened(target.project(), target.instanceId()));
    }

    private @Nullable Instant kitMadeAt() {
        return kit == null ? null : kit.madeAt();
    }

    private PointRecovery.Chosen chosen(TargetRun target, DrillChoice.Choice choice, BackupSources.Reading reading) {
        return points.choose(
                target.project(),
                target.instanceId(),
                choice.backup(),
                Objects.requireNonNull(choice.point()),
                reading,
                new StopLook(target));
    }

    /**
     * To a point behind a backup, which says nothing of the backup's own proof: that it came there, or why not, is kept with
     * the run and in the history of drills.
     */
    private String point(TargetRun target, DrillChoice.Choice choice, @Nullable String store, DrillSteps steps) {
        long began = System.nanoTime();
        RestoreBackup.requirePhysical(choice.backup());
        if (kit == null) {
            concerns(target, choice, "");
        } else {
            concernsKit(target);
        }
        PointRecovery.Chosen chosen = chosen(
                target,
                choice,
                BackupSources.Reading.in(store, BackupSources.Reading.OWN).by(keys()));
        if (kit != null) {
            openedByKit(target, chosen.reader());
            concerns(target, choice, "");
        }
        leases.read(target, chosen.source().store(), chosen.backup());
        String words = chosen.recovery().plan().point().words();
        String what = "Recovery of " + chosen.backup().instance() + " to " + words;
        target.info(what + " begins with the backup taken at "
                + chosen.backup().takenAt().truncatedTo(ChronoUnit.SECONDS) + ", in the store "
                + chosen.source().store() + ".");
        chosen.notes().forEach(target::warn);
        ProofLevel asFar = DrillJob.upTo(target.parameters());
        var material = new StoredMaterial(chosen.reader(), chosen.recovery());
        Proof proof = prove(target, material, asFar == ProofLevel.MATCHED ? ProofLevel.RESTORED : asFar, steps);
        ProofRecords.figures(target, chosen.backup(), chosen.source().store(), proof);
        records.pace(target, material, chosen.source().store(), proof);
        records.drill(target, choice, chosen.backup(), chosen.source().store(), proof, words, began, kitMadeAt());
        material.end().ifPresent(end -> {
            RestoreBackup.figures(target, end);
            if (end.note() != null) {
                target.warn(end.note());
            }
        });
        throwReason(proof, what + " is " + ProofRecords.word(proof) + ", not more: ");
        steps.finish(null);
        return ProofRecords.word(proof);
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
}
