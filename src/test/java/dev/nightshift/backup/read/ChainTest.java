package dev.nightshift.backup.read;

import static dev.nightshift.backup.read.IncrementalFileTest.blocks;
import static dev.nightshift.backup.read.IncrementalFileTest.incremental;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ManifestText;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A made chain of three: full, incremental, incremental. */
class ChainTest {
    private static final UUID FULL = SmallBackup.BACKUP;
    private static final UUID FIRST = UUID.fromString("01938a5c-0000-7000-8000-000000000002");
    private static final UUID SECOND = UUID.fromString("01938a5c-0000-7000-8000-000000000003");

    private final MemoryStore store = new MemoryStore();
    private final SmallBackup full = new SmallBackup();
    private final SmallBackup first = full.changes(FIRST, FULL);
    private final SmallBackup second = full.changes(SECOND, FIRST);

    ChainTest() {
        full.base.put("base/5/100", blocks(1, 2, 3));
        full.base.put("base/5/200", blocks(1));
        full.base.put("base/5/300", blocks(1));
        full.base.put("base/7/100", blocks(9));
        full.base.put("base/5/100_vm", blocks(3));
        full.base.put("base/5/300_vm", blocks(3));
        full.space.put("PG_18_202506291/5/16400", blocks(5, 6));

        first.base.put("base/5/INCREMENTAL.100", incremental(3, 1));
        first.base.put("base/5/INCREMENTAL.300", incremental(1, 0));
        first.base.put("base/5/400", blocks(4));
        first.base.put("base/5/INCREMENTAL.100_vm", incremental(1));
        first.base.put("base/5/INCREMENTAL.300_vm", incremental(1));
        first.space.put("PG_18_202506291/5/INCREMENTAL.16400", incremental(2));

        second.base.put("base/5/INCREMENTAL.100", incremental(2, 3));
        second.base.put("base/5/INCREMENTAL.400", incremental(1));
        second.base.put("base/5/300", blocks(33));
        second.base.put("base/5/INCREMENTAL.100_vm", incremental(1, 0));
        second.base.put("base/5/300_vm", blocks(5));
        second.space.put("PG_18_202506291/5/INCREMENTAL.16400", incremental(2, 0));
    }

    private static String folder(UUID backup) {
        return "shop/main/" + backup;
    }

    private BackupReader reader() throws IOException {
        if (store.objects.isEmpty()) {
            for (SmallBackup each : List.of(first, second)) {
                each.base.put("global/pg_control", blocks(each == first ? 1 : 2));
            }
            full.store(store, folder(FULL));
            first.store(store, folder(FIRST));
            second.store(store, folder(SECOND));
        }
        return BackupReader.open(store, folder(SECOND), full.keys.export());
    }

    private String damage() throws IOException {
        Verification verification = reader().verify(ProofLevel.READABLE, BackupProgress.NONE);
        return verification.damage() == null ? "" : verification.damage();
    }

    @Test
    void theLastBackupsFilesComeTogetherOfAllThree(@TempDir Path work) throws IOException {
        assertEquals(
                List.of(FULL, FIRST, SECOND),
                reader().chain().stream().map(Manifest::backup).toList());
        assertNull(reader().verify(ProofLevel.READABLE, BackupProgress.NONE).damage());
        Path data = work.resolve("data");
        reader().materialise(Destination.beside(data, reader().manifest().tablespaces()), BackupProgress.NONE);

        assertArrayEquals(blocks(1, 101, 0, 103), Files.readAllBytes(data.resolve("base/5/100")));
        assertArrayEquals(blocks(33), Files.readAllBytes(data.resolve("base/5/300")));
        assertArrayEquals(blocks(4), Files.readAllBytes(data.resolve("base/5/400")));
        assertArrayEquals(blocks(2), Files.readAllBytes(data.resolve("global/pg_control")));
        assertArrayEquals(blocks(100, 6), Files.readAllBytes(data.resolve("pg_tblspc/16400/PG_18_202506291/5/16400")));
        assertFalse(Files.exists(data.resolve("base/5/200")), "not listed by the last");
        assertFalse(Files.exists(data.resolve("base/7")), "a database that is gone");
        assertEquals("""
                START WAL LOCATION: 0/2000028
                STOP
                """, Files.readString(data.resolve("backup_label")));

        Map<String, ServerManifest.Listed> listed = ServerManifest.parse(
                        Files.readAllBytes(data.resolve("backup_manifest")))
                .files();
        assertEquals(0, Files.size(data.resolve("base/5/100_vm")), "a map of changes is not to be trusted");
        assertArrayEquals(blocks(5), Files.readAllBytes(data.resolve("base/5/300_vm")), "a whole one is");
        assertEquals(9, listed.size(), listed::toString);
        for (var file : listed.entrySet()) {
            byte[] bytes = Files.readAllBytes(data.resolve(file.getKey()));
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            assertEquals(new ServerManifest.Listed(bytes.length, crc.getValue()), file.getValue(), file.getKey());
        }
    }

