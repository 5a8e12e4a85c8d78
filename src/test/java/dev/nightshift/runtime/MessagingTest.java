package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessagingTest {
    private static final Path CONFIGURATIONS = Path.of("src/main/liberty");
    private static final String PASSWORD = "a-secret-9d1";

    @Test
    void withoutASettingNothingOfMessagingIsStarted() {
        Messaging off = with(Map.of());
        assertFalse(off.isOn());
        assertEquals(List.of(), off.configurations(CONFIGURATIONS));
        assertEquals(Map.of(), off.variables());
    }

    @Test
    void theEngineIsOfThisNodeOrOfAnother() {
        Messaging embedded =
                with(Map.of("NIGHTSHIFT_MESSAGING", "embedded", "NIGHTSHIFT_MESSAGING_PASSWORD", PASSWORD));
        Messaging remote = with(Map.of(
                "NIGHTSHIFT_MESSAGING", "remote",
                "NIGHTSHIFT_MESSAGING_PORT", "7300",
                "NIGHTSHIFT_MESSAGING_PASSWORD", PASSWORD,
                "NIGHTSHIFT_MESSAGING_TARGETS", "3"));
        assertEquals(
                List.of("messaging.xml", "messaging-liberty.xml", "messaging-engine.xml"),
                names(embedded.configurations(CONFIGURATIONS)));
        assertEquals(List.of("messaging.xml", "messaging-liberty.xml"), names(remote.configurations(CONFIGURATIONS)));
        assertEquals(
                "127.0.0.1:7276:BootstrapBasicMessaging", embedded.variables().get("messaging.address"));
        assertEquals(
                "127.0.0.1:7300:BootstrapBasicMessaging", remote.variables().get("messaging.address"));
        assertEquals("8", embedded.variables().get("messaging.targets"));
        assertEquals("3", remote.variables().get("messaging.targets"));
        assertEquals(PASSWORD, remote.variables().get("messaging.password"));
        assertFalse(remote.toString().contains(PASSWORD), "not in what is printed");
    }

    @Test
    void everyConfigurationIsThere() {
        with(Map.of("NIGHTSHIFT_MESSAGING", "embedded", "NIGHTSHIFT_MESSAGING_PASSWORD", PASSWORD))
                .configurations(CONFIGURATIONS)
                .forEach(file -> assertTrue(Files.isReadable(file), file.toString()));
    }

    @Test
    void aBrokerOfOnesOwnHasAConfigurationOfOnesOwn(@TempDir Path folder) throws IOException {
        Path own = Files.writeString(folder.resolve("broker.xml"), "<server/>");
        Messaging external = with(Map.of(
                "NIGHTSHIFT_MESSAGING",
                "external",
                "NIGHTSHIFT_MESSAGING_CONFIGURATION",
                own.toString(),
                "NIGHTSHIFT_MESSAGING_PASSWORD",
                PASSWORD));
        assertEquals(List.of("messaging.xml", "broker.xml"), names(external.configurations(CONFIGURATIONS)));
        assertEquals("nightshift", external.variables().get("messaging.user"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NIGHTSHIFT_MESSAGING=on       | NIGHTSHIFT_MESSAGING is "on": it must be off, embedded, remote or external.
            NIGHTSHIFT_MESSAGING=embedded | NIGHTSHIFT_MESSAGING_PASSWORD or NIGHTSHIFT_MESSAGING_PASSWORD_FILE is needed
            NIGHTSHIFT_MESSAGING=external | NIGHTSHIFT_MESSAGING_CONFIGURATION is needed
            NIGHTSHIFT_MESSAGING=embedded NIGHTSHIFT_MESSAGING_HOST=0.0.0.0 | NIGHTSHIFT_MESSAGING_HOST is "0.0.0.0"
            NIGHTSHIFT_MESSAGING=remote NIGHTSHIFT_MESSAGING_HOST=night-1 | NIGHTSHIFT_MESSAGING_HOST is "night-1"
            NIGHTSHIFT_MESSAGING_TARGETS=0 | NIGHTSHIFT_MESSAGING_TARGETS is "0": it must be a whole number from 1 to 1000.
            """)
    void whatCannotBeIsRefusedByItsName(String settings, String complaint) {
        Map<String, String> environment = new TreeMap<>();
        for (String each : settings.split(" ", -1)) {
            environment.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
        }
        var refused = assertThrows(Failure.Invalid.class, () -> with(environment));
        assertTrue(String.valueOf(refused.getMessage()).contains(complaint), refused.getMessage());
    }

    private static Messaging with(Map<String, String> environment) {
        return LauncherConfig.from(environment, Path.of("/project")).messaging();
    }

    private static List<String> names(List<Path> files) {
        return files.stream().map(file -> file.getFileName().toString()).toList();
    }
}
