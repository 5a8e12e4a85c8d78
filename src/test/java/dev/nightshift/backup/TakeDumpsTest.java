package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertSame;

import dev.nightshift.kernel.Failure;
import org.junit.jupiter.api.Test;

class TakeDumpsTest {
    private final Failure skippable = new Failure.Skippable("a role may not read", null, null);
    private final Failure retryable = new Failure.Retryable("the network broke", null, null);
    private final Failure fatal = new Failure.Fatal("the store is full", null, null);

    @Test
    void theWorstOfSeveralFailuresIsTold() {
        assertSame(fatal, TakeDumps.worse(fatal, skippable));
        assertSame(fatal, TakeDumps.worse(skippable, fatal));
        assertSame(fatal, TakeDumps.worse(retryable, fatal));
        assertSame(retryable, TakeDumps.worse(skippable, retryable));
        assertSame(retryable, TakeDumps.worse(retryable, skippable));
    }

    @Test
    void ofTwoAlikeTheFirst() {
        assertSame(skippable, TakeDumps.worse(null, skippable));
        assertSame(fatal, TakeDumps.worse(fatal, new Failure.Fatal("another", null, null)));
    }
}
