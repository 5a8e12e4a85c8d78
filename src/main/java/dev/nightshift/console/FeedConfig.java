package dev.nightshift.console;

import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Where the repository is, for the one connection that listens: the same variables that the server's data source has.
 *
 * @param password never logged
 */
record FeedConfig(String host, int port, String database, String user, String password) {
    static FeedConfig read() {
        return from(key -> ConfigProvider.getConfig().getOptionalValue(key, String.class));
    }

    static FeedConfig from(Function<String, Optional<String>> settings) {
        return new FeedConfig(
                settings.apply("repository.host").orElse("127.0.0.1"),
                settings.apply("repository.port").map(Integer::valueOf).orElse(9432),
                settings.apply("repository.database").orElse("nightshift"),
                settings.apply("repository.user").orElse("nightshift_app"),
                settings.apply("repository.password").orElse(""));
    }

    @Override
    public String toString() {
        return "FeedConfig[" + host + ":" + port + "/" + database + "]";
    }
}
