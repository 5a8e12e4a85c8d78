package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.TypedSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobConfigTest {
    private static JobConfig with(Map<String, String> settings) {
        return JobConfig.of(new TypedSettings(name -> Optional.ofNullable(settings.get(name))));
    }

    static JobConfig usual() {
        return with(Map.of());
    }

    @Test
    void everyDefaultIsTheOneTheConfigurationReferenceNames() {
        assertEquals(
                new JobConfig(Optional.empty(), 8, 16, 4, 3, 50_000, Duration.ofSeconds(60), false, Optional.empty()),
                with(Map.of()));
    }

    @Test
    void everySettingIsRead() {
        assertEquals(
                new JobConfig(
                        Optional.of("night-2"),
                        2,
                        3,
                        1,
                        5,
                        700,
                        Duration.ofSeconds(20),
                        true,
                        Optional.of(Path.of("/var/night/run/drain"))),
                with(Map.of(
                        "nightshift.node.name", " night-2 ",
                        "nightshift.node.parallel.runs", "2",
                        "nightshift.project.parallel.runs", "3",
                        "nightshift.run.parallel.targets", "1",
                        "nightshift.run.losses", "5",
                        "nightshift.run.log.lines", "700",
                        "nightshift.stop.grace", "PT20S",
                        "nightshift.messaging", "true",
                        "nightshift.data", "/var/night")));
    }

    @Test
    void eachRunAndEachOfItsTargetsHasAThreadThoughAsManyRunsWaitForLocks() {
        assertEquals(80, with(Map.of()).threads());
        assertEquals(
                18,
                with(Map.of("nightshift.node.parallel.runs", "3", "nightshift.run.parallel.targets", "2"))
                        .threads());
        assertEquals(
                2_000,
                with(Map.of("nightshift.node.parallel.runs", "1000", "nightshift.run.parallel.targets", "1000"))
                        .threads());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1001", "-1", "many", ""})
    void aSettingThatCannotBeUsedIsNamed(String value) {
        var refused = assertThrows(IllegalArgumentException.class, () -> with(Map.of("nightshift.run.losses", value)));
        assertEquals("nightshift.run.losses is not a whole number from 1 to 1000: " + value, refused.getMessage());
    }
}
