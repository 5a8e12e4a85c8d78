package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.MemoryStore;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a sweep makes of a copy that was cut off, by what its store lets be deleted. */
class StoreSweepTest {
    private final MemoryStore store = new MemoryStore();

    @Test
    void whatIsLockedWhereItLiesIsInNobodysWay() {
        store.objects.put("shop/main/x/part/0", new byte[1]);
        store.locked = name -> true;
        StoreSweep.Left left =
                StoreSweep.delete("offsite", store, "shop/main/x").orElseThrow();
        assertTrue(left.inNobodysWay());
        assertEquals("the store keeps it, locked until " + MemoryStore.LOCKED_UNTIL + ".", left.words());
        store.locked = name -> false;
        assertEquals(Optional.empty(), StoreSweep.delete("offsite", store, "shop/main/x"));
        assertEquals(0, store.objects.size());
    }
}
