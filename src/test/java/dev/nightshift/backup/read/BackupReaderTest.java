package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupReaderTest {
    private static final String FOLDER = "shop/main/" + SmallBackup.BACKUP;
    private final SmallBackup small = new SmallBackup();
    private final MemoryStore store = new MemoryStore();

    private BackupReader reader() throws IOException {
        if (store.objects.isEmpty()) {
            small.store(store, FOLDER);
        }
        return BackupReader.open(store, FOLDER, small.keys.export());
    }

    private Verification verify() throws IOException {
        return reader().verify(ProofLevel.READABLE, BackupProgress.NONE);
    }

    @Test
    void aWholeBackupIsReadableAndItsLateTablespacesAreTold() throws IOException {
        Verification verification = verify();
        assertNull(verification.damage());
        assertTrue(verification.passed(ProofLevel.READABLE) && !verification.passed(ProofLevel.RESTORED));
        assertEquals(5, verification.files());
        LogWalk log = verification.log();
        assertNotNull(log);
        assertEquals(small.expected, log.reached());
        assertEquals(
                List.of("/srv/late"),
                log.tablespaces().stream().map(LogWalk.TablespaceCreated::path).toList());
        assertThrows(IllegalArgumentException.class, () -> reader().verify(ProofLevel.RESTORED, BackupProgress.NONE));
    }

    @Test
    void missingCutAndChangedObjectsAreNamedWithTheLevelReached() throws IOException {
        reader();
        for (String name : List.copyOf(store.objects.keySet())) {
            if (name.endsWith(Manifest.NAME)) {
                continue;
            }
            byte[] good = store.objects.remove(name);
            Verification missing = verify();
            assertNull(missing.reached());
            assertTrue(String.valueOf(missing.damage()).contains(name.substring(FOLDER.length() + 1)));
            store.objects.put(name, Arrays.copyOf(good, good.length - 1));
            assertNull(verify().reached());
            byte[] bad = good.clone();
            bad[good.length / 2] ^= 4;
            store.objects.put(name, bad);
            Verification changed = verify();
            assertEquals(ProofLevel.STORED, changed.reached());
            assertTrue(String.valueOf(changed.damage()).contains(name.substring(FOLDER.length() + 1)));
            store.objects.put(name, good);
        }
        assertNull(verify().damage());
    }

    @Test
    void aManifestThatWasChangedAnywhereIsRefused() throws IOException {
        reader();
        byte[] good = store.get(FOLDER + "/manifest.json");
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            store.objects.put(FOLDER + "/manifest.json", bad);
            assertThrows(Failure.Fatal.class, this::reader, "byte " + i);
        }
        store.objects.put(FOLDER + "/manifest.json", Arrays.copyOf(good, good.length - 1));
        assertThrows(Failure.Fatal.class, this::reader);
        store.objects.put(FOLDER + "/manifest.json", good);
        ProjectKeys others = ProjectKeys.generate(small.project);
        assertThrows(Failure.Fatal.class, () -> BackupReader.open(store, FOLDER, others));
        ProjectKeys foreign = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
        assertThrows(Failure.Fatal.class, () -> BackupReader.open(store, FOLDER, foreign));
        store.objects.remove(FOLDER + "/manifest.json");
        assertThrows(Failure.NotFound.class, this::reader);
        assertEquals(List.of(FOLDER), Leftovers.find(store));
        assertEquals(List.of(), Leftovers.remove(store, asked -> List.of()), "it is being taken");
        assertEquals(
                List.of(),
                Leftovers.remove(store, asked -> {
                    store.objects.put(FOLDER + "/manifest.json", good);
                    return asked;
                }),
                "it was finished meanwhile");
        store.objects.remove(FOLDER + "/manifest.json");
        assertEquals(List.of(FOLDER), Leftovers.remove(store, asked -> asked));
        assertTrue(store.objects.isEmpty());
    }

    @Test
    void aFileThatTheServerDidNotListStopsAtIntact() throws IOException {
        small.unlisted.put("base/5/extra", new byte[10]);
        Verification extra = verify();
        assertEquals(ProofLevel.INTACT, extra.reached());
        assertTrue(String.valueOf(extra.damage()).contains("base/5/extra"));
    }

    /** By the server's list alone: each object is as it was stored. */
    @Test
    void aFileThatIsCutOffInTheArchiveStopsAtIntact() throws IOException {
        small.other.put("base/5/1259", new byte[8192]);
        Verification cut = verify();
        assertEquals(ProofLevel.INTACT, cut.reached());
        assertTrue(String.valueOf(cut.damage()).contains("base/5/1259 has 8192 bytes, the server listed 24576"));
    }

    @Test
    void aFileOfWhichAPageIsZeroedInTheArchiveStopsAtIntact() throws IOException {
        small.base.put("base/5/1260", SmallBackup.bytes("rows"));
        small.other.put("base/5/1260", new byte[4]);
        assertEquals(ProofLevel.INTACT, verify().reached());
        assertTrue(String.valueOf(verify().damage()).contains("base/5/1260 has another CRC-32C"));
    }

    @Test
    void aFileThatTheServerListedAndNoArchiveHoldsStopsAtIntactAndIsRestoredByNobody(@TempDir Path folder)
            throws IOException {
        small.absent.add("base/5/1259");
        Verification missing = verify();
        assertEquals(ProofLevel.INTACT, missing.reached());
        assertEquals(
                "The file base/5/1259 is on the server's list, but in no archive", missing.damage(), "and no other is");
        Path data = folder.resolve("data");
        Failure failure = assertThrows(
                Failure.Fatal.class,
                () -> reader().materialise(
                                Destination.beside(data, reader().manifest().tablespaces()), BackupProgress.NONE));
        assertTrue(failure.getMessage().contains("base/5/1259"), failure::getMessage);
        assertFalse(Files.exists(data), "what failed is removed");
    }

    @Test
    void ofSeveralMissingFilesTheFirstIsNamedAndTheOthersAreCounted() throws IOException {
        small.absent.addAll(List.of("global/pg_control", "base/5/1259", "PG_VERSION"));
        assertEquals("The file PG_VERSION and 2 more are on the server's list, but in no archive", verify().damage());
    }

    @Test
    void pathsThatLeadOutOfTheFolderAreRefused(@TempDir Path folder) throws IOException {
        small.unlisted.put("../outside", new byte[10]);
        Failure failure = assertThrows(
                Failure.Fatal.class,
                () -> reader().materialise(
                                Destination.beside(
                                        folder.resolve("in/data"),
                                        reader().manifest().tablespaces()),
                                BackupProgress.NONE));
        assertTrue(failure.getMessage().contains("leads out of its folder"));
        assertFalse(Files.exists(folder.resolve("in/outside")));
        assertFalse(Files.exists(folder.resolve("in/data")), "what failed is removed");
        for (String bad : List.of("/etc/passwd", "a//b", "..", "a/../b", "")) {
            assertThrows(DamageException.class, () -> ArchivePass.safe(bad), bad);
        }
    }

    @Test
    void aRestoredFolderHoldsEveryFileForItsOwnerAloneAndLinksToTheNewTablespace(@TempDir Path folder)
            throws IOException {
        Path data = folder.resolve("data");
        Path log = folder.resolve("log");
        Path space = folder.resolve("space");
        reader().materialise(new Destination(data, log, Map.of("16400", space), true), BackupProgress.NONE);
        assertArrayEquals(SmallBackup.bytes("18\n"), Files.readAllBytes(data.resolve("PG_VERSION")));
        assertArrayEquals(
                SmallBackup.bytes("rows"), Files.readAllBytes(data.resolve("pg_tblspc/16400/PG_18_202506291/5/16400")));
        assertEquals(space, Files.readSymbolicLink(data.resolve("pg_tblspc/16400")));
        assertTrue(Files.exists(data.resolve("backup_manifest")));
        assertFalse(Files.exists(data.resolve("postgresql.auto.conf")), "a sandbox gets the files as they were");
        assertEquals(LogFixture.SEGMENT, Files.size(log.resolve("000000010000000000000020")));
        try (var files = Files.walk(data)) {
            for (Path file : files.filter(f -> !Files.isSymbolicLink(f)).toList()) {
                assertEquals(
                        Files.isDirectory(file) ? "rwx------" : "rw-------",
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            }
        }
    }

    @Test
    void aRestoreTouchesNoFolderThatIsInUse(@TempDir Path folder) throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        Destination destination = Destination.beside(data, reader().manifest().tablespaces());
        Files.createFile(data.resolve("postmaster.pid"));
        assertTrue(assertThrows(Failure.Conflict.class, () -> reader().materialise(destination, BackupProgress.NONE))
                .getMessage()
                .contains("server"));
        Files.move(data.resolve("postmaster.pid"), data.resolve("mine"));
        assertThrows(Failure.Conflict.class, () -> reader().materialise(destination, BackupProgress.NONE));
        assertTrue(Files.exists(data.resolve("mine")));
        Path fresh = folder.resolve("fresh");
        assertThrows(
                Failure.Invalid.class,
                () -> reader().materialise(new Destination(fresh, null, Map.of(), true), BackupProgress.NONE));
        assertThrows(
                Failure.Invalid.class,
                () -> reader().materialise(
                                new Destination(fresh, null, Map.of("16400", fresh.resolve("inside")), true),
                                BackupProgress.NONE));
        assertFalse(Files.exists(fresh));
    }

    @Test
    void aRestoreThatACrashCutOffWhenAllWasWrittenIsFinishedAndWrittenNoSecondTime(@TempDir Path folder)
            throws IOException {
        Path data = folder.resolve("data");
        Destination mine =
                Destination.beside(data, reader().manifest().tablespaces()).withMark("mine");
        Error crash = new AssertionError("a crash");
        assertSame(
                crash,
                assertThrows(
                        AssertionError.class,
                        () -> reader().materialise(mine, BackupProgress.NONE, () -> {
                            copyOf(data, folder.resolve("copy"));
                            throw crash;
                        })));
        assertFalse(Files.exists(data.resolve("PG_VERSION")), "what was thrown is a failure, and removes all");
        Path copy = folder.resolve("copy");
        assertTrue(Files.exists(copy.resolve(Restoration.MARK)), "a crash leaves the marks");
        Destination there =
                Destination.beside(copy, reader().manifest().tablespaces()).withMark("mine");
        reader().finish(there);
        reader().finish(there);
        assertTrue(Files.exists(copy.resolve("PG_VERSION")));
        assertFalse(Files.exists(copy.resolve(Restoration.MARK)));
    }

    private static void copyOf(Path from, Path to) {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aRestoreThatACrashCutOffBeginsAgainButNobodyElseDoesThere(@TempDir Path folder) throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        Destination mine =
                Destination.beside(data, reader().manifest().tablespaces()).withMark("mine");
        Files.writeString(data.resolve(Restoration.MARK), "mine");
        Files.writeString(data.resolve("half"), "of a file");
        assertThrows(Failure.Conflict.class, () -> reader().materialise(mine.withMark("another"), BackupProgress.NONE));
        assertTrue(Files.exists(data.resolve("half")), "what another restore writes is left alone");
        reader().materialise(mine, BackupProgress.NONE);
        assertTrue(Files.exists(data.resolve("PG_VERSION")));
        assertTrue(Files.readString(data.resolve("postgresql.auto.conf")).contains("archive_mode = 'off'\n"));
        assertTrue(Files.exists(folder.resolve("data-configuration/postgresql.conf")), "the backup holds none");
        assertFalse(Files.exists(folder.resolve("data-configuration").resolve(Restoration.MARK)));
        assertFalse(Files.exists(data.resolve("half")));
        assertFalse(Files.exists(data.resolve(Restoration.MARK)));
    }
}
