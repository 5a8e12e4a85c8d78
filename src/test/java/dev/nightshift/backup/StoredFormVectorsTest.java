package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ExportedKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredFormVectorsTest {
    private static final Path VECTORS = Path.of("src/test/resources/stored-form");

    @ParameterizedTest
    @ValueSource(strings = "v1")
    void whatEveryVersionWroteIsStillRead(String version, @TempDir Path folder) throws IOException {
        Path vectors = VECTORS.resolve(version);
        ExportedKeys keys = ExportedKeys.read(vectors.resolve("keys.json"));
        BackupReader reader = BackupReader.open(new FolderStore(vectors.resolve("backup")), "", keys);
        Verification verification = reader.verify(ProofLevel.READABLE, BackupProgress.NONE);
        assertNull(verification.damage());
        assertEquals(5, verification.files());

        Properties expected = new Properties();
        try (var in = Files.newBufferedReader(vectors.resolve("expected.properties"))) {
            expected.load(in);
        }
        HexFormat hex = HexFormat.of();
        Manifest manifest = reader.manifest();
        DataKey key = keys.open(manifest.key(), manifest.backup());
        ObjectContext context = new ObjectContext(manifest.project(), manifest.backup(), key);
        byte[] object = Files.readAllBytes(vectors.resolve("backup/base.tar/0001"));
        ObjectHeader header = ObjectHeader.parse(Arrays.copyOf(object, ObjectHeader.BYTES));
        String name = "base.tar/0001";
        assertEquals(expected.getProperty("salt"), hex.formatHex(header.salt()));
        assertEquals(
                expected.getProperty("objectKey"),
                hex.formatHex(context.objectKey(header, name).getEncoded()));
        assertEquals(expected.getProperty("associatedData"), hex.formatHex(context.associatedData(header, name)));
        assertEquals(expected.getProperty("nonceOfBlock2"), hex.formatHex(header.nonce(2, false)));
        assertEquals(expected.getProperty("nonceOfLastBlock3"), hex.formatHex(header.nonce(3, true)));
    }

    @Test
    void theDecoderTurnsABackupIntoPlainFiles(@TempDir Path folder) throws IOException {
        Path out = folder.resolve("out");
        Path keys = VECTORS.resolve("v1/keys.json");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(said, true, StandardCharsets.UTF_8);
        List<String> arguments = List.of(VECTORS.resolve("v1/backup").toString(), keys.toString(), out.toString());
        assertEquals(0, Decoder.run(arguments, print, print), () -> said.toString(StandardCharsets.UTF_8));
        SmallBackup small = new SmallBackup();
        assertArrayEquals(SmallBackup.tar(small.base, small.unlisted), Files.readAllBytes(out.resolve("base.tar")));
        assertArrayEquals(SmallBackup.tar(small.space, small.unlisted), Files.readAllBytes(out.resolve("16400.tar")));
        assertTrue(Files.exists(out.resolve("backup_manifest")));
        assertEquals(LogFixture.SEGMENT, Files.size(out.resolve("pg_wal/000000010000000000000020")));
        assertEquals("local all\n", Files.readString(out.resolve("settings/pg_hba.conf")));
        assertEquals(1, Decoder.run(arguments, print, print), "the folder is not empty any more");
        assertEquals(2, Decoder.run(List.of(), print, print));
        assertEquals(0, Decoder.run(List.of("--help"), print, print));
        assertEquals(1, Decoder.run(List.of(folder.toString(), keys.toString(), folder + "/x"), print, print));
    }
}
