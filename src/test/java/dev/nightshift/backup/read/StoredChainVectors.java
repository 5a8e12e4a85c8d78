package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;

/** Writes the test vectors of manifests of version 2, a full backup and the changes to it; run once, and never again. */
final class StoredChainVectors {
    private StoredChainVectors() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of("src/test/resources/stored-form/v" + Manifest.PARENT_VERSION);
        UUID second = UUID.fromString("01938a5c-0000-7000-8000-000000000002");
        SmallBackup full = new SmallBackup();
        full.base.put("base/5/100", IncrementalFileTest.blocks(1, 2, 3));
        SmallBackup changes = full.changes(second, SmallBackup.BACKUP);
        changes.base.put("global/pg_control", IncrementalFileTest.blocks(7));
        changes.base.put(
                "base/5/INCREMENTAL.100", IncrementalFileTest.incremental(2, new TreeMap<>(Map.of(1, 12, 3, 14))));
        changes.base.put("base/5/INCREMENTAL.1259", IncrementalFileTest.incremental(3));
        changes.space.put("PG_18_202506291/5/16400", SmallBackup.bytes("more rows"));

        FolderStore store = new FolderStore(folder.resolve("store"));
        full.store(store, "shop/main/" + SmallBackup.BACKUP);
        changes.store(store, "shop/main/" + second);
        Files.writeString(folder.resolve("keys.json"), full.keys.export().toJson());
        Properties expected = new Properties();
        // Written down, not read back
        expect(expected, "base/5/100", IncrementalFileTest.blocks(1, 12, 0, 14));
        expect(expected, "base/5/1259", new byte[24_576]);
        expect(expected, "global/pg_control", IncrementalFileTest.blocks(7));
        expect(expected, "PG_VERSION", SmallBackup.bytes("18\n"));
        expect(expected, "backup_label", SmallBackup.bytes("START WAL LOCATION: 0/2000028\nSTOP\n"));
        expect(expected, "pg_tblspc/16400/PG_18_202506291/5/16400", SmallBackup.bytes("more rows"));
        try (var out = Files.newBufferedWriter(folder.resolve("expected.properties"))) {
            expected.store(out, null);
        }
    }

    private static void expect(Properties expected, String file, byte[] content) {
        expected.setProperty(file, HexFormat.of().formatHex(Sha256.digest().digest(content)));
    }
}
