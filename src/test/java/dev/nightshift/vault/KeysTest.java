package dev.nightshift.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {
    private final LocalMasterKey master = LocalMasterKey.generate();
    private final ProjectId project = new ProjectId(UUID.randomUUID());
    private final ProjectKeys keys = ProjectKeys.generate(project);
    private final UUID backup = UUID.randomUUID();

    @Test
    void derivesWhatTheStandardsTestCasesSay() {
        HexFormat hex = HexFormat.of();
        byte[] secret = hex.parseHex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
        assertEquals(
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                hex.formatHex(Hkdf.derive(
                        secret, hex.parseHex("000102030405060708090a0b0c"), hex.parseHex("f0f1f2f3f4f5f6f7f8f9"), 42)));
        assertEquals(
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
                hex.formatHex(Hkdf.derive(secret, new byte[0], new byte[0], 42)));
    }

    @Test
    void aMasterKeySurvivesItsTextAndKeepsItsFingerprint(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("master.key"), "\n " + master.text() + " \n");
        LocalMasterKey again = LocalMasterKey.fromFile(file);
        assertEquals(master.fingerprint(), again.fingerprint());
        assertEquals(master.text(), again.text());
        again.mustBe(master.fingerprint());
        assertEquals(
                project, ProjectKeys.unwrap(project, keys.wrap(master), again).project());
    }

    @Test
    void aWrongMissingOrShortMasterKeyIsRefusedWithItsReasonAndNeverShown() {
        LocalMasterKey other = LocalMasterKey.generate();
        Failure wrong = assertThrows(Failure.Fatal.class, () -> other.mustBe(master.fingerprint()));
        assertTrue(wrong.getMessage().contains(master.fingerprint()));
        assertTrue(assertThrows(Failure.Fatal.class, () -> LocalMasterKey.parse("  "))
                .getMessage()
                .contains("missing"));
        assertTrue(assertThrows(Failure.Fatal.class, () -> LocalMasterKey.parse("c2hvcnQ="))
                .getMessage()
                .contains("short"));
        Failure noBase64 = assertThrows(Failure.Fatal.class, () -> LocalMasterKey.parse("correct horse battery!"));
        assertFalse(noBase64.getMessage().contains("horse"));
        assertFalse(master.toString().contains(master.text()));
        assertThrows(Failure.Fatal.class, () -> LocalMasterKey.fromFile(Path.of("/does/not/exist")));
    }

    @Test
    void projectKeysOpenUnderTheirMasterKeyAndForTheirProjectOnly() {
        String wrapped = keys.wrap(master);
        Failure master2 = assertThrows(
                Failure.Fatal.class, () -> ProjectKeys.unwrap(project, wrapped, LocalMasterKey.generate()));
        assertTrue(master2.getMessage().contains(master.fingerprint()));
        ProjectId other = new ProjectId(UUID.randomUUID());
        assertThrows(Failure.Fatal.class, () -> ProjectKeys.unwrap(other, wrapped, master));
        String changed = wrapped.replaceFirst("encryptedKeyset\\\\\": ?\\\\\"..", "encryptedKeyset\\\\\":\\\\\"AA");
        assertNotEquals(wrapped, changed);
        assertThrows(Failure.Fatal.class, () -> ProjectKeys.unwrap(project, changed, master));
        assertThrows(Failure.Fatal.class, () -> ProjectKeys.unwrap(project, "{}", master));
        assertThrows(Failure.Fatal.class, () -> ProjectKeys.unwrap(project, "no json", master));
    }

    @Test
    void aDataKeyOpensForItsBackupOnlyWithTheVaultAndWithTheExport() {
        DataKey key = keys.newDataKey();
        WrappedKey wrapped = keys.wrap(key, backup);
        ExportedKeys exported = ExportedKeys.parse(keys.export().toJson(), "keys");
        assertArrayEquals(key.secret(), keys.open(wrapped, backup).secret());
        assertArrayEquals(key.secret(), exported.open(wrapped, backup).secret());
        UUID another = UUID.randomUUID();
        for (BackupKeys reader : new BackupKeys[] {keys, exported}) {
            assertThrows(Failure.Fatal.class, () -> reader.open(wrapped, another));
            for (int i = 0; i < 65; i++) {
                byte[] bytes = Base64.getDecoder().decode(wrapped.wrapped());
                bytes[i] ^= 1;
                var bad = new WrappedKey(wrapped.keyId(), Base64.getEncoder().encodeToString(bytes));
                assertThrows(Failure.Fatal.class, () -> reader.open(bad, backup));
            }
        }
        var foreign = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
        assertThrows(Failure.Fatal.class, () -> foreign.open(wrapped, backup));
        Failure missing =
                assertThrows(Failure.Fatal.class, () -> foreign.export().open(wrapped, backup));
        assertTrue(missing.getMessage().contains(wrapped.keyId()));
    }

    @Test
    void afterRotationTheOldKeysStillOpenAndTheNewOneWraps() {
        WrappedKey old = keys.wrap(keys.newDataKey(), backup);
        ProjectKeys rotated = ProjectKeys.unwrap(project, keys.rotated().wrap(master), master);
        assertNotEquals(keys.keyId(), rotated.keyId());
        assertArrayEquals(
                keys.open(old, backup).secret(), rotated.open(old, backup).secret());
        WrappedKey fresh = rotated.wrap(rotated.newDataKey(), backup);
        assertEquals(rotated.keyId(), fresh.keyId());
        assertThrows(Failure.Fatal.class, () -> keys.open(fresh, backup));
        rotated.export().open(old, backup);
        rotated.export().open(fresh, backup);
    }

    @Test
    void keysOfAKitAreAddedAndOneOfThemMayWrap() {
        ProjectKeys rotated = keys.rotated();
        ProjectKeys same = keys.with(rotated.export(), keys.keyId());
        ProjectKeys newer = keys.with(rotated.export(), rotated.keyId());
        assertEquals(rotated.ids(), same.ids());
        assertEquals(rotated.ids(), newer.ids());
        assertEquals(keys.keyId(), same.keyId());
        assertEquals(rotated.keyId(), newer.keyId());
        newer.open(keys.wrap(keys.newDataKey(), backup), backup);
    }

    @Test
    void aSecretOpensInItsPlaceOnlyAndTheExportDoesNotHoldItsKey() {
        String sealed = keys.seal("instance:1:password", "s3cret ü");
        assertEquals("s3cret ü", keys.unseal("instance:1:password", sealed));
        assertThrows(Failure.Fatal.class, () -> keys.unseal("instance:2:password", sealed));
        assertThrows(Failure.Fatal.class, () -> ProjectKeys.generate(project).unseal("instance:1:password", sealed));
        assertThrows(Failure.Fatal.class, () -> keys.unseal("instance:1:password", "not base64!"));
        assertTrue(keys.export().toJson().contains("SECRET"));
        String id = String.format(
                "%08x",
                java.nio.ByteBuffer.wrap(Base64.getDecoder().decode(sealed), 1, 4)
                        .getInt());
        assertFalse(keys.export().toJson().contains(id));
    }

    @Test
    void aFileThatIsNoKeyFileIsRefused(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("keys.json"), keys.export().toJson());
        assertEquals(project, ExportedKeys.read(file).project());
        assertThrows(Failure.Fatal.class, () -> ExportedKeys.parse("{\"format\":\"other\"}", "x"));
        assertThrows(Failure.Fatal.class, () -> ExportedKeys.parse("[]", "x"));
        assertThrows(Failure.Fatal.class, () -> ExportedKeys.read(folder.resolve("missing")));
    }
}
