package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stored backup of whatever kind as a proof needs it. */
public interface Provable {
    /** What the backup is called in a sandbox's registration: {@code "backup 0190…"}. */
    String name();

    /** Of the server that was backed up, as in PG_VERSION. */
    int major();

    /** What a sandbox may take at most; asked after the verification. */
    Bytes room();

    /** What has to be free for it; asked after the verification. */
    Bytes needed();

    /** How it is restored and compared in a sandbox. */
    RestoreInSandbox in(Sandbox sandbox, ProofOptions options, ProofWatch watch);

    /**
     * How one of the levels below {@link ProofLevel#RESTORED} came out.
     *
     * @param damage why it was not passed, naming the object; null if it was
     */
    record Verified(
            ProofLevel level,
            Duration took,
            ProofEvidence evidence,
            @Nullable String damage) {}

    /**
     * Checks the levels from {@link ProofLevel#STORED} up to this one, {@link ProofLevel#READABLE} at most, in one pass.
     *
     * @return the levels tried, in order; only the last can have damage
     * @throws dev.nightshift.kernel.Failure.Retryable if the store cannot be read now
     * @throws NotPossibleHere if this machine cannot tell
     * @throws java.util.concurrent.CancellationException if the watch said so
     */
    List<Verified> verify(ProofLevel upTo, ProofWatch watch);
}
