package dev.nightshift.backup.stores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlaceProbeTest {
    @Test
    void aStoreBehindALinkIsTheSamePlaceAndAnotherFolderIsNot(@TempDir Path folder) throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Store store = new FolderStore(real);
        Store linked = new FolderStore(Files.createSymbolicLink(folder.resolve("link"), real));
        Store other = new FolderStore(folder.resolve("other"));
        try (PlaceProbe probe = PlaceProbe.put(linked)) {
            assertTrue(probe.isIn(store));
            assertFalse(probe.isIn(other));
        }
        assertEquals(List.of(), store.list(""), "nothing is left");
    }

    @Test
    void aFolderThatWasWrittenOnceKeepsSomethingOfIt(@TempDir Path folder) {
        FolderStore store = new FolderStore(folder.resolve("store"));
        assertTrue(store.looksUnmounted());
        PlaceProbe.put(store).close();
        assertTrue(store.looksUnmounted(), "a check says nothing of what was stored");
        try (Store.Upload upload = store.create("shop/main/1/manifest.json")) {
            upload.commit();
        }
        store.deleteFolder("shop/main/1");
        assertFalse(store.looksUnmounted());
    }
}
