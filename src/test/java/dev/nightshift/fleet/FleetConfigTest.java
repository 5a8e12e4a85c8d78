package dev.nightshift.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.PoolSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FleetConfigTest {
    private static FleetConfig with(Map<String, String> settings) {
        return FleetConfig.of(new TypedSettings(name -> Optional.ofNullable(settings.get(name))));
    }

    @Test
    void everyDefaultIsTheOneTheConfigurationReferenceNames() {
        FleetConfig config = with(Map.of());
        assertEquals(Duration.ofSeconds(10), config.connectTimeout());
        assertEquals(4, config.pools().maxConnections());
        assertEquals(Duration.ofMinutes(5), config.pools().idleTimeout());
        assertEquals(Duration.ofSeconds(5), config.pools().poolWait());
        assertEquals(5, config.pools().breakerFailures());
        assertEquals(Duration.ofSeconds(60), config.pools().breakerRest());
        assertEquals(3, config.pools().retry().attempts());
        assertEquals(Duration.ofMillis(500), config.pools().retry().base());
        assertEquals(Duration.ofSeconds(30), config.pools().retry().cap());
    }

    @Test
    void whereConnectionsGoAndWhereFilesLieHasDefaultsAndIsRead() {
        assertEquals(ForbiddenAddresses.STANDARD, with(Map.of()).forbidden());
        assertEquals(
                List.of(Path.of("/srv/data/credentials")),
                with(Map.of("nightshift.data", "/srv/data")).credentials().folders());
        FleetConfig config = with(Map.of(
                "nightshift.forbidden.addresses", "10.0.0.0/8", "nightshift.credential.roots", "/run/secrets:/b"));
        assertEquals("10.0.0.0/8", config.forbidden().text());
        assertEquals(
                List.of(Path.of("/run/secrets"), Path.of("/b")),
                config.credentials().folders());
        assertEquals(
                "nightshift.credential.roots is not a list of absolute folders apart by colons: secrets",
                refused("nightshift.credential.roots", "/a:secrets"));
    }

    @Test
    void theDefaultsAreThoseOfThePoolsAndEndpointsThemselves() {
        assertEquals(PoolSettings.standard(), with(Map.of()).pools());
        assertEquals(Endpoint.DEFAULT_CONNECT_TIMEOUT, with(Map.of()).connectTimeout());
    }

    @Test
    void everySettingIsRead() {
        FleetConfig config = with(Map.of(
                "nightshift.target.connect-timeout", "PT3S",
                "nightshift.target.max-connections", " 2 ",
                "nightshift.target.idle-timeout", "PT1M",
                "nightshift.target.pool-wait", "PT1S",
                "nightshift.target.breaker-failures", "3",
                "nightshift.target.breaker-rest", "PT20S",
                "nightshift.target.attempts", "1",
                "nightshift.target.backoff", "PT1S",
                "nightshift.target.backoff-cap", "PT2S"));
        assertEquals(Duration.ofSeconds(3), config.connectTimeout());
        assertEquals(2, config.pools().maxConnections());
        assertEquals(Duration.ofMinutes(1), config.pools().idleTimeout());
        assertEquals(Duration.ofSeconds(1), config.pools().poolWait());
        assertEquals(3, config.pools().breakerFailures());
        assertEquals(Duration.ofSeconds(20), config.pools().breakerRest());
        assertEquals(1, config.pools().retry().attempts());
        assertEquals(Duration.ofSeconds(1), config.pools().retry().base());
        assertEquals(Duration.ofSeconds(2), config.pools().retry().cap());
    }

    @Test
    void aSettingThatCannotBeReadIsNamed() {
        assertEquals(
                "nightshift.target.attempts is not a whole number from 1 to 1000: many",
                refused("nightshift.target.attempts", "many"));
        assertEquals(
                "nightshift.target.breaker-rest is not a duration in ISO 8601 from PT0S to PT24H: 60",
                refused("nightshift.target.breaker-rest", "60"));
        assertEquals(
                "nightshift.target.pool-wait is not a duration in ISO 8601 from PT0.25S to PT24H: PT0.1S",
                refused("nightshift.target.pool-wait", "PT0.1S"));
        assertEquals(
                "nightshift.target.backoff-cap is not a duration in ISO 8601 from PT0.5S to PT24H: PT0.1S",
                refused("nightshift.target.backoff-cap", "PT0.1S"));
    }

    private static @Nullable String refused(String setting, String value) {
        return assertThrows(IllegalArgumentException.class, () -> with(Map.of(setting, value)))
                .getMessage();
    }
}
