package dev.nightshift.backup.stores;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckObjectsTest {
    private static final Instant NOW = Instant.parse("2026-11-30T02:00:00Z");

    @Test
    void whatWasLeftForAnHourIsRemovedAndNothingElse(@TempDir Path folder) {
        Store store = new FolderStore(folder);
        String fresh = put(store, CheckObjects.name(NOW.minus(Duration.ofMinutes(59))));
        put(store, CheckObjects.name(NOW.minus(Duration.ofMinutes(61))));
        put(store, CheckObjects.name(NOW.minus(Duration.ofDays(9))));
        String ofOthers = put(store, "nightshift-check/5e8cf8a2-0a53-4c0e-9f57-3a1f7a9a6a11");
        String backup = put(store, "shop/main/t1-5e8cf8a2-0a53-4c0e-9f57-3a1f7a9a6a11");
        assertEquals(2, CheckObjects.removeLeft(store, NOW));
        assertEquals(
                List.of(ofOthers, fresh, backup),
                store.list("").stream().map(Store.Entry::name).toList());
        assertEquals(0, CheckObjects.removeLeft(store, NOW));
    }

    private static String put(Store store, String name) {
        try (Store.Upload upload = store.create(name)) {
            upload.write(new byte[] {1}, 0, 1);
            upload.commit();
        }
        return name;
    }
}
