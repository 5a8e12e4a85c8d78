package dev.nightshift.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DetailsTest {
    @Test
    void valuesWhoseKeySaysThatTheyAreSecretAreMaskedHoweverDeep() {
        assertEquals(
                "{\"instance\":{\"password\":\"•••\"}}",
                Details.masked(Map.of("instance", Map.of("password", "hunter2")))
                        .toString());
        for (String key :
                List.of("password", "rootPassword", "apiKey", "api_key", "key", "sessionToken", "clientSecret")) {
            assertEquals("•••", Details.masked(Map.of(key, "hunter2")).getString(key), key);
        }
    }

    @Test
    void whatIsNoSecretStaysReadable() {
        assertEquals(
                "{\"newPassword\":true}",
                Details.masked(Map.of("newPassword", true)).toString());
        assertEquals("{\"keyId\":\"k1\"}", Details.masked(Map.of("keyId", "k1")).toString());
        assertEquals(
                "{\"databases\":[\"shop\",3]}",
                Details.masked(Map.of("databases", List.of("shop", 3))).toString());
    }

    @Test
    void longTextsAreCut() {
        assertEquals(
                2001,
                Details.masked(Map.of("text", "x".repeat(9000)))
                        .getString("text")
                        .length());
    }
}
