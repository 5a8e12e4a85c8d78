package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BackupCopy;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackupCopyTest {
    private final SmallBackup small = new SmallBackup();
    private final MemoryStore from = new MemoryStore();
    private final MemoryStore to = new MemoryStore();
    private Manifest manifest;
    private String folder;

    @BeforeEach
    void aBackup() throws IOException {
        manifest = small.store(from, Manifest.folder("shop", "main", SmallBackup.BACKUP));
        folder = manifest.folder();
    }

    private BackupCopy copy() {
        return new BackupCopy(from, to, folder, BackupProgress.NONE);
    }

    @Test
    void aCopyHasTheSameBytesAndOpensWithTheSameKeys() {
        BackupCopy.Result result = copy().run(SmallBackup.BACKUP);
        assertEquals(from.objects.size(), result.sent());
        assertEquals(0, result.found());
        assertEquals(from.objects.keySet(), to.objects.keySet());
        assertEquals(to.objects.values().stream().mapToLong(each -> each.length).sum(), result.bytes());
        BackupReader reader = BackupReader.open(to, folder, small.keys);
        assertNull(reader.verify(ProofLevel.READABLE, BackupProgress.NONE).damage());
        assertEquals(result.bytes(), copy().listed(SmallBackup.BACKUP).orElseThrow());
    }

    @Test
    void whatIsThereIsNotSentAgainAndWhatIsWrongIs() {
        copy().run(SmallBackup.BACKUP);
        String missing = folder + "/" + manifest.objects().get(0).name();
        String changed = folder + "/" + manifest.objects().get(1).name();
        String shorter = folder + "/" + manifest.objects().get(2).name();
        to.objects.remove(missing);
        to.get(changed)[40] ^= 1;
        to.objects.put(shorter, new byte[7]);
        assertTrue(copy().listed(SmallBackup.BACKUP).isEmpty());
        BackupCopy.Result result = copy().run(SmallBackup.BACKUP);
        assertEquals(3, result.sent());
        assertEquals(from.objects.size() - 3, result.found());
        assertNull(BackupReader.open(to, folder, small.keys)
                .verify(ProofLevel.INTACT, BackupProgress.NONE)
                .damage());
    }

    @Test
    void whatIsDamagedIsNotCopiedAndNoManifestSaysThatItIsWhole() {
        String damaged = manifest.objects().get(1).name();
        from.get(folder + "/" + damaged)[50] ^= 1;
        Failure.Fatal failure = assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP));
        assertTrue(failure.getMessage().contains("The object " + damaged + " of "), failure.getMessage());
        assertTrue(failure.getMessage().contains("another SHA-256"), failure.getMessage());
        assertFalse(to.objects.containsKey(folder + "/" + damaged));
        assertFalse(to.objects.containsKey(folder + "/" + Manifest.NAME));

        from.objects.remove(folder + "/" + damaged);
        failure = assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP));
        assertTrue(failure.getMessage().contains("is missing"), failure.getMessage());
    }

    @Test
    void anotherBackupInTheFolderIsNotTakenForIt() {
        UUID other = UUID.fromString("01938a5c-0000-7000-8000-0000000000ff");
        assertThrows(Failure.Fatal.class, () -> copy().run(other));
        from.objects.remove(folder + "/" + Manifest.NAME);
        assertThrows(Failure.NotFound.class, () -> copy().run(SmallBackup.BACKUP));
    }
}
