package dev.nightshift.backup.stored;

import dev.nightshift.backup.read.SmallBackup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Properties;

/** Writes the test vectors of the current version; run once when a version is born, and never again for an old one. */
final class StoredFormVectors {
    private StoredFormVectors() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of("src/test/resources/stored-form/v" + ObjectHeader.CURRENT_VERSION);
        SmallBackup small = new SmallBackup();
        small.store(new FolderStore(folder.resolve("backup")), "");
        Files.writeString(folder.resolve("keys.json"), small.keys.export().toJson());
        byte[] object = Files.readAllBytes(folder.resolve("backup/base.tar/0001"));
        ObjectHeader header = ObjectHeader.parse(java.util.Arrays.copyOf(object, ObjectHeader.BYTES));
        Properties expected = new Properties();
        HexFormat hex = HexFormat.of();
        expected.setProperty("salt", hex.formatHex(header.salt()));
        expected.setProperty(
                "objectKey",
                hex.formatHex(small.context.objectKey(header, "base.tar/0001").getEncoded()));
        expected.setProperty("associatedData", hex.formatHex(small.context.associatedData(header, "base.tar/0001")));
        expected.setProperty("nonceOfBlock2", hex.formatHex(header.nonce(2, false)));
        expected.setProperty("nonceOfLastBlock3", hex.formatHex(header.nonce(3, true)));
        try (var out = Files.newBufferedWriter(folder.resolve("expected.properties"))) {
            expected.store(out, null);
        }
    }
}
