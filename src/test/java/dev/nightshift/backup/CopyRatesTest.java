package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.nightshift.backup.stored.MemoryStore;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CopyRatesTest {
    private final CopyRates rates = new CopyRates();
    private final UUID run = UUID.randomUUID();

    private CopyRates.Reading reading(UUID of) {
        return rates.of(of, 32, () -> {});
    }

    @Test
    void targetsOfARunShareItsLimitUntilTheLastHasRead() {
        CopyRates.Reading first = reading(run);
        CopyRates.Reading second = reading(run);
        assertNotNull(first.limit());
        assertSame(first.limit(), second.limit());
        first.close();
        CopyRates.Reading third = reading(run);
        assertSame(second.limit(), third.limit());
        second.close();
        third.close();
        assertNotSame(first.limit(), reading(run).limit(), "a restart begins anew");
    }

    @Test
    void anotherRunHasALimitOfItsOwn() {
        assertNotSame(reading(run).limit(), reading(UUID.randomUUID()).limit());
    }

    @Test
    void withoutALimitTheStoreIsReadAsItIs() {
        MemoryStore store = new MemoryStore();
        try (CopyRates.Reading reading = rates.of(run, 0, () -> {})) {
            assertNull(reading.limit());
            assertSame(store, reading.apply(store));
        }
    }
}
