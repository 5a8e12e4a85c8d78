package dev.nightshift.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** What is asked of a KMS before the transaction may be overtaken by another node. */
@ArquillianTest
class KeyChangesIT {
    @Inject
    private Registration registration;

    @Inject
    private Keyring keyring;

    @Inject
    private KeyChanges changes;

    @Inject
    private Transactions transactions;

    @Test
    void aChangeThatComesBetweenIsKept() {
        ProjectId project =
                UnreachableServer.register(registration, "keys-overtaken").project();
        AtomicInteger attempts = new AtomicInteger();
        ProjectKeys after = changes.changed(
                project,
                before -> {
                    if (attempts.incrementAndGet() == 1) {
                        changes.rotate(project, key -> {});
                    }
                    return before.rotated();
                },
                (before, now) -> {});
        assertEquals(2, attempts.get());
        assertEquals(3, after.ids().size());
        assertEquals(after.ids(), keyring.of(project).ids());
    }

    @Test
    void whoIsOvertakenEachTimeGivesUpAndChangesNothing() {
        ProjectId project = UnreachableServer.register(registration, "keys-always-overtaken")
                .project();
        assertThrows(
                Failure.Conflict.class,
                () -> changes.changed(
                        project,
                        before -> {
                            changes.rotate(project, key -> {});
                            return before.rotated();
                        },
                        (before, now) -> {
                            throw new AssertionError("not within");
                        }));
        assertEquals(4, keyring.of(project).ids().size());
    }

    @Test
    void aKitThatHasNothingNewChangesNothing() {
        ProjectId project =
                UnreachableServer.register(registration, "keys-known").project();
        ProjectKeys keys = keyring.of(project);
        Keyring.Opened before = keyring.opened(project);
        assertEquals(List.of(), changes.adopt(keys.export(), keys.keyId(), taken -> {}));
        assertEquals(before.wrapped(), keyring.opened(project).wrapped());
        assertTrue(keyring.exported(project).containsKey(keys.keyId()), "it is held outside");
    }

    /** A connection and a row's lock would be held for as long as it takes. */
    @Test
    void noKmsIsAskedToWrapWithinATransaction() {
        ProjectId project =
                UnreachableServer.register(registration, "keys-within").project();
        transactions.run(project, connection -> {
            assertThrows(IllegalStateException.class, () -> changes.rotate(project, key -> {}));
            assertThrows(IllegalStateException.class, () -> keyring.generate(project));
        });
        assertEquals(1, keyring.of(project).ids().size());
    }
}
