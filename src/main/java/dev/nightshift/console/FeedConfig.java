package dev.nightshift.console;

import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Where the repository is, for the one connection that listens: the same variables that the server's data source has.
 *
 * @param tls how far to insist on TLS, as the driver writes it
 * @param rootCertificate of the certification authority, a PEM file; {@code none} where nothing is verified
 * @param password never logged
 */
record FeedConfig(
        String host, int port, String database, String tls, String rootCertificate, String user, String password) {
    static final String NONE = "none";

    static FeedConfig read() {
        return from(key -> ConfigProvider.getConfig().getOptionalValue(key, String.class));
    }

    static FeedConfig from(Function<String, Optional<String>> settings) {
        return new FeedConfig(
                settings.apply("repository.host").orElse("127.0.0.1"),
                settings.apply("repository.port").map(Integer::valueOf).orElse(9432),
                settings.apply("repository.database").orElse("nightshift"),
                settings.apply("repository.tls").orElse("prefer"),
                settings.apply("repository.root.certificate").orElse(NONE),
                settings.apply("repository.user").orElse("nightshift_app"),
                settings.apply("repository.password").orElse(""));
    }

    @Override
    public String toString() {
        return "FeedConfig[" + host + ":" + port + "/" + database + "]";
    }
}
