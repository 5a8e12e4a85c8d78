package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
    private final Path folder;

    SecretsTest(@TempDir Path folder) {
        this.folder = folder.resolve("secrets");
    }

    @Test
    void folderAndFilesAreTheOwnersAlone() throws IOException {
        Secrets secrets = Secrets.in(folder);
        secrets.password("a.password");
        secrets.keyFile("master.key");
        assertEquals("rwx------", permissions(folder));
        assertEquals("rw-------", permissions(folder.resolve("a.password")));
        assertEquals("rw-------", permissions(folder.resolve("master.key")));
    }

    @Test
    void aFolderThatOthersCouldReadIsClosed() throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Secrets.in(folder);
        assertEquals("rwx------", permissions(folder));
    }

    @Test
    void aSecretIsMadeOnceAndKept() {
        String first = Secrets.in(folder).password("a.password");
        assertEquals(first, Secrets.in(folder).password("a.password"));
        assertNotEquals(first, Secrets.in(folder).password("b.password"));
        assertTrue(first.matches("[A-Za-z0-9_-]{24}"));
    }

    @Test
    void theMasterKeyIsThirtyTwoBytesInBase64() throws IOException {
        Path file = Secrets.in(folder).keyFile(Secrets.MASTER_KEY);
        assertEquals(32, Base64.getDecoder().decode(Files.readString(file)).length);
    }

    @Test
    void aSecretThatAKillLeftHalfWrittenIsNotTaken() throws IOException {
        Secrets secrets = Secrets.in(folder);
        Files.writeString(folder.resolve(".a.password.new"), "ha");
        assertFalse(secrets.has("a.password"));
        assertEquals(24, secrets.password("a.password").length());
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
