package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server's list of files, as it came and broken, where no object's hash speaks against it. */
class ServerManifestTest {
    private static final String FILE =
            "{ \"Path\": \"base/5/1259\", \"Size\": 24576, \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"0a1b2c3d\" }";

    private static String list(String files) {
        return "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"Files\": [\n" + files + "\n],\n";
    }

    /** With a checksum that is right. */
    private static byte[] closed(String list) {
        String sum = HexFormat.of().formatHex(Sha256.digest().digest(list.getBytes(StandardCharsets.UTF_8)));
        return (list + "\"Manifest-Checksum\": \"" + sum + "\"}\n").getBytes(StandardCharsets.UTF_8);
    }

    private static String damage(byte[] list) {
        return String.valueOf(assertThrows(DamageException.class, () -> ServerManifest.parse(list))
                .getMessage());
    }

    @Test
    void namesAreReadAsTheyAreWritten() throws DamageException {
        String encoded = FILE.replace("\"Path\": \"base/5/1259\"", "\"Encoded-Path\": \"62617365\"");
        ServerManifest found = ServerManifest.parse(closed(list(FILE + ",\n" + encoded)));
        assertEquals(
                new ServerManifest.Listed(24576, 0x3d2c1b0aL), found.files().get("base/5/1259"));
        assertEquals(2, found.files().size());
        assertTrue(found.files().containsKey("base"));
    }

    @Test
    void everyCutAndEveryChangedByteIsRefused() {
        byte[] whole = closed(list(FILE));
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertTrue(damage(cut).startsWith("the server's list of files"), "cut to " + length);
        }
        int line = new String(whole, StandardCharsets.UTF_8).indexOf("\"Manifest-Checksum\"");
        for (int at = 0; at < line; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            assertTrue(damage(changed).contains("does not match its own checksum"), "byte " + at);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"CRC32C\" | \"SHA256\" | has no CRC-32C for base/5/1259",
                "24576 | \"many\" | cannot be read",
                "0a1b2c3d | 0a1b2c3z | cannot be read",
                "\"Path\" | \"Encoded-Path\" | cannot be read",
                "\"Path\" | \"Way\" | cannot be read",
                "\"Files\" | \"Folders\" | holds none"
            })
    void whatDoesNotSayAllIsRefusedThoughItsChecksumIsRight(String what, String by, String why) {
        String damage = damage(closed(list(FILE).replace(what, by)));
        assertTrue(damage.contains(why), damage);
    }

    @Test
    void aFileThatIsListedTwiceIsRefused() {
        String damage = damage(closed(list(FILE + ",\n" + FILE.replace("24576", "8192"))));
        assertTrue(damage.contains("names base/5/1259 twice"), damage);
    }
}
