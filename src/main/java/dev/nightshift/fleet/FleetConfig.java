package dev.nightshift.fleet;

import dev.nightshift.postgres.Backoff;
import dev.nightshift.postgres.PoolSettings;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.function.Function;

/**
 * How target databases are connected to; docs/reference/configuration.md lists the settings. Environment variables have
 * the same names in upper case with underscores: {@code NIGHTSHIFT_TARGET_CONNECT_TIMEOUT}.
 *
 * @param connectTimeout {@code nightshift.target.connect-timeout}: until a connection is made, and again until the
 *     login is through; 10 s, whole seconds
 * @param pools {@code nightshift.target.max-connections} 4 a database, {@code .idle-timeout} 5 min, {@code .pool-wait}
 *     5 s, {@code .breaker-failures} 5, {@code .breaker-rest} 60 s, {@code .attempts} 3, {@code .backoff} 500 ms,
 *     {@code .backoff-cap} 30 s
 */
record FleetConfig(Duration connectTimeout, PoolSettings pools) {
    private static final String PREFIX = "nightshift.target.";

    /** @throws IllegalArgumentException if a value cannot be read; the message names the setting */
    static FleetConfig of(Function<String, Optional<String>> setting) {
        return new FleetConfig(
                duration(setting, "connect-timeout", "PT10S"),
                new PoolSettings(
                        number(setting, "max-connections", "4"),
                        duration(setting, "idle-timeout", "PT5M"),
                        PoolSettings.standard().sweepInterval(),
                        duration(setting, "pool-wait", "PT5S"),
                        number(setting, "breaker-failures", "5"),
                        duration(setting, "breaker-rest", "PT60S"),
                        new Backoff(
                                number(setting, "attempts", "3"),
                                duration(setting, "backoff", "PT0.5S"),
                                duration(setting, "backoff-cap", "PT30S"))));
    }

    private static int number(Function<String, Optional<String>> setting, String name, String usual) {
        String text = setting.apply(PREFIX + name).orElse(usual).strip();
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(PREFIX + name + " is not a whole number: " + text, e);
        }
    }

    private static Duration duration(Function<String, Optional<String>> setting, String name, String usual) {
        String text = setting.apply(PREFIX + name).orElse(usual).strip();
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(PREFIX + name + " is not a duration in ISO 8601 like PT30S: " + text, e);
        }
    }
}
