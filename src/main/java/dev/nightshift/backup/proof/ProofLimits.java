package dev.nightshift.backup.proof;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.sandbox.Quota;
import java.time.Duration;
import java.util.Set;

/**
 * What the sandbox of a proof may use; docs/reference/configuration.md lists the settings. Environment variables have the
 * same names in upper case with underscores: {@code NIGHTSHIFT_PROOF_HOURS}.
 *
 * @param timeToLive {@code nightshift.proof.hours}: when it is over, the proof is not possible here; 12 hours
 * @param cpu {@code nightshift.proof.cpu.hours}: CPU time of each of its server's processes, one of which checks a whole
 *     table or index; 4 hours
 * @param memory {@code nightshift.proof.memory.gigabytes}: address space of each of them; 4 GiB
 * @param libraries {@code nightshift.proof.libraries}: which of the libraries that the source preloads the sandbox may load
 *     too, by their names apart by commas; none
 */
public record ProofLimits(Duration timeToLive, Duration cpu, Bytes memory, Set<String> libraries) {
    /** Where nothing is set. */
    public static final ProofLimits STANDARD = of(TypedSettings.NONE);

    private static final int PROCESSES = 512;

    public ProofLimits {
        libraries = Set.copyOf(libraries);
    }

    /**
     * Reads the settings; what is not set has its default.
     *
     * @throws IllegalArgumentException if a value cannot be used; the message names the setting
     */
    public static ProofLimits of(TypedSettings settings) {
        return new ProofLimits(
                Duration.ofHours(settings.count("nightshift.proof.hours", 12)),
                Duration.ofHours(settings.count("nightshift.proof.cpu.hours", 4)),
                new Bytes((long) settings.count("nightshift.proof.memory.gigabytes", 4) << 30),
                settings.names("nightshift.proof.libraries"));
    }

    Quota quota(Bytes disk) {
        return new Quota(memory, cpu, disk, PROCESSES);
    }
}
