package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the names of an archive's objects say, and what is read of them. */
class StoredLogTest {
    private static final int SEGMENT = 1 << 20;

    private final ProjectId project = new ProjectId(UUID.randomUUID());
    private final ProjectKeys keys = ProjectKeys.generate(project);
    private final byte[] log = new byte[8 * SEGMENT];
    private Path folder;
    private FolderStore store;
    private WalFolder description;

    @BeforeEach
    void anArchive(@TempDir Path temporary) {
        folder = temporary;
        new Random(1).nextBytes(log);
        store = new FolderStore(folder.resolve("store"));
        UUID id = UUID.randomUUID();
        description = new WalFolder(
                project, "shop", "main", id, "7432988129021", SEGMENT, Instant.EPOCH, keys.wrap(keys.newDataKey(), id));
        description.begin(store, keys);
    }

    private StoredLog stored() {
        return StoredLog.of(WalFolder.open(store, description.folder(), keys));
    }

    private String put(int timeline, long from, long to) {
        WalPiece piece = new WalPiece(timeline, new Lsn(from), new Lsn(to));
        byte[] content = Arrays.copyOfRange(log, (int) from, (int) to);
        WalFolder.open(store, description.folder(), keys).folder().put(piece.name(SEGMENT), content, content.length);
        return piece.name(SEGMENT);
    }

    private byte[] segment(int timeline, long start) throws IOException {
        try (InputStream in = stored().open(timeline, new Lsn(start))) {
            return in.readAllBytes();
        }
    }

    @Test
    void aNameSaysWhatItHolds() {
        for (int bytes : List.of(1 << 20, 16 << 20, 1 << 30)) {
            WalPiece piece = new WalPiece(3, new Lsn(0x1_7000_0000L), new Lsn(0x1_7000_4000L));
            assertEquals(Optional.of(piece), WalPiece.parse(piece.name(bytes), bytes));
        }
        assertEquals(
                "0000000300000001/000000030000000100000070.00000000-00004000",
                new WalPiece(3, new Lsn(0x1_7000_0000L), new Lsn(0x1_7000_4000L)).name(16 << 20));
        for (String bad : List.of(
                "archive.json",
                "0000000300000001/000000030000000100000070.00004000-00004000",
                "0000000300000001/000000030000000100000070.00000000-01000001",
                "0000000300000002/000000030000000100000070.00000000-01000000",
                "0000000000000001/000000000000000100000070.00000000-01000000",
                "0000000300000001/0000000300000001000000FF.00000000-0100000G")) {
            assertEquals(Optional.empty(), WalPiece.parse(bad, 16 << 20), bad);
        }
    }

    @Test
    void piecesAndWholeSegmentsMakeOneStretch() throws IOException {
        put(1, 2 * SEGMENT, 3 * SEGMENT);
        put(1, 3 * SEGMENT, 3 * SEGMENT + 500);
        put(1, 3 * SEGMENT + 500, 3 * SEGMENT + 70_000);
        put(1, 3 * SEGMENT + 300, 4 * SEGMENT);
        put(1, 3 * SEGMENT, 4 * SEGMENT);
        put(1, 4 * SEGMENT, 4 * SEGMENT + 10);
        assertEquals(
                List.of(new ArchivedLog.Stretch(1, new Lsn(2 * SEGMENT), new Lsn(4 * SEGMENT + 10))),
                stored().stretches());
        assertArrayEquals(Arrays.copyOfRange(log, 3 * SEGMENT, 4 * SEGMENT), segment(1, 3 * SEGMENT));
        assertArrayEquals(Arrays.copyOfRange(log, 4 * SEGMENT, 4 * SEGMENT + 10), segment(1, 4 * SEGMENT));
    }

    @Test
    void overlappingPiecesAreReadWithoutRepeating() throws IOException {
        put(1, 0, 500);
        put(1, 300, 70_000);
        put(1, 60_000, SEGMENT);
        assertArrayEquals(Arrays.copyOfRange(log, 0, SEGMENT), segment(1, 0));
    }

    @Test
    void aMissingSegmentAndAMissingPieceAreGaps() throws IOException {
        put(1, 0, SEGMENT);
        put(1, 2 * SEGMENT, 2 * SEGMENT + 100);
        String second = put(1, 2 * SEGMENT + 100, 2 * SEGMENT + 200);
        put(1, 2 * SEGMENT + 200, 2 * SEGMENT + 300);
        put(1, 5 * SEGMENT + 100, 5 * SEGMENT + 200);
        put(2, 3 * SEGMENT, 4 * SEGMENT);
        store.delete(description.folder() + "/" + second);
        assertEquals(
                List.of(
                        new ArchivedLog.Stretch(1, new Lsn(0), new Lsn(SEGMENT)),
                        new ArchivedLog.Stretch(1, new Lsn(2 * SEGMENT), new Lsn(2 * SEGMENT + 100)),
                        new ArchivedLog.Stretch(2, new Lsn(3 * SEGMENT), new Lsn(4 * SEGMENT))),
                stored().stretches());
        assertEquals(100, segment(1, 2 * SEGMENT).length);
        assertThrows(DamageException.class, () -> segment(1, SEGMENT).clone());
        assertThrows(DamageException.class, () -> segment(1, 5 * SEGMENT).clone());
    }

    @Test
    void whatWasChangedOrRenamedIsRefused() throws IOException {
        String one = put(1, 0, SEGMENT);
        String other = put(1, SEGMENT, 2 * SEGMENT);
        Path in = folder.resolve("store").resolve(description.folder());
        Files.delete(in.resolve(other));
        Files.copy(in.resolve(one), in.resolve(other));
        String swapped = assertThrows(
                        DamageException.class, () -> segment(1, SEGMENT).clone())
                .getMessage();
        assertTrue(String.valueOf(swapped).contains(other), swapped);
        byte[] bytes = Files.readAllBytes(in.resolve(one));
        bytes[bytes.length / 2] ^= 1;
        Files.write(in.resolve(one), bytes);
        assertThrows(DamageException.class, () -> segment(1, 0).clone());
        Files.write(in.resolve(one), Arrays.copyOf(bytes, bytes.length - 100));
        assertThrows(DamageException.class, () -> segment(1, 0).clone());
    }

    @Test
    void aChangedDescriptionAndForeignKeysAreRefused() throws IOException {
        Path file = folder.resolve("store").resolve(description.folder()).resolve(WalFolder.NAME);
        assertThrows(
                Failure.Fatal.class,
                () -> WalFolder.open(
                        store, description.folder(), ProjectKeys.generate(new ProjectId(UUID.randomUUID()))));
        String text = Files.readString(file);
        Files.writeString(file, text.replace("\"instanceName\":\"main\"", "\"instanceName\":\"rain\""));
        assertThrows(Failure.Fatal.class, () -> WalFolder.open(store, description.folder(), keys));
    }
}
