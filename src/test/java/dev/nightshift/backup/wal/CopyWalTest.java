package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.read.WalPiece;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An archive in one store, and what comes to another: objects that open, and nothing over what was there. */
class CopyWalTest {
    private static final int SEGMENT = 1 << 20;

    private final ProjectId project = new ProjectId(UUID.randomUUID());
    private final ProjectKeys keys = ProjectKeys.generate(project);
    private final byte[] log = new byte[8 * SEGMENT];
    private Path folder;
    private FolderStore from;
    private FolderStore to;
    private WalFolder description;
    private List<ArchivedLog.Stretch> known = List.of();

    @BeforeEach
    void anArchive(@TempDir Path temporary) {
        folder = temporary;
        new Random(1).nextBytes(log);
        from = new FolderStore(folder.resolve("from"));
        to = new FolderStore(folder.resolve("to"));
        UUID id = UUID.randomUUID();
        description = new WalFolder(
                project, "shop", "main", id, "7432988129021", SEGMENT, Instant.EPOCH, keys.wrap(keys.newDataKey(), id));
        description.begin(from, keys);
    }

    private String put(Store store, long begin, long end) {
        WalPiece piece = new WalPiece(1, new Lsn(begin), new Lsn(end));
        byte[] content = Arrays.copyOfRange(log, (int) begin, (int) end);
        WalFolder.open(store, description.folder(), keys).folder().put(piece.name(SEGMENT), content, 0, content.length);
        return piece.name(SEGMENT);
    }

    /** As a run would, which notes what it is told. */
    private CopyWal.Result copy(long needed) {
        return new CopyWal(from, to, description.folder(), keys, BackupProgress.NONE)
                .run(new Lsn(needed), known, () -> {}, there -> known = StoredLog.stretches(there, SEGMENT));
    }

    private List<ArchivedLog.Stretch> copied() {
        return StoredLog.of(WalFolder.open(to, description.folder(), keys)).stretches();
    }

    private Path file(String store, String name) {
        return folder.resolve(store).resolve(description.folder()).resolve(name);
    }

    private void damage(String store, String name) throws IOException {
        byte[] bytes = Files.readAllBytes(file(store, name));
        bytes[bytes.length / 2] ^= 1;
        Files.write(file(store, name), bytes);
    }

    private static ArchivedLog.Stretch stretch(long begin, long end) {
        return new ArchivedLog.Stretch(1, new Lsn(begin), new Lsn(end));
    }

    @Test
    void whatEndsBehindThePositionIsCopiedOnceWithTheHistories() throws IOException {
        put(from, 0, SEGMENT);
        String second = put(from, SEGMENT, 2 * SEGMENT);
        put(from, 2 * SEGMENT, 2 * SEGMENT + 500);
        byte[] history = "1\t0/100\tno recovery target\n".getBytes(StandardCharsets.UTF_8);
        WalFolder.open(from, description.folder(), keys)
                .folder()
                .put(StoredLog.historyName(2, history.length), history, 0, history.length);
        CopyWal.Result result = copy(SEGMENT + 77);
        assertEquals(3, result.sent());
        assertEquals(List.of(), result.refusals());
        assertEquals(List.of(stretch(SEGMENT, 2 * SEGMENT + 500)), copied());
        assertEquals(copied(), known, "what was told is what is there");
        assertArrayEquals(Files.readAllBytes(file("from", second)), Files.readAllBytes(file("to", second)));
        StoredLog there = StoredLog.of(WalFolder.open(to, description.folder(), keys));
        assertEquals("1\t0/100\tno recovery target\n", there.history(2).orElseThrow());
        try (InputStream in = there.open(1, new Lsn(SEGMENT))) {
            assertArrayEquals(Arrays.copyOfRange(log, SEGMENT, 2 * SEGMENT), in.readAllBytes());
        }

        put(from, 2 * SEGMENT + 500, 2 * SEGMENT + 900);
        CopyWal.Result again = copy(SEGMENT + 77);
        assertEquals(1, again.sent());
        assertEquals(3, again.found());
    }

