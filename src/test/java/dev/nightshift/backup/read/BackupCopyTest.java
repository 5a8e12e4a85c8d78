package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackupCopyTest {
    private final SmallBackup small = new SmallBackup();
    private final MemoryStore from = new MemoryStore();
    private final MemoryStore to = new MemoryStore();
    private final AtomicInteger changes = new AtomicInteger();
    private Manifest manifest;
    private String folder;

    @BeforeEach
    void aBackup() throws IOException {
        manifest = small.store(from, Manifest.folder("shop", "main", SmallBackup.BACKUP));
        folder = manifest.folder();
    }

    private BackupCopy copy() {
        return new BackupCopy(from, to, folder, small.keys, BackupProgress.NONE);
    }

    @Test
    void aCopyHasTheSameBytesAndOpensWithTheSameKeys() {
        BackupCopy.Result result = copy().run(SmallBackup.BACKUP, changes::incrementAndGet);
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
        copy().run(SmallBackup.BACKUP, changes::incrementAndGet);
        String missing = folder + "/" + manifest.objects().get(0).name();
        String changed = folder + "/" + manifest.objects().get(1).name();
        String shorter = folder + "/" + manifest.objects().get(2).name();
        to.objects.remove(missing);
        to.get(changed)[40] ^= 1;
        to.objects.put(shorter, new byte[7]);
        assertTrue(copy().listed(SmallBackup.BACKUP).isEmpty());
        BackupCopy.Result result = copy().run(SmallBackup.BACKUP, changes::incrementAndGet);
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
        Failure.Fatal failure =
                assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet));
        assertTrue(failure.getMessage().contains("The object " + damaged + " of "), failure.getMessage());
        assertTrue(failure.getMessage().contains("another SHA-256"), failure.getMessage());
        assertFalse(to.objects.containsKey(folder + "/" + damaged));
        assertFalse(to.objects.containsKey(folder + "/" + Manifest.NAME));

        from.objects.remove(folder + "/" + damaged);
        failure = assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet));
        assertTrue(failure.getMessage().contains("is missing"), failure.getMessage());
    }

    @Test
    void anotherBackupInTheFolderIsNotTakenForIt() {
        UUID other = UUID.fromString("01938a5c-0000-7000-8000-0000000000ff");
        assertThrows(Failure.Fatal.class, () -> copy().run(other, changes::incrementAndGet));
        from.objects.remove(folder + "/" + Manifest.NAME);
        assertThrows(Failure.NotFound.class, () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet));
    }

    @Test
    void aGoodCopyStaysWhateverBecomesOfTheSource() {
        copy().run(SmallBackup.BACKUP, changes::incrementAndGet);
        Map<String, byte[]> good = copied();
        from.get(folder + "/" + manifest.objects().get(1).name())[50] ^= 1;
        assertEquals(0, copy().run(SmallBackup.BACKUP, changes::incrementAndGet).sent());
        String sum = manifest.objects().get(1).sha256();
        String text = new String(from.get(folder + "/" + Manifest.NAME), StandardCharsets.UTF_8);
        from.objects.put(
                folder + "/" + Manifest.NAME, text.replace(sum, "0".repeat(64)).getBytes(StandardCharsets.UTF_8));
        assertThrows(
                Failure.Fatal.class,
                () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet),
                "nobody knows who wrote that");
        assertThrows(Failure.Fatal.class, () -> copy().listed(SmallBackup.BACKUP));
        assertUnchanged(good);
        assertEquals(1, changes.get());
    }

    @Test
    void anotherManifestInTheTargetIsNeverReplaced() throws IOException {
        // One of the same keys, such as only a restored catalogue or another copy could bring about
        new SmallBackup(small.keys, SmallBackup.BACKUP, Manifest.Lineage.FULL).store(to, folder);
        Map<String, byte[]> other = copied();
        Failure.Fatal failure =
                assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet));
        assertTrue(failure.getMessage().contains("names other objects"), failure.getMessage());
        assertUnchanged(other);

        to.get(folder + "/" + Manifest.NAME)[30] ^= 1;
        Map<String, byte[]> changed = copied();
        assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet));
        assertUnchanged(changed);
        assertEquals(0, changes.get());
    }

    @Test
    void whatIsWrongInTheTargetIsDeletedOnlyForWhatIsRight() {
        copy().run(SmallBackup.BACKUP, changes::incrementAndGet);
        String name = folder + "/" + manifest.objects().get(1).name();
        to.get(name)[40] ^= 1;
        from.get(name)[50] ^= 1;
        Map<String, byte[]> damaged = copied();
        Failure.Fatal failure =
                assertThrows(Failure.Fatal.class, () -> copy().run(SmallBackup.BACKUP, changes::incrementAndGet));
        assertTrue(failure.getMessage().contains("another SHA-256"), failure.getMessage());
        assertUnchanged(damaged);
        assertEquals(1, changes.get(), "it stays in use as far as it can be read");
        from.get(name)[50] ^= 1;
        assertEquals(1, copy().run(SmallBackup.BACKUP, changes::incrementAndGet).sent());
        assertEquals(2, changes.get());
    }

    private Map<String, byte[]> copied() {
        Map<String, byte[]> all = new HashMap<>();
        to.objects.forEach((name, bytes) -> all.put(name, bytes.clone()));
        return all;
    }

    private void assertUnchanged(Map<String, byte[]> before) {
        assertEquals(before.keySet(), to.objects.keySet());
        before.forEach((name, bytes) -> assertArrayEquals(bytes, to.get(name), name));
    }
}
