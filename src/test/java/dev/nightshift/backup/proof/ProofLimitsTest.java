package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.TypedSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProofLimitsTest {
    private static ProofLimits with(Map<String, String> settings) {
        return ProofLimits.of(new TypedSettings(name -> Optional.ofNullable(settings.get(name))));
    }

    @Test
    void everyDefaultIsTheOneTheConfigurationReferenceNames() {
        assertEquals(
                new ProofLimits(Duration.ofHours(12), Duration.ofHours(4), new Bytes(4L << 30), Set.of()),
                with(Map.of()));
        assertEquals(with(Map.of()), ProofLimits.STANDARD);
    }

    @Test
    void everySettingIsRead() {
        assertEquals(
                new ProofLimits(
                        Duration.ofHours(48),
                        Duration.ofHours(30),
                        new Bytes(16L << 30),
                        Set.of("auto_explain", "my-lib")),
                with(Map.of(
                        "nightshift.proof.hours", " 48 ",
                        "nightshift.proof.cpu.hours", "30",
                        "nightshift.proof.memory.gigabytes", "16",
                        "nightshift.proof.libraries", " auto_explain , my-lib")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "$libdir/auto_explain", "/tmp/evil.so", "a,,b", "a b", ",", "a;b"})
    void aLibraryIsNamedWithoutItsPath(String names) {
        assertEquals(
                "nightshift.proof.libraries is not a list of names (letters, digits, _ and -) apart by commas: "
                        + names,
                assertThrows(IllegalArgumentException.class, () -> with(Map.of("nightshift.proof.libraries", names)))
                        .getMessage());
    }

    @Test
    void aSettingThatCannotBeUsedIsNamed() {
        assertEquals(
                "nightshift.proof.hours is not a whole number from 1 to 1000: 0",
                assertThrows(IllegalArgumentException.class, () -> with(Map.of("nightshift.proof.hours", "0")))
                        .getMessage());
    }
}