    @Test
    void whatIsThereWithoutANoteIsComparedAndKept() throws IOException {
        String one = put(from, 0, SEGMENT);
        put(from, SEGMENT, 2 * SEGMENT);
        copy(0);
        known = List.of();
        FileTime old = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(file("to", one), old);
        assertEquals(2, copy(0).found());
        assertEquals(old, Files.getLastModifiedTime(file("to", one)), "it was not written again");
    }

    @Test
    void aDamagedObjectOfTheSourceIsNamedAndTheOthersAreCopied() throws IOException {
        String first = put(from, 0, SEGMENT);
        String cut = put(from, SEGMENT, 2 * SEGMENT);
        put(from, 2 * SEGMENT, 3 * SEGMENT);
        damage("from", first);
        Files.write(file("from", cut), Arrays.copyOf(Files.readAllBytes(file("from", cut)), 1000));
        CopyWal.Result result = copy(0);
        assertEquals(1, result.sent());
        assertEquals(
                List.of(first, cut),
                result.refusals().stream().map(CopyWal.Refusal::object).toList());
        assertTrue(result.refusals().get(0).why().contains(description.folder() + "/" + first), result::toString);
        assertTrue(result.refusals().get(0).why().contains("it is not copied"), result::toString);
        assertFalse(Files.exists(file("to", first)));
        assertEquals(List.of(stretch(2 * SEGMENT, 3 * SEGMENT)), copied());
    }

    @Test
    void theSmallPiecesOfADamagedWholeOneAreCopied() throws IOException {
        String whole = put(from, 0, SEGMENT);
        put(from, 0, 700);
        damage("from", whole);
        CopyWal.Result result = copy(0);
        assertEquals(1, result.refusals().size());
        assertEquals(List.of(stretch(0, 700)), copied());
    }

    @Test
    void anObjectThatHoldsSomethingElseIsLeftAsItIs() throws IOException {
        String name = put(from, 0, SEGMENT);
        WalFolder.copy(from, to, description.folder(), keys);
        Files.createDirectories(file("to", name).getParent());
        byte[] other = new byte[2000];
        new Random(2).nextBytes(other);
        Files.write(file("to", name), other);
        CopyWal.Result result = copy(0);
        assertEquals(0, result.sent());
        assertTrue(result.refusals().get(0).why().contains(name), result::toString);
        assertTrue(result.refusals().get(0).why().contains("is left as it is"), result::toString);
        assertArrayEquals(other, Files.readAllBytes(file("to", name)));
        assertEquals(List.of(), known, "and is not counted");
    }

    @Test
    void theSameLogSealedAnotherTimeIsNoOtherLog() {
        put(from, 0, SEGMENT);
        WalFolder.copy(from, to, description.folder(), keys);
        put(to, 0, SEGMENT);
        CopyWal.Result result = copy(0);
        assertEquals(1, result.found());
        assertEquals(List.of(), result.refusals());
    }

    @Test
    void aForeignDescriptionKeepsAllOut() throws IOException {
        put(from, 0, SEGMENT);
        Files.createDirectories(file("to", WalFolder.NAME).getParent());
        Files.writeString(file("to", WalFolder.NAME), "{}");
        String reason = assertThrows(Failure.Fatal.class, () -> copy(0)).getMessage();
        assertTrue(String.valueOf(reason).contains("is left as it is"), reason);
        assertEquals("{}", Files.readString(file("to", WalFolder.NAME)));
    }

    @Test
    void piecesGoWithTheRunAfterTheirWholeOneCame() throws IOException {
        String small = put(from, 0, 700);
        copy(0);
        put(from, 0, SEGMENT);
        from.delete(description.folder() + "/" + small);
        copy(0);
        assertTrue(Files.exists(file("to", small)), "who reads may have listed it");
        copy(0);
        assertFalse(Files.exists(file("to", small)));
        assertEquals(List.of(stretch(0, SEGMENT)), copied());
    }

