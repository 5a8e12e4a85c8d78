package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.evidence.EvidenceText;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.read.LogWalk;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.sandbox.SandboxFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A backup in a store, opened with its keys, as a proof reads it. */
public final class StoredMaterial implements ProofMaterial {
    private static final List<ProofLevel> LEVELS = List.of(ProofLevel.STORED, ProofLevel.INTACT, ProofLevel.READABLE);

    private final BackupReader reader;
    private @Nullable Verification verification;

    public StoredMaterial(BackupReader reader) {
        this.reader = reader;
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
        Manifest.Position position = reader.manifest().position();
        return new Aim(position.expected(), reader.manifest().source().timeline(), position.restorePoint());
    }

    @Override
    public List<Evidence> evidence() {
        return reader.evidence().stream().map(EvidenceText::parse).toList();
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
        return new Bytes(files + position.logEnd().value() - position.start().value());
    }

    @Override
    public List<Verified> verify(ProofLevel upTo, ProofWatch watch) {
        Listener listener = new Listener(watch, ProofWatch.Step.VERIFY, ProofLevel.STORED);
        Verification result = reader.verify(upTo, listener);
        verification = result;
        List<Verified> verified = new ArrayList<>();
        for (ProofLevel level : LEVELS.subList(0, LEVELS.indexOf(upTo) + 1)) {
            boolean passed = result.passed(level);
            verified.add(new Verified(
                    level,
                    listener.took(level, result.took()),
                    passed ? evidence(level, result) : new ProofEvidence("", Map.of()),
                    passed ? null : result.damage() + "."));
            if (!passed) {
                break;
            }
        }
        return verified;
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
        LogWalk log = result.log();
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
        Listener listener = new Listener(watch, ProofWatch.Step.RESTORE, ProofLevel.RESTORED);
        reader.materialise(new Destination(folder.data(), folder.wal(), tablespaces, false), listener);
        Map<Long, Path> created = new HashMap<>();
        LogWalk log = verification == null ? null : verification.log();
        if (log != null) {
            log.tablespaces().stream()
                    .filter(tablespace -> tablespace.path().startsWith("/"))
                    .forEach(tablespace -> created.put(Long.parseLong(tablespace.oid()), Path.of(tablespace.path())));
        }
        return created;
    }

    /** Tells the watch, and knows when each level began. */
    private static final class Listener implements BackupProgress {
        private final ProofWatch watch;
        private final ProofWatch.Step step;
        private final Map<ProofLevel, Long> began = new EnumMap<>(ProofLevel.class);
        private ProofLevel level;

        Listener(ProofWatch watch, ProofWatch.Step step, ProofLevel first) {
            this.watch = watch;
            this.step = step;
            this.level = first;
            began.put(first, System.nanoTime());
        }

        @Override
        public void phase(Phase phase) {
            if (step == ProofWatch.Step.VERIFY) {
                level = phase == Phase.HASH ? ProofLevel.INTACT : ProofLevel.READABLE;
                began.putIfAbsent(level, System.nanoTime());
            }
            stopIfAsked();
        }

        @Override
        public void bytes(long done, long estimated) {
            watch.progress(step, level, done, estimated);
            stopIfAsked();
        }

        @Override
        public void note(String message) {
            watch.note(message);
        }

        /** Whatever is open is closed, and what was restored removed, on the way out. */
        private void stopIfAsked() {
            if (watch.stopped()) {
                throw new CancellationException("The proof was stopped.");
            }
        }

        /** From this level's beginning to the next one's, or to the end. */
        Duration took(ProofLevel of, Duration all) {
            long start = began.getOrDefault(ProofLevel.STORED, 0L);
            long from = began.getOrDefault(of, start + all.toNanos());
            long to = LEVELS.stream()
                    .filter(other -> other.compareTo(of) > 0 && began.containsKey(other))
                    .mapToLong(other -> began.getOrDefault(other, 0L))
                    .min()
                    .orElse(start + all.toNanos());
            return Duration.ofNanos(Math.max(0, to - from));
        }
    }
}
