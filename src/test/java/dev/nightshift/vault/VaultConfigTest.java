package dev.nightshift.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaultConfigTest {
    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private static VaultConfig with(Map<String, String> settings) {
        return VaultConfig.of(name -> Optional.ofNullable(settings.get(name)));
    }

    @Test
    void withoutASettingThereIsNoMasterKeyAndTheRemedySaysHowToMakeOne() {
        Failure.Fatal missing =
                assertThrows(Failure.Fatal.class, () -> with(Map.of()).masterKey());
        assertTrue(String.valueOf(missing.remedy()).contains("NIGHTSHIFT_MASTER_KEY_FILE"), missing.remedy());
        assertThrows(
                Failure.Fatal.class,
                () -> with(Map.of("nightshift.master.key", " ")).masterKey());
    }

    @Test
    void theKeyIsReadFromTheSettingOrFromTheFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("key"), KEY + "\n");
        LocalMasterKey given = with(Map.of("nightshift.master.key", KEY)).masterKey();
        LocalMasterKey read =
                with(Map.of("nightshift.master.key.file", file.toString())).masterKey();
        assertEquals(given.fingerprint(), read.fingerprint());
    }

    @Test
    void twoSettingsAreRefusedBecauseOneOfThemIsAMistake() {
        VaultConfig both = with(Map.of("nightshift.master.key", KEY, "nightshift.master.key.file", "/key"));
        assertThrows(Failure.Fatal.class, both::masterKey);
    }

    @Test
    void theTextFormHidesTheKey() {
        String text = with(Map.of("nightshift.master.key", KEY)).toString();
        assertFalse(text.contains(KEY), text);
    }
}
