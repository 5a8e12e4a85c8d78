package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.kernel.Failure;
import java.util.ArrayList;
import java.util.List;
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

    @Test
    void whatAStoreLocksOfADatabaseThatCannotBeDumpedKeepsNoOtherOut() {
        MemoryStore store = new MemoryStore();
        store.objects.put("shop/main/x/probe", new byte[1]);
        List<String> warned = new ArrayList<>();
        Failure failure = new Failure.Skippable("No right.", null, null);
        store.locked = name -> true;
        TakeDumps.requireNothingLeft(store, "shop/main/x", failure, warned::add);
        assertEquals(1, warned.size());
        assertTrue(warned.get(0).contains("shop/main/x"), warned::toString);
        assertTrue(warned.get(0).contains("locked until " + MemoryStore.LOCKED_UNTIL), warned::toString);

        store.locked = name -> false;
        TakeDumps.requireNothingLeft(store, "shop/main/x", failure, warned::add);
        assertEquals(0, store.objects.size());
        assertEquals(1, warned.size());
        store.objects.put("shop/main/x/" + Manifest.NAME, new byte[1]);
        assertSame(
                failure,
                assertThrows(
                        Failure.class, () -> TakeDumps.requireNothingLeft(store, "shop/main/x", failure, warned::add)));
    }
}
