package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final String KEY = "ns_a-key-for-tests";

    private Path folder;

    @BeforeEach
    void ofItsOwn(@TempDir Path empty) {
        folder = empty;
    }

    private SettingsFile file() {
        return new SettingsFile(folder.resolve("nightshift").resolve("config"));
    }

    private static Settings of(SettingsFile file, Map<String, String> environment) {
        return Settings.of(RecordedShell.of(environment).shell(), file, null);
    }

    private static Trouble refused(SettingsFile file, Map<String, String> environment) {
        Trouble trouble = assertThrows(Trouble.class, () -> of(file, environment));
        assertFalse(trouble.line().contains(KEY), trouble.line());
        return trouble;
    }

    @Test
    void whatTheLoginStoredHoldsUntilTheEnvironmentSaysOtherwise() throws Exception {
        file().write(new SettingsFile.Stored("https://one:9443/", KEY, "shop", null));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file().path())));
        Settings stored = of(file(), Map.of());
        assertEquals("https://one:9443/", stored.url().toString());
        assertEquals(KEY, stored.key());
        assertEquals("shop", stored.neededProject());
        assertEquals("crm", of(file(), Map.of("NIGHTSHIFT_PROJECT", "crm")).neededProject());
        assertEquals(
                "ns_another-key",
                of(file(), Map.of("NIGHTSHIFT_KEY", "ns_another-key")).key());
    }

    @Test
    void aStoredKeyIsSentToNoOtherServer() {
        file().write(new SettingsFile.Stored("https://one:9443/", KEY, "shop", null));
        assertEquals(
                ExitCode.NOT_ALLOWED,
                refused(file(), Map.of("NIGHTSHIFT_URL", "https://other:9443")).code());
        Settings other = of(file(), Map.of("NIGHTSHIFT_URL", "https://other:9443", "NIGHTSHIFT_KEY", "ns_another-key"));
        assertNull(other.project());
    }

    @Test
    void aFileThatOthersCanReadIsRefused() throws Exception {
        file().write(new SettingsFile.Stored("https://one:9443/", KEY, null, null));
        Files.setPosixFilePermissions(file().path(), PosixFilePermissions.fromString("rw-r-----"));
        assertTrue(refused(file(), Map.of()).line().contains("chmod 600"));
    }

    @Test
    void aDamagedFileAsksForAnotherLogin() throws Exception {
        file().write(new SettingsFile.Stored("https://one:9443/", KEY, null, null));
        Files.writeString(file().path(), "{\"url\":\"https://one:9443/\",\"key\":\"" + KEY);
        assertTrue(refused(file(), Map.of()).line().contains("Log in again"));
    }

    @Test
    void aKeyFromAFileLosesItsLineEnd() throws Exception {
        assertEquals(KEY, of(file(), keyFile("rw-------")).key());
    }

    /** Systems that mount secrets let a group read them. */
    @Test
    void aKeyInAFileThatEveryUserMayReadOrWriteIsRefused() throws Exception {
        assertEquals(KEY, of(file(), keyFile("r--r-----")).key());
        for (String open : List.of("rw-r--r--", "rw-----w-")) {
            Trouble trouble = refused(file(), keyFile(open));
            assertEquals(ExitCode.NOT_ALLOWED, trouble.code());
            assertTrue(trouble.line().contains("chmod 600"), trouble.line());
            assertFalse(trouble.line().contains(KEY), trouble.line());
        }
        Trouble missing =
                refused(file(), Map.of("NIGHTSHIFT_URL", "https://one", "NIGHTSHIFT_KEY_FILE", folder + "/none"));
        assertTrue(missing.line().startsWith("There is no file "), missing.line());
    }

    private Map<String, String> keyFile(String mode) throws Exception {
        Path key = Files.writeString(folder.resolve("key"), KEY + "\n");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(mode));
        return Map.of("NIGHTSHIFT_URL", "https://one", "NIGHTSHIFT_KEY_FILE", key.toString());
    }

    @Test
    void aKeyThatCannotBeOneIsNotRepeated() {
        Trouble trouble = refused(file(), Map.of("NIGHTSHIFT_URL", "https://one", "NIGHTSHIFT_KEY", KEY + "\n" + KEY));
        assertEquals(ExitCode.NOT_ALLOWED, trouble.code());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://nightshift.example.com:9080",
                "ftp://host",
                "host:9443",
                "https://user:secret@host",
                "https://host?x=1",
                "",
                "http://127.0.0.1.example.com"
            })
    void anAddressThatWouldShowTheKeyOrIsNoneIsRefused(String address) {
        assertEquals(
                ExitCode.WRONG_USAGE,
                assertThrows(Trouble.class, () -> Settings.address(address)).code());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://127.0.0.1:9080", "http://localhost:9080/", "http://[::1]:9080", "https://host/below"})
    void anAddressOnThisMachineOrOverHttpsIsTaken(String address) {
        assertTrue(Settings.address(address).toString().endsWith("/"));
    }
}
