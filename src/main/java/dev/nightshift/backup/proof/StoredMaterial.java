package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.evidence.EvidenceText;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.read.LogWalk;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Recovery;
import dev.nightshift.backup.read.RecoveryEnd;
import dev.nightshift.backup.read.RecoveryPlan;
import dev.nightshift.backup.read.RecoverySettings;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.read.RestoreTimes;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.sandbox.SandboxFolder;
import dev.nightshift.sandbox.ServerSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A backup in a store, opened with its keys, as a proof reads it. */
public final class StoredMaterial implements ProofMaterial {
    private static final List<ProofLevel> LEVELS = ProofListener.LEVELS;

    private final BackupReader reader;
    private final @Nullable Recovery recovery;
    private @Nullable Verification verification;
    private @Nullable RecoveryEnd end;
    private @Nullable RestoreTimes times;
    private @Nullable Lsn firstStop;

    /** The backup by itself. */
    public StoredMaterial(BackupReader reader) {
        this(reader, null);
    }

    /** The backup with the log that leads to a point behind it; null for the backup by itself. */
    public StoredMaterial(BackupReader reader, @Nullable Recovery recovery) {
        this.reader = reader;
        this.recovery = recovery;
    }

    /** Where recovery to a point has to end; empty before the verification came to it, and for a backup by itself. */
    public Optional<RecoveryEnd> end() {
        return Optional.ofNullable(end);
    }

    /** How long the parts of writing it out took; empty before it was written. */
    public Optional<RestoreTimes> times() {
        return Optional.ofNullable(times);
    }

    /** Bytes of log that the restored server replays until it answers first. */
    public long replayed() {
        Lsn to = firstStop == null ? aim().expected() : firstStop;
        return to.value() - reader.manifest().position().start().value();
    }

    @Override
    public String name() {
        return "backup " + reader.manifest().backup();
    }

    @Override
    public int major() {
        return reader.manifest().source().major();
    }

    @Override
    public Aim aim() {
        RecoveryEnd known = end;
        if (recovery != null && known != null) {
            RecoveryPlan plan = recovery.plan();
            return new Aim(
                    known.position(),
                    known.timeline(),
                    stop(known.target(), plan),
                    new Point(plan.history(), known.walk().times().replayed(), known.reportedTransaction()));
        }
        Manifest.Position position = reader.manifest().position();
        return Aim.ofBackup(position.expected(), reader.manifest().source().timeline(), position.restorePoint());
    }

    private static ServerSettings.Recovery stop(RecoveryTarget.Point target, RecoveryPlan plan) {
        ServerSettings.Recovery.Stop stop = target instanceof RecoveryTarget.Time
                ? ServerSettings.Recovery.Stop.TIME
                : target instanceof RecoveryTarget.Transaction
                        ? ServerSettings.Recovery.Stop.TRANSACTION
                        : target instanceof RecoveryTarget.Named
                                ? ServerSettings.Recovery.Stop.RESTORE_POINT
                                : ServerSettings.Recovery.Stop.POSITION;
        return new ServerSettings.Recovery(
                stop,
                RecoverySettings.target(target).getValue(),
                plan.history().timeline(),
                plan.backup().timeline());
    }

    /** The backup's own; it says nothing of rows at a point behind it. */
    @Override
    public List<Evidence> evidence() {
        if (recovery != null) {
            return List.of();
        }
        List<Evidence> taken =
                reader.evidence().stream().map(EvidenceText::parse).toList();
        firstStop = taken.stream()
                .flatMap(each -> Stream.ofNullable(each.position()))
                .min(Comparator.naturalOrder())
                .orElse(null);
        return taken;
    }

    @Override
    public Optional<String> setting(String name) {
        return reader.setting(name);
    }

    @Override
    public Bytes plainSize() {
        Manifest manifest = reader.manifest();
        // A chain's restored files are never longer than what it is made of
        long files = verification == null
                ? reader.chain().stream()
                        .mapToLong(each -> each.figures().bytesRead())
                        .sum()
                : verification.bytes();
        Manifest.Position position = manifest.position();
        RecoveryEnd known = end;
        // The server copies each segment: the sandbox holds it twice, and the archived ones are not in the backup's
        // size
        long more = known == null
                ? 0
                : Math.max(0, known.walk().read().value() - position.logEnd().value());
        return new Bytes(files + position.logEnd().value() - position.start().value() + 2 * more);
    }