    @Test
    void piecesThatTheTargetLocksStayAndTheRunTellsOfAll() {
        MemoryStore other = new MemoryStore();
        List<String> small = List.of(put(from, 0, 700), put(from, 700, 900));
        List<List<Store.Entry>> told = new ArrayList<>();
        for (int run = 0; run < 3; run++) {
            new CopyWal(from, other, description.folder(), keys, BackupProgress.NONE)
                    .run(new Lsn(0), known, () -> {}, there -> {
                        told.add(there);
                        known = StoredLog.stretches(there, SEGMENT);
                    });
            if (run == 0) {
                put(from, 0, SEGMENT);
                small.forEach(name -> from.delete(description.folder() + "/" + name));
                other.locked = name -> name.endsWith(small.get(0));
            }
        }
        assertEquals(3, told.size());
        assertEquals(List.of(stretch(0, SEGMENT)), known);
        assertTrue(other.size(description.folder() + "/" + small.get(0)).isPresent());
        assertTrue(other.size(description.folder() + "/" + small.get(1)).isEmpty());
    }

    @Test
    void piecesStayBesideAWholeOneThatIsDamagedInTheTarget() throws IOException {
        String small = put(from, 0, 700);
        copy(0);
        String whole = put(from, 0, SEGMENT);
        from.delete(description.folder() + "/" + small);
        copy(0);
        assertEquals(List.of(stretch(0, SEGMENT)), known);
        damage("to", whole);
        for (int run = 0; run < 2; run++) {
            CopyWal.Result result = copy(0);
            assertEquals(
                    List.of(whole),
                    result.refusals().stream().map(CopyWal.Refusal::object).toList());
            assertTrue(Files.exists(file("to", small)), "nothing else there opens");
            assertEquals(List.of(), known, "who reads the segment comes upon the damaged one");
        }
    }

    @Test
    void aSegmentCountsForNothingWhereTheTargetHoldsSomethingElseOfIt() throws IOException {
        String whole = put(from, 0, SEGMENT);
        put(from, 0, 700);
        put(from, SEGMENT, 2 * SEGMENT);
        WalFolder.copy(from, to, description.folder(), keys);
        put(to, 0, SEGMENT);
        damage("to", whole);
        for (int run = 0; run < 2; run++) {
            CopyWal.Result result = copy(0);
            assertEquals(1, result.refusals().size());
            assertEquals(List.of(stretch(SEGMENT, 2 * SEGMENT)), known);
        }
    }

    @Test
    void whatTheOtherStoreSaidItTookAndHasNotIsNotTold() {
        String whole = put(from, 0, SEGMENT);
        MemoryStore other = new MemoryStore();
        List<Store.Entry> told = new ArrayList<>();
        for (String lost : List.of(WalFolder.NAME, whole)) {
            other.swallowed = name -> name.endsWith(lost);
            Failure failure = assertThrows(
                    Failure.Retryable.class,
                    () -> new CopyWal(from, other, description.folder(), keys, BackupProgress.NONE)
                            .run(new Lsn(0), List.of(), () -> {}, told::addAll));
            assertTrue(failure.getMessage().contains(lost + " is not in"), failure::getMessage);
            assertEquals(List.of(), told);
        }
        other.swallowed = name -> false;
        assertEquals(
                1,
                new CopyWal(from, other, description.folder(), keys, BackupProgress.NONE)
                        .run(new Lsn(0), List.of(), () -> {}, told::addAll)
                        .sent());
        assertEquals(1, told.size());
    }

    /** The archiver removes pieces while they are copied: the object in their place is copied instead. */
    @Test
    void whatIsReplacedMeanwhileIsNotMissed() {
        List<String> small = new ArrayList<>();
        for (int at = 0; at < 70; at++) {
            small.add(put(from, at * 10L, at * 10L + 10));
        }
        CopyWal.Result result = new CopyWal(from, to, description.folder(), keys, BackupProgress.NONE)
                .run(new Lsn(0), List.of(), () -> {}, there -> {
                    if (from.size(description.folder() + "/" + small.get(69)).isPresent()) {
                        put(from, 0, SEGMENT);
                        small.forEach(name -> from.delete(description.folder() + "/" + name));
                    }
                });
        assertEquals(List.of(), result.refusals());
        assertEquals(65, result.sent(), "what was sent before, and the object that holds it all");
        assertEquals(List.of(stretch(0, SEGMENT)), copied());
    }
}
