package dev.nightshift.backup.proof;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.sandbox.Quota;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the sandbox of a proof may use; docs/reference/configuration.md lists the settings. Environment variables have the
 * same names in upper case with underscores: {@code NIGHTSHIFT_PROOF_HOURS}.
 *
 * @param timeToLive {@code nightshift.proof.hours}: when it is over, the proof is not possible here; 12 hours
 * @param cpu {@code nightshift.proof.cpu.hours}: CPU time of each of its server's processes, one of which checks a whole
 *     table or index; 4 hours
 * @param memory {@code nightshift.proof.memory.gigabytes}: address space of each of them; 4 GiB
 */
public record ProofLimits(Duration timeToLive, Duration cpu, Bytes memory) {
    /** Where nothing is set. */
    public static final ProofLimits STANDARD = of(name -> Optional.empty());

    private static final int PROCESSES = 512;

    /**
     * Reads the settings; what is not set has its default.
     *
     * @throws IllegalArgumentException if a value cannot be used; the message names the setting
     */
    public static ProofLimits of(Function<String, Optional<String>> setting) {
        return new ProofLimits(
                Duration.ofHours(count(setting, "nightshift.proof.hours", "12")),
                Duration.ofHours(count(setting, "nightshift.proof.cpu.hours", "4")),
                new Bytes((long) count(setting, "nightshift.proof.memory.gigabytes", "4") << 30));
    }

    private static int count(Function<String, Optional<String>> setting, String name, String usual) {
        String text = setting.apply(name).orElse(usual).strip();
        try {
            int value = Integer.parseInt(text);
            if (value >= 1 && value <= 1000) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is not a whole number from 1 to 1000: " + text, e);
        }
        throw new IllegalArgumentException(name + " is not a whole number from 1 to 1000: " + text);
    }

    Quota quota(Bytes disk) {
        return new Quota(memory, cpu, disk, PROCESSES);
    }
}