    @Override
    public List<Verified> verify(ProofLevel upTo, ProofWatch watch) {
        ProofListener listener = new ProofListener(watch, ProofWatch.Step.VERIFY, ProofLevel.STORED);
        Verification result = reader.verify(upTo, listener);
        verification = result;
        String missed = upTo == ProofLevel.READABLE && result.damage() == null ? notReached(listener) : null;
        List<Verified> verified = new ArrayList<>();
        for (ProofLevel level : LEVELS.subList(0, LEVELS.indexOf(upTo) + 1)) {
            boolean passed = result.passed(level) && (missed == null || level != ProofLevel.READABLE);
            verified.add(new Verified(
                    level,
                    listener.took(level, result.took()),
                    passed ? evidence(level, result) : new ProofEvidence("", Map.of()),
                    passed ? null : missed != null ? missed : result.damage() + "."));
            if (!passed) {
                break;
            }
        }
        return verified;
    }

    /** Reads the log up to the point; answers why recovery cannot come there, or null. */
    private @Nullable String notReached(ProofListener listener) {
        try {
            locate(listener);
            return null;
        } catch (Failure.Unusable e) {
            throw e; // the store refuses, which says nothing of the log
        } catch (Failure.Fatal e) {
            return e.remedy() == null ? e.getMessage() : e.getMessage() + " " + e.remedy();
        }
    }

    /**
     * Reads the log up to the point, where there is one: for whoever does not verify first.
     *
     * @throws Failure.Fatal if recovery cannot come there
     */
    void locate(ProofWatch watch) {
        locate(new ProofListener(watch, ProofWatch.Step.VERIFY, ProofLevel.READABLE));
    }

    private void locate(ProofListener listener) {
        if (recovery != null) {
            end = recovery.end(reader.replayed(recovery).search(listener));
        }
    }

    private ProofEvidence evidence(ProofLevel level, Verification result) {
        List<Manifest> chain = reader.chain();
        long objects = chain.stream().mapToLong(each -> each.objects().size()).sum();
        long stored = chain.stream()
                .flatMap(each -> each.objects().stream())
                .mapToLong(StoredObject::bytes)
                .sum();
        String of = chain.size() == 1
                ? ""
                : ", of a chain of " + chain.size() + " backups: "
                        + chain.stream()
                                .map(each -> each.lineage().kind().word() + " " + each.backup())
                                .collect(Collectors.joining(", "));
        RecoveryEnd known = end;
        LogWalk log = known == null ? result.log() : known.walk();
        if (level == ProofLevel.READABLE && log != null) {
            return new ProofEvidence(
                    result.files() + " files, " + new Bytes(result.bytes()) + ", and " + log.records()
                            + " records of the log to " + log.reached() + of,
                    Map.of(
                            "files",
                            result.files(),
                            "bytes",
                            result.bytes(),
                            "logRecords",
                            log.records(),
                            "backups",
                            (long) chain.size()));
        }
        return new ProofEvidence(
                objects + " objects, " + new Bytes(stored) + of,
                Map.of("objects", objects, "storedBytes", stored, "backups", (long) chain.size()));
    }

    @Override
    public Map<Long, Path> restore(SandboxFolder folder, ProofWatch watch) {
        Map<String, Path> tablespaces = new HashMap<>();
        for (Manifest.Tablespace tablespace : reader.manifest().tablespaces()) {
            if (!tablespace.inPlace()) {
                tablespaces.put(tablespace.oid(), folder.tablespace(Long.parseLong(tablespace.oid())));
            }
        }
        var timed = new RestoreTimes(new ProofListener(watch, ProofWatch.Step.RESTORE, ProofLevel.RESTORED));
        var destination = new Destination(folder.data(), folder.wal(), tablespaces, false);
        LogWalk log = verification == null ? null : verification.log();
        if (recovery == null) {
            reader.materialise(destination, timed);
        } else {
            RecoveryEnd written = reader.materialise(destination, recovery, timed, whole -> {});
            end = written;
            log = written.walk();
        }
        timed.end();
        times = timed;
        Map<Long, Path> created = new HashMap<>();
        (log == null ? reader.tablespacesInLog() : log.outside())
                .forEach(tablespace -> created.put(Long.parseLong(tablespace.oid()), Path.of(tablespace.path())));
        return created;
    }
}