    @Test
    void eachBlockIsTheOneOfTheNewestBackupThatHoldsIt(@TempDir Path work) throws IOException {
        full.base.put("base/5/500", blocks(1, 2, 3, 4, 5, 6));
        first.base.put("base/5/INCREMENTAL.500", incremental(6, new TreeMap<>(Map.of(1, 11, 2, 12, 4, 14, 5, 15))));
        second.base.put("base/5/INCREMENTAL.500", incremental(5, new TreeMap<>(Map.of(2, 22, 3, 23))));

        // Cut to one block by the first, grown again by the second: what was cut off does not come back
        full.base.put("base/5/600.1", blocks(1, 2, 3, 4));
        first.base.put("base/5/INCREMENTAL.600.1", incremental(1, new TreeMap<>(Map.of(0, 11))));
        second.base.put("base/5/INCREMENTAL.600.1", incremental(4, new TreeMap<>(Map.of(3, 24))));

        // Sent whole in between: nothing of before counts
        full.base.put("base/5/700", blocks(1, 2, 3));
        first.base.put("base/5/700", blocks(11, 12));
        second.base.put("base/5/INCREMENTAL.700", incremental(3, new TreeMap<>(Map.of(1, 22))));

        full.space.put("PG_18_202506291/5/16500", blocks(1, 2));
        first.space.put("PG_18_202506291/5/INCREMENTAL.16500", incremental(2, new TreeMap<>(Map.of(0, 11, 1, 12))));
        second.space.put("PG_18_202506291/5/INCREMENTAL.16500", incremental(2, new TreeMap<>(Map.of(1, 22))));

        Path data = work.resolve("data");
        reader().materialise(Destination.beside(data, reader().manifest().tablespaces()), BackupProgress.NONE);
        assertArrayEquals(blocks(1, 11, 22, 23, 14), Files.readAllBytes(data.resolve("base/5/500")));
        assertArrayEquals(blocks(11, 0, 0, 24), Files.readAllBytes(data.resolve("base/5/600.1")));
        assertArrayEquals(blocks(11, 22, 0), Files.readAllBytes(data.resolve("base/5/700")));
        assertArrayEquals(blocks(11, 22), Files.readAllBytes(data.resolve("pg_tblspc/16400/PG_18_202506291/5/16500")));
    }

    @Test
    void aFileHoldsChangesOnlyWhereItIsNamedAsARelationsIs() {
        Map.of(
                        "base/5/INCREMENTAL.16384", "base/5/16384",
                        "base/5/INCREMENTAL.16384.12", "base/5/16384.12",
                        "global/INCREMENTAL.1262_fsm", "global/1262_fsm",
                        "pg_tblspc/16400/PG_18_202506291/5/INCREMENTAL.7_vm.1",
                                "pg_tblspc/16400/PG_18_202506291/5/7_vm.1")
                .forEach((changes, file) -> assertEquals(file, Layering.changed(changes)));
        List.of(
                        "base/5/INCREMENTAL.",
                        "base/5/INCREMENTAL.pg_filenode.map",
                        "base/5/INCREMENTAL.16384.old",
                        "base/5/INCREMENTAL.16384_",
                        "base/INCREMENTAL.16384",
                        "pg_xact/INCREMENTAL.0000")
                .forEach(file -> assertNull(Layering.changed(file), file));
    }

    @Test
    void aMissingBackupOfTheChainIsNamedAndNothingIsWritten(@TempDir Path work) throws IOException {
        reader();
        store.objects.keySet().removeIf(name -> name.startsWith(folder(FIRST)));
        assertTrue(damage().contains("The backup " + FIRST + " is missing"), damage());
        assertTrue(damage().contains("backup " + SECOND + " needs it"), damage());
        assertNull(reader().verify(ProofLevel.STORED, BackupProgress.NONE).reached());
        Failure.Fatal failure = assertThrows(
                Failure.Fatal.class,
                () -> reader().materialise(
                                Destination.beside(
                                        work.resolve("data"),
                                        reader().manifest().tablespaces()),
                                BackupProgress.NONE));
        assertTrue(failure.getMessage().contains(FIRST.toString()), failure::getMessage);
        assertFalse(Files.exists(work.resolve("data")));
    }

    @Test
    void oneThatLiesUnderAnotherNameIsFound() throws IOException {
        reader();
        Map<String, byte[]> moved = new TreeMap<>();
        store.objects.forEach((name, bytes) ->
                moved.put(name.startsWith(folder(FIRST)) ? name.replace("shop/main", "shop/renamed") : name, bytes));
        store.objects.clear();
        store.objects.putAll(moved);
        assertEquals("", damage());
    }

