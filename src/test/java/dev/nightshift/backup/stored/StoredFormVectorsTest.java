package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ExportedKeys;
import java.io.IOException;
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
    void whatEveryVersionWroteIsStillRead(String version) throws IOException {
        Path vectors = VECTORS.resolve(version);
        ExportedKeys keys = ExportedKeys.read(vectors.resolve("keys.json"));
        BackupReader reader = BackupReader.open(new FolderStore(vectors.resolve("backup")), "", keys);
        Verification verification = reader.verify(ProofLevel.READABLE, BackupProgress.NONE);
        assertNull(verification.damage());
        assertEquals(5, verification.files());

        Properties expected = expected(vectors);
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
    void theChainThatVersion2WroteIsStillRestored(@TempDir Path work) throws IOException {
        Path vectors = VECTORS.resolve("v2");
        BackupReader reader = BackupReader.open(
                new FolderStore(vectors.resolve("store")),
                "shop/main/01938a5c-0000-7000-8000-000000000002",
                ExportedKeys.read(vectors.resolve("keys.json")));
        assertEquals(2, reader.manifest().formatVersion());
        assertEquals(
                List.of(Manifest.Kind.FULL, Manifest.Kind.INCREMENTAL),
                reader.chain().stream().map(each -> each.lineage().kind()).toList());
        assertNull(reader.verify(ProofLevel.READABLE, BackupProgress.NONE).damage());
        Path data = work.resolve("data");
        reader.materialise(Destination.beside(data, reader.manifest().tablespaces()), BackupProgress.NONE);
        Properties expected = expected(vectors);
        assertEquals(6, expected.size());
        for (String file : expected.stringPropertyNames()) {
            String sum = HexFormat.of().formatHex(Sha256.digest().digest(Files.readAllBytes(data.resolve(file))));
            assertEquals(expected.getProperty(file), sum, file);
        }
    }

    private static Properties expected(Path vectors) throws IOException {
        Properties expected = new Properties();
        try (var in = Files.newBufferedReader(vectors.resolve("expected.properties"))) {
            expected.load(in);
        }
        return expected;
    }
}
