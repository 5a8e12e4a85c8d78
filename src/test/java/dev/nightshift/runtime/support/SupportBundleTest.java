package dev.nightshift.runtime.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SupportBundleTest {
    private final Mask mask =
            new Mask(Map.of("shop", "project-1", "shop-eu", "instance-2", "", "nobody", "Ann B.", "person-3"));

    @Test
    void namesHaveStandInsWhereTheyStandAlone() {
        assertEquals(
                "run of project-1 on instance-2: workshop, shops, project-1. By person-3",
                mask.of("run of shop on shop-eu: workshop, shops, shop. By Ann B."));
        assertEquals("\"project-1\"", mask.of("\"shop\""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password=planted-x",
                "password: \"planted-x\"",
                "{\"secret\":\"planted-x\"}",
                "Authorization: Bearer planted-x",
                "sent Basic planted-x",
                "the key ns_planted-x1",
                "planted0123456789012345678901234567890123456789="
            })
    void whatLooksLikeASecretIsHidden(String text) {
        String masked = mask.of("before " + text + " behind");
        assertFalse(masked.contains("planted"), masked);
        assertTrue(masked.startsWith("before ") && masked.endsWith(" behind"), masked);
        assertTrue(masked.contains("•••"), masked);
    }

    @Test
    void onlySettingsThatAreNoSecretHaveValues() {
        var settings = Shown.settings(Map.of(
                "NIGHTSHIFT_RUN_LOSSES", "3",
                "NIGHTSHIFT_MASTER_KEY", "planted",
                "NIGHTSHIFT_OIDC_CLIENT_SECRET", "planted",
                "NIGHTSHIFT_WHAT_NOBODY_KNOWS", "planted",
                "PATH", "planted"));
        assertFalse(settings.toString().contains("planted"), settings.toString());
        assertEquals("3", settings.getJsonObject("NIGHTSHIFT_RUN_LOSSES").getString("value"));
        assertTrue(settings.getJsonObject("NIGHTSHIFT_MASTER_KEY").getBoolean("set"));
        assertFalse(settings.getJsonObject("NIGHTSHIFT_HTTP").getBoolean("set"));
        assertFalse(settings.containsKey("PATH"));
        assertTrue(
                Shown.VALUES.stream()
                        .noneMatch(name -> name.matches(".*(KEY|SECRET|PASSWORD|FILE|URL|USER|CREDENTIAL).*")),
                Shown.VALUES::toString);
    }

    @Test
    void ofALogItTakesTheNewestWholeLines(@TempDir Path folder) throws IOException {
        Path log = Files.writeString(folder.resolve("messages.log"), "first line\nsecond line\nthird line\n");
        assertEquals("first line\nsecond line\nthird line\n", LogEnd.of(log, 1000));
        assertEquals("third line\n", LogEnd.of(log, 15));
        assertTrue(LogEnd.of(folder.resolve("nowhere"), 15).startsWith("There is no log"));
    }
}