    @Test
    void damageOfAParentIsFoundAtItsLevelWithBothNames() throws IOException {
        reader();
        for (UUID parent : List.of(FULL, FIRST)) {
            for (String name : List.copyOf(store.objects.keySet())) {
                if (!name.startsWith(folder(parent)) || name.endsWith(Manifest.NAME)) {
                    continue;
                }
                byte[] good = store.objects.remove(name);
                assertTrue(damage().contains(parent.toString()) && damage().contains("is missing"), damage());
                byte[] bad = good.clone();
                bad[good.length / 2] ^= 4;
                store.objects.put(name, bad);
                Verification changed = reader().verify(ProofLevel.READABLE, BackupProgress.NONE);
                assertEquals(ProofLevel.STORED, changed.reached(), name);
                assertTrue(
                        String.valueOf(changed.damage())
                                        .contains(name.substring(folder(parent).length() + 1))
                                && String.valueOf(changed.damage()).contains("The backup " + parent),
                        changed::damage);
                store.objects.put(name, good);
            }
        }
        assertEquals("", damage());
    }

    @Test
    void aParentOfAnotherClusterIsRefused() throws IOException {
        first.system = "42";
        assertTrue(damage().contains("is of another cluster: its system identifier is 42"), damage());
    }

    @Test
    void aDifferentialOfAnIncrementalIsRefused() throws IOException {
        second.lineage = new Manifest.Lineage(Manifest.Kind.DIFFERENTIAL, FIRST, null);
        assertTrue(damage().contains("is no full one"), damage());
    }

    @Test
    void aChainThatComesBackToItselfIsRefused() throws IOException {
        first.lineage = new Manifest.Lineage(Manifest.Kind.INCREMENTAL, SECOND, null);
        assertTrue(damage().contains("comes back to " + SECOND), damage());
    }

    @Test
    void changesToAFileThatTheParentDoesNotHoldAreRefused() throws IOException {
        first.base.remove("base/5/400");
        assertTrue(damage().contains("The file base/5/INCREMENTAL.400 of backup " + SECOND), damage());
        assertTrue(damage().contains("backup " + FIRST + " does not hold"), damage());
    }

    @Test
    void changesInAFullBackupAreRefused() throws IOException {
        full.base.put("base/5/INCREMENTAL.200", incremental(1));
        assertTrue(damage().contains("base/5/INCREMENTAL.200"), damage());
    }

    @Test
    void aForeignIncrementalFileIsRefusedWithItsName(@TempDir Path work) throws IOException {
        second.base.put("base/5/INCREMENTAL.100", blocks(8));
        assertTrue(damage().contains("base/5/INCREMENTAL.100 does not begin as an incremental file does"), damage());
        assertThrows(
                Failure.Fatal.class,
                () -> reader().materialise(
                                Destination.beside(
                                        work.resolve("data"),
                                        reader().manifest().tablespaces()),
                                BackupProgress.NONE));
        assertFalse(Files.exists(work.resolve("data")), "removed again");
    }

    @Test
    void aLabelThatNamesAnotherParentIsRefused() throws IOException {
        second.base.put("backup_label", SmallBackup.bytes("""
                        INCREMENTAL FROM LSN: 0/1000028
                        INCREMENTAL FROM TLI: 1
                        """));
        assertTrue(damage().contains("does not say that its changes are to backup " + FIRST), damage());
    }

    /** The parent was taken before a promotion, and what changed since is of the log after it. */
    @Test
    void aLabelOfAnotherTimelineIsRefused() throws IOException {
        second.base.put("backup_label", SmallBackup.bytes("""
                        INCREMENTAL FROM LSN: 0/2000028
                        INCREMENTAL FROM TLI: 2
                        """));
        assertTrue(damage().contains("does not say that its changes are to backup " + FIRST), damage());
        assertTrue(damage().contains("on timeline 1"), damage());
    }

    @Test
    void aReaderOfFullBackupsRefusesOneThatHoldsChanges() throws IOException {
        String text = new String(
                ManifestText.write(first.store(store, folder(FIRST)), first.dataKey), StandardCharsets.UTF_8);
        assertTrue(text.contains("\"formatVersion\":2,"), text);
        assertTrue(text.contains("\"kind\":\"incremental\",\"parent\":\"" + FULL + "\""), text);
        String whole =
                new String(ManifestText.write(full.store(store, folder(FULL)), full.dataKey), StandardCharsets.UTF_8);
        assertTrue(whole.contains("\"formatVersion\":1,") && !whole.contains("\"parent\""), whole);
        byte[] forged =
                text.replace("\"formatVersion\":2,", "\"formatVersion\":1,").getBytes(StandardCharsets.UTF_8);
        store.objects.put(folder(FIRST) + "/" + Manifest.NAME, forged);
        assertThrows(Failure.Fatal.class, () -> BackupReader.open(store, folder(FIRST), full.keys.export()));
    }
}
