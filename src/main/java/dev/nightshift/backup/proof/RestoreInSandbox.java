package dev.nightshift.backup.proof;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.sandbox.NotPossibleHere;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** The levels of a proof that need a server, in a sandbox that somebody else throws away. To be used once. */
interface RestoreInSandbox {
    /**
     * All of it.
     *
     * @throws Failure.Fatal if the backup does not restore, or does not hold what it should
     * @throws NotPossibleHere if this machine lacks something
     * @throws CancellationException if the watch said so
     */
    ProofEvidence run(Binaries binaries);

    /** What the checks do not cover, a sentence each. */
    List<String> notChecked();

    /** From the first byte read to the first right answer; null if none came. */
    @Nullable
    Duration rto();

    /** How the rows compared, as far as it came; null where there was nothing to compare. */
    @Nullable
    MatchRows match();
}
