package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A logical backup in a store, opened with its keys, as a proof reads it. */
public final class DumpMaterial implements Provable {
    private final BackupReader reader;
    private final List<Path> programs;

    /** @param programs folders of programs to look for pg_restore in before the usual ones */
    public DumpMaterial(BackupReader reader, List<Path> programs) {
        this.reader = reader;
        this.programs = List.copyOf(programs);
        Objects.requireNonNull(reader.manifest().dump(), "a physical backup");
    }

    @Override
    public String name() {
        return "backup " + reader.manifest().backup();
    }

    @Override
    public int major() {
        return reader.manifest().source().major();
    }

    /** The dump itself, what is restored of it, its indexes, the log of both, and an empty cluster. */
    @Override
    public Bytes room() {
        return new Bytes(4 * dumped() + (4L << 30));
    }

    @Override
    public Bytes needed() {
        return new Bytes(2 * dumped() + (128L << 20));
    }

    private long dumped() {
        return reader.manifest().figures().bytesRead();
    }

    @Override
    public RestoreInSandbox in(Sandbox sandbox, ProofOptions options, ProofWatch watch) {
        return new DumpRestore(reader, programs, options, watch, sandbox);
    }

    @Override
    public List<Verified> verify(ProofLevel upTo, ProofWatch watch) {
        ProofListener listener = new ProofListener(watch, ProofWatch.Step.VERIFY, ProofLevel.STORED);
        Verification result = reader.verify(upTo, listener);
        List<Verified> verified = new ArrayList<>();
        List<ProofLevel> levels = ProofListener.LEVELS;
        for (ProofLevel level : levels.subList(0, levels.indexOf(upTo) + 1)) {
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
        Manifest manifest = reader.manifest();
        if (level == ProofLevel.READABLE) {
            return new ProofEvidence(
                    "what pg_dump wrote to its end, " + new Bytes(result.bytes()), Map.of("bytes", result.bytes()));
        }
        long objects = manifest.objects().size();
        long stored = manifest.objects().stream().mapToLong(StoredObject::bytes).sum();
        return new ProofEvidence(
                objects + " objects, " + new Bytes(stored), Map.of("objects", objects, "storedBytes", stored));
    }
}
