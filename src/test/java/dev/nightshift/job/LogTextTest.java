package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogTextTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "could not connect to postgresql://app:hunter2@db.example:5432/shop | could not connect to postgresql://app:***@db.example:5432/shop",
                "jdbc:postgresql://db/shop?user=app&password=hunter2&ssl=true | jdbc:postgresql://db/shop?user=app&password=***&ssl=true",
                "host=db user=app password=hunter2 dbname=shop | host=db user=app password=*** dbname=shop",
                "host=db password='hunter 2''s' dbname=shop | host=db password=*** dbname=shop",
                "PGPASSWORD=hunter2 psql | PGPASSWORD=*** psql",
                "alter role app password 'hunter2' | alter role app password ***",
                "{\"name\":\"x\",\"password\":\"hun\\\"ter2\",\"port\":1} | {\"name\":\"x\",\"password\":***,\"port\":1}",
                "Authorization: Basic aHVudGVyMg== was refused | Authorization: Basic *** was refused",
                "sent Bearer abcdefghijklmnop.qrst-uvw | sent Bearer ***",
                "secret_key=wJalrXUtnFEMI/K7MDENG region=eu | secret_key=*** region=eu",
                "verifier SCRAM-SHA-256$4096:salt$stored:server | verifier ***",
                "hash md50123456789abcdef0123456789abcdef of app | hash *** of app",
                "-----BEGIN RSA PRIVATE KEY-----abc-----END RSA PRIVATE KEY----- end | *** end"
            })
    void secretsAreMaskedAndTheRestIsKept(String line, String shown) {
        assertEquals(shown, LogText.clean(line));
    }

    @Test
    void aKeyOfNightshiftIsMaskedAndItsFirstCharactersAreNot() {
        String key = "ns_" + "aB3-_".repeat(9);
        assertEquals("with ns_*** in it", LogText.clean("with " + key + " in it"));
        assertEquals("the key ns_DXDJ", LogText.clean("the key ns_DXDJ"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FATAL: password authentication failed for user \"app\"",
                "Vacuumed ns_orders_archive: 12 dead rows removed",
                "See https://nightshift.example:9443/p/demo, and mail dba@example.com",
                "The bearer of this name is unknown",
                "Received 312.4 MB of 1.6 GB"
            })
    void ordinaryLinesStayAsTheyAre(String line) {
        assertEquals(line, LogText.clean(line));
    }

    @Test
    void aLongLineIsCutWithAMarkAndNotWithinACharacter() {
        String clean = LogText.clean("😀".repeat(4000));
        assertTrue(clean.length() <= 4000, () -> "has " + clean.length());
        assertTrue(clean.endsWith("😀 … (cut)"), clean.substring(clean.length() - 20));
        assertEquals("x".repeat(4000), LogText.clean("x".repeat(4000)));
    }

    @Test
    void aSecretThatTheCutFallsIntoIsMaskedAllTheSame() {
        String clean = LogText.clean("x".repeat(3970) + " password=" + "hunter2".repeat(1000));
        assertFalse(clean.contains("hunter2"), clean);
    }

    @Test
    void aLineOfMegabytesTakesNoTime() {
        assertTimeoutPreemptively(
                Duration.ofSeconds(5), () -> LogText.clean("a://".repeat(1_000_000) + "password ".repeat(100_000)));
    }

    /** What never ends must neither take time nor the stack. */
    @ParameterizedTest
    @ValueSource(strings = {"password='", "\"token\":\"", "secret: \"", "alter role r password e'", "postgresql://a:"})
    void whatHasNoEndIsMaskedToItsEnd(String begin) {
        String clean = LogText.clean(begin + "x".repeat(19_000));
        assertFalse(
                clean.contains("xxxx") && !begin.startsWith("postgresql"),
                clean.substring(0, Math.min(80, clean.length())));
    }
}
