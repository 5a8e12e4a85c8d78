package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.ProjectKeys;
import jakarta.json.Json;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescribedTest {
    private final ProjectId project = new ProjectId(UUID.randomUUID());
    private final ProjectKeys old = ProjectKeys.generate(project);
    private final ProjectKeys rotated = old.rotated();
    private final UUID id = UUID.randomUUID();
    private final MemoryStore store = new MemoryStore();
    private Described archive;
    private SealedFolder objects;

    @BeforeEach
    void anArchiveUnderTheOldKey() {
        WalFolder folder =
                new WalFolder(project, "shop", "main", id, "1", 1 << 24, Instant.EPOCH, old.wrap(old.newDataKey(), id));
        objects = folder.begin(store, old);
        objects.put("piece", new byte[] {1, 2, 3}, 0, 3);
        archive = Described.in(store).get(0);
    }

    private byte[] text() {
        return store.get(archive.object());
    }

    private byte[] piece(ProjectKeys keys) throws Exception {
        try (var in = WalFolder.open(store, archive.folder(), keys)
                .folder()
                .open(List.of(new SealedFolder.Content("piece", 3)), 1)) {
            return in.readAllBytes();
        }
    }

    @Test
    void wrappedAnewItOpensByTheNewKeyAloneAndItsObjectsStay() throws Exception {
        byte[] object = store.get(archive.folder() + "/piece");
        assertTrue(archive.rewrap(store, rotated, () -> {}));
        assertArrayEquals(new byte[] {1, 2, 3}, piece(rotated));
        assertThrows(Failure.Fatal.class, () -> piece(old));
        assertArrayEquals(object, store.get(archive.folder() + "/piece"));
        assertTrue(archive.mayNeed(store, project, rotated.keyId()));
        assertFalse(archive.mayNeed(store, project, old.keyId()));
        byte[] after = text();
        assertFalse(archive.rewrap(store, rotated, () -> {
            throw new AssertionError("nothing is to be written");
        }));
        assertArrayEquals(after, text());
    }

    /** A later version may write members that this one does not know; they are signed, and stay. */
    @Test
    void whatThisVersionDoesNotKnowStays() {
        ObjectContext context = new ObjectContext(
                project, id, old.open(WalFolder.parse(text(), "archive").key(), id));
        String plain = new String(text(), StandardCharsets.UTF_8);
        try (var reader = Json.createReader(new StringReader(plain))) {
            var more = Json.createObjectBuilder(reader.readObject())
                    .remove("mac")
                    .add("later", "word")
                    .build();
            store.objects.put(archive.object(), SignedText.write(more, context, WalFolder.VERSION));
        }
        archive.rewrap(store, rotated, () -> {});
        assertTrue(new String(text(), StandardCharsets.UTF_8).contains("\"later\":\"word\""));
        WalFolder.open(store, archive.folder(), rotated);
    }

    @Test
    void whereverItIsCutOffItOpensAndIsFinishedLater() throws Exception {
        byte[] before = text();
        assertThrows(
                IllegalStateException.class,
                () -> archive.rewrap(store, rotated, () -> {
                    throw new IllegalStateException("killed before it is written");
                }));
        assertArrayEquals(before, text());
        assertThrows(Failure.Retryable.class, () -> archive.rewrap(new FailingStore(store), rotated, () -> {}));
        assertArrayEquals(before, text());
        assertArrayEquals(new byte[] {1, 2, 3}, piece(rotated));
        assertTrue(archive.rewrap(store, rotated, () -> {}));
        assertArrayEquals(new byte[] {1, 2, 3}, piece(rotated));
    }

    @Test
    void whatWasChangedOrIsAnothersIsLeftAsItIs() {
        byte[] before = text();
        ProjectKeys foreign = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
        assertThrows(Failure.Fatal.class, () -> archive.rewrap(store, foreign, () -> {}));
        byte[] changed = before.clone();
        changed[before.length - 10] ^= 1;
        store.objects.put(archive.object(), changed);
        assertThrows(Failure.Fatal.class, () -> archive.rewrap(store, rotated, () -> {}));
        assertArrayEquals(changed, text());
        assertTrue(archive.isOf(store, project));
        assertFalse(archive.isOf(store, foreign.project()));
        store.objects.put(archive.object(), "{ broken".getBytes(StandardCharsets.UTF_8));
        assertFalse(archive.isOf(store, project), "nobody of the project has to hear of it");
        store.objects.put(archive.object(), ("{ broken " + project).getBytes(StandardCharsets.UTF_8));
        assertTrue(archive.isOf(store, project));
        store.objects.remove(archive.object());
        assertThrows(Failure.NotFound.class, () -> archive.rewrap(store, rotated, () -> {}));
        assertEquals(List.of(), Described.in(store));
    }

    @Test
    void aCopyInAnotherFolderIsNotTakenForTheOther() {
        UUID other = UUID.randomUUID();
        String folder = "shop/main/log-" + other;
        store.objects.put(folder + "/" + WalFolder.NAME, text());
        Described copy = new Described(folder, other, true);
        assertThrows(Failure.Fatal.class, () -> copy.rewrap(store, rotated, () -> {}));
    }

    @Test
    void whatItSaysOfItsKeyIsReadWithoutOne() {
        assertEquals(old.keyId(), archive.keyId(store));
        archive.rewrap(store, rotated, () -> {});
        assertEquals(rotated.keyId(), archive.keyId(store));
    }

    /** Written, and its row never entered. */
    @Test
    void aLogWithoutAnyObjectIsBare() {
        assertFalse(archive.isBareLog(store));
        store.objects.remove(archive.folder() + "/piece");
        assertTrue(archive.isBareLog(store));
    }

    @Test
    void aDescriptionThatIsLargerThanAnyIsNotReadToItsEnd() {
        int length = text().length;
        assertEquals(length, SignedText.read(store, archive.object(), length).length);
        assertThrows(Failure.Fatal.class, () -> SignedText.read(store, archive.object(), length - 1));
    }

    @Test
    void inAFolderTheOtherBytesComeAtOnceAndNothingElseIsLeft(@TempDir Path root) throws Exception {
        FolderStore folder = new FolderStore(root);
        assertThrows(Failure.NotFound.class, () -> folder.replace("a/b/c/x", new byte[1]));
        try (Store.Upload upload = folder.create("a/b/c/x")) {
            upload.write(new byte[] {1}, 0, 1);
            upload.commit();
        }
        folder.replace("a/b/c/x", new byte[] {2, 3});
        assertArrayEquals(new byte[] {2, 3}, Files.readAllBytes(root.resolve("a/b/c/x")));
        try (var files = Files.list(root.resolve("a/b/c"))) {
            assertEquals(1, files.count());
        }
        assertEquals(
                "[OWNER_READ, OWNER_WRITE]",
                Files.getPosixFilePermissions(root.resolve("a/b/c/x")).stream()
                        .sorted()
                        .toList()
                        .toString());
    }
}
