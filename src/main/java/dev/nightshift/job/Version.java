package dev.nightshift.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/** This build's version, as the build wrote it. */
public final class Version {
    private Version() {}

    public static String current() {
        try (var in = Version.class.getResourceAsStream("/nightshift.properties")) {
            var properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
