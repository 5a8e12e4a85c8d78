package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.sandbox.SandboxFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A backup of which something else is expected than what is in it. */
record AimedMaterial(ProofMaterial real, UnaryOperator<ProofMaterial.Aim> other) implements ProofMaterial {
    @Override
    public Map<Long, Path> restore(SandboxFolder sandbox, ProofWatch watch) {
        return real.restore(sandbox, watch);
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
        return other.apply(real.aim());
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
