package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.inject.Vetoed;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which targets of other nodes' runs a node takes from the queue. */
class GuestTargetsTest {
    private static final UUID ATTEMPT = UUID.randomUUID();

    private final GuestTargets guests = new GuestTargets();
    private final LocalTargets local = new LocalTargets();
    private final Node node = new Node();
    private final KeyThatComes keyring = new KeyThatComes();

    @Vetoed // the tests' own archive is deployed with the product's
    private static final class KeyThatComes extends Keyring {
        private volatile boolean known;

        @Override
        public void check() {
            if (!known) {
                throw new Failure.Retryable("The KMS cannot be reached.", "It is asked again.", null);
            }
        }
    }

    @BeforeEach
    void aNodeThatDoesNotDrain() throws ReflectiveOperationException {
        set(guests, "node", node);
        set(guests, "local", local);
        set(guests, "keyring", keyring);
        set(node, "config", JobConfigTest.usual());
    }

    @Test
    void oneThatKnowsTheMasterKeyTakesThem() {
        keyring.known = true;
        assertTrue(guests.admits(ATTEMPT));
    }

    @Test
    void oneThatDoesNotKnowItRefusesThemSlowlySoThatOthersTakeThem() {
        long before = System.nanoTime();
        assertFalse(guests.admits(ATTEMPT));
        assertTrue(System.nanoTime() - before > Duration.ofSeconds(5).toNanos());
    }

    @Test
    void oneThatComesToKnowItTakesWhatItHeld() throws Exception {
        CompletableFuture<Boolean> admitted = CompletableFuture.supplyAsync(() -> guests.admits(ATTEMPT));
        Thread.sleep(500);
        assertFalse(admitted.isDone());
        keyring.known = true;
        assertTrue(admitted.get());
    }

    private static void set(Object owner, String name, Object value) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        field.set(owner, value);
    }
}
