package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ExpirySimulationTest {
    @Test
    void aStoreThatDoesNotSayWhatItLocksIsAskedOnce() {
        AtomicInteger asked = new AtomicInteger();
        Supplier<Store> away = () -> {
            asked.incrementAndGet();
            throw new Failure.Retryable("It does not answer.", null, null);
        };
        Set<String> silent = new HashSet<>();
        for (int backup = 0; backup < 3; backup++) {
            assertEquals(Optional.empty(), ExpirySimulation.lock("offsite", away, "shop/main/" + backup, silent));
        }
        assertEquals(1, asked.get());
        assertEquals(Set.of("offsite"), silent);
    }

    @Test
    void whatIsLockedIsNamedWithItsStore() {
        MemoryStore store = new MemoryStore();
        store.objects.put("shop/main/x/manifest.json", new byte[1]);
        store.locked = name -> true;
        assertEquals(
                Optional.of("offsite, locked until " + MemoryStore.LOCKED_UNTIL),
                ExpirySimulation.lock("offsite", () -> store, "shop/main/x", new HashSet<>()));
    }
}
