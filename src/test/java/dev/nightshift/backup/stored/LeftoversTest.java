package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.kernel.Failure;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LeftoversTest {
    private static final UUID BACKUP = UUID.fromString("01938a5c-0000-7000-8000-000000000001");

    @Test
    void ofTwoFoldersOfABackupTheWholeOneCounts() {
        for (String whole : List.of("a/main/" + BACKUP, "b/main/" + BACKUP)) {
            MemoryStore store = new MemoryStore();
            store.objects.put("a/main/" + BACKUP + "/base.tar.zst.1", new byte[1]);
            store.objects.put("b/main/" + BACKUP + "/base.tar.zst.1", new byte[1]);
            store.objects.put(whole + "/" + Manifest.NAME, new byte[1]);
            assertEquals(Map.of(BACKUP, whole), Leftovers.folders(store));
            assertEquals(List.of(), Leftovers.find(store));
        }
    }

    @Test
    void whatALockRefusesIsNoWarningEachTime() {
        MemoryStore store = new MemoryStore();
        store.objects.put("a/main/" + BACKUP + "/probe", new byte[1]);
        Failure refused = new Failure.Unusable("The store refuses.", null, null);
        assertEquals(Level.WARNING, Leftovers.level(store, "a/main/" + BACKUP, refused));
        store.locked = name -> true;
        assertEquals(Level.DEBUG, Leftovers.level(store, "a/main/" + BACKUP, refused));
        Failure away = new Failure.Retryable("The store does not answer.", null, null);
        assertEquals(Level.WARNING, Leftovers.level(store, "a/main/" + BACKUP, away));
    }
}
