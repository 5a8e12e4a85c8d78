package dev.nightshift.fleet;

import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.Roots;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.postgres.Backoff;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.PoolSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How target databases are connected to; docs/reference/configuration.md lists the settings. Environment variables have
 * the same names in upper case with underscores: {@code NIGHTSHIFT_TARGET_CONNECT_TIMEOUT}.
 *
 * @param connectTimeout {@code nightshift.target.connect-timeout}: until a connection is made, and again until the
 *     login is through; 10 s, whole seconds
 * @param pools {@code nightshift.target.max-connections} 4 a database, {@code .idle-timeout} 5 min, {@code .pool-wait}
 *     5 s, {@code .breaker-failures} 5, {@code .breaker-rest} 60 s, {@code .attempts} 3, {@code .backoff} 500 ms,
 *     {@code .backoff-cap} 30 s
 * @param forbidden {@code nightshift.forbidden.addresses}: where no connection goes
 * @param credentials {@code nightshift.credential.roots}: the folders below which password files, certificates and keys
 *     lie, absolute, apart by colons; {@code credentials} in the data folder
 */
public record FleetConfig(
        Duration connectTimeout, PoolSettings pools, ForbiddenAddresses forbidden, Roots credentials) {
    static final String ROOTS = "nightshift.credential.roots";

    /**
     * Reads the settings; what is not set has its default.
     *
     * @throws IllegalArgumentException if a value cannot be used; the message names the setting
     */
    public static FleetConfig of(TypedSettings settings) {
        PoolSettings usual = PoolSettings.standard();
        Backoff retry = usual.retry();
        Duration backoff = settings.duration("nightshift.target.backoff", retry.base(), Duration.ZERO);
        return new FleetConfig(
                settings.duration(
                        "nightshift.target.connect-timeout", Endpoint.DEFAULT_CONNECT_TIMEOUT, Duration.ofSeconds(1)),
                new PoolSettings(
                        settings.count("nightshift.target.max-connections", usual.maxConnections()),
                        settings.duration("nightshift.target.idle-timeout", usual.idleTimeout(), Duration.ZERO),
                        usual.sweepInterval(),
                        settings.duration("nightshift.target.pool-wait", usual.poolWait(), PoolSettings.SHORTEST_WAIT),
                        settings.count("nightshift.target.breaker-failures", usual.breakerFailures()),
                        settings.duration("nightshift.target.breaker-rest", usual.breakerRest(), Duration.ZERO),
                        new Backoff(
                                settings.count("nightshift.target.attempts", retry.attempts()),
                                backoff,
                                settings.duration("nightshift.target.backoff-cap", retry.cap(), backoff))),
                ForbiddenAddresses.of(settings),
                credentials(settings));
    }

    private static Roots credentials(TypedSettings settings) {
        Optional<String> named = settings.text(ROOTS);
        for (String folder : named.orElse("").split(":", -1)) {
            if (!folder.isBlank() && !folder.strip().startsWith("/")) {
                throw new IllegalArgumentException(
                        ROOTS + " is not a list of absolute folders apart by colons: " + folder);
            }
        }
        Path data = Path.of(settings.text("nightshift.data").orElse(".nightshift"));
        return Roots.of(named, data.resolve("credentials"));
    }
}
