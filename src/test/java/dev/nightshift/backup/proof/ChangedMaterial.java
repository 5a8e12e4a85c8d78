package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.sandbox.SandboxFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A backup that something happens to between the restore and the server's start. */
record ChangedMaterial(ProofMaterial real, Change change) implements ProofMaterial {
    /** What happens to the restored files. */
    interface Change {
        void make(SandboxFolder restored) throws IOException;
    }

    @Override
    public Map<Long, Path> restore(SandboxFolder sandbox, ProofWatch watch) {
        Map<Long, Path> created = real.restore(sandbox, watch);
        try {
            change.make(sandbox);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return created;
    }

    @Override
    public String name() {
        return real.name();
    }

    @Override
    public int major() {
        return real.major();
    }

    @Override
    public Aim aim() {
        return real.aim();
    }

    @Override
    public List<Evidence> evidence() {
        return real.evidence();
    }

    @Override
    public Optional<String> setting(String name) {
        return real.setting(name);
    }

    @Override
    public Bytes plainSize() {
        return real.plainSize();
    }

    @Override
    public List<Verified> verify(ProofLevel upTo, ProofWatch watch) {
        return real.verify(upTo, watch);
    }
}
