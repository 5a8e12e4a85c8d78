package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.TypedSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProofLimitsTest {
    private static ProofLimits with(Map<String, String> settings) {
        return ProofLimits.of(new TypedSettings(name -> Optional.ofNullable(settings.get(name))));
    }

    @Test
    void everyDefaultIsTheOneTheConfigurationReferenceNames() {
        assertEquals(new ProofLimits(Duration.ofHours(12), Duration.ofHours(4), new Bytes(4L << 30)), with(Map.of()));
        assertEquals(with(Map.of()), ProofLimits.STANDARD);
    }

    @Test
    void everySettingIsRead() {
        assertEquals(
                new ProofLimits(Duration.ofHours(48), Duration.ofHours(30), new Bytes(16L << 30)),
                with(Map.of(
                        "nightshift.proof.hours", " 48 ",
                        "nightshift.proof.cpu.hours", "30",
                        "nightshift.proof.memory.gigabytes", "16")));
    }

    @Test
    void aSettingThatCannotBeUsedIsNamed() {
        assertEquals(
                "nightshift.proof.hours is not a whole number from 1 to 1000: 0",
                assertThrows(IllegalArgumentException.class, () -> with(Map.of("nightshift.proof.hours", "0")))
                        .getMessage());
    }
}
