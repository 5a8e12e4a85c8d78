package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecoderTest {
    private static final Path V1 = Path.of("src/test/resources/stored-form/v1");

    @Test
    void theDecoderTurnsABackupIntoPlainFiles(@TempDir Path folder) throws IOException {
        Path out = folder.resolve("out");
        Path keys = V1.resolve("keys.json");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(said, true, StandardCharsets.UTF_8);
        List<String> arguments = List.of(V1.resolve("backup").toString(), keys.toString(), out.toString());
        assertEquals(0, Decoder.run(arguments, print, print), () -> said.toString(StandardCharsets.UTF_8));
        SmallBackup small = new SmallBackup();
        assertArrayEquals(SmallBackup.tar(small.base, small.unlisted), Files.readAllBytes(out.resolve("base.tar")));
        assertArrayEquals(SmallBackup.tar(small.space, small.unlisted), Files.readAllBytes(out.resolve("16400.tar")));
        assertTrue(Files.exists(out.resolve("backup_manifest")));
        assertEquals(LogFixture.SEGMENT, Files.size(out.resolve("pg_wal/000000010000000000000020")));
        assertEquals("local all\n", Files.readString(out.resolve("settings/pg_hba.conf")));
        assertTrue(said.toString(StandardCharsets.UTF_8).contains("The cluster is consistent at "), said::toString);
        assertEquals(1, Decoder.run(arguments, print, print), "the folder is not empty any more");
        assertEquals(2, Decoder.run(List.of(), print, print));
        assertEquals(0, Decoder.run(List.of("--help"), print, print));
        assertEquals(1, Decoder.run(List.of(folder.toString(), keys.toString(), folder + "/x"), print, print));
    }

    @Test
    void ofChangesOnlyItSaysThatTheyAreNoClusterAndWhatTheyNeed(@TempDir Path folder) throws IOException {
        SmallBackup full = new SmallBackup();
        UUID id = UUID.fromString("01938a5c-0000-7000-8000-000000000002");
        SmallBackup changes = new SmallBackup(
                full.keys, id, new Manifest.Lineage(Manifest.Kind.INCREMENTAL, SmallBackup.BACKUP, null));
        changes.store(new FolderStore(folder), "stored");
        Path keys = Files.writeString(
                folder.resolve("keys.json"), full.keys.export().toJson());
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(said, true, StandardCharsets.UTF_8);
        List<String> arguments = List.of(folder + "/stored", keys.toString(), folder + "/out");
        assertEquals(0, Decoder.run(arguments, print, print), () -> said.toString(StandardCharsets.UTF_8));
        String text = said.toString(StandardCharsets.UTF_8);
        assertTrue(
                text.contains("is incremental: it holds only what changed since backup " + SmallBackup.BACKUP), text);
        assertTrue(text.contains("pg_combinebackup of PostgreSQL"), text);
        assertFalse(text.contains("consistent"), text);
    }
}
