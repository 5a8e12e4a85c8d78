package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Roots;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.postgres.TlsMode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Currency;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The rules for what people enter; each breach names the field as they spelled it. */
final class Checks {
    /** A longer file holds no password, but something that was not meant to be sent to a server. */
    private static final int LONGEST_PASSWORD_FILE = 4096;

    private static final Pattern TAG = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._:/=+@-]{0,62}");

    private static final Pattern VARIABLE = Pattern.compile("NIGHTSHIFT_CREDENTIAL_[A-Z0-9_]{1,63}");

    private Checks() {}

    static Name name(String field, @Nullable String value) {
        String text = required(field, value);
        try {
            return new Name(text);
        } catch (Failure.Invalid e) {
            throw new Failure.Invalid(field, String.valueOf(e.getMessage()));
        }
    }

    static String required(String field, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new Failure.Invalid(field, "The field " + field + " is missing.");
        }
        return value;
    }

    static String length(String field, String value, int least, int most) {
        if (value.strip().length() < least || value.length() > most || value.indexOf('\0') >= 0) {
            throw new Failure.Invalid(field, "The field " + field + " has " + least + " to " + most + " characters.");
        }
        return value;
    }

    static int range(String field, int value, int least, int most) {
        if (value < least || value > most) {
            throw new Failure.Invalid(
                    field,
                    "The field " + field + " is a number from " + least + " to " + most + ", not " + value + ".");
        }
        return value;
    }

    static int port(int value) {
        return port("port", value);
    }

    static int port(String field, int value) {
        if (value < 1 || value > 65_535) {
            throw new Failure.Invalid(field, "A port is a number from 1 to 65535, not " + value + ".");
        }
        return value;
    }

    static String host(String value) {
        return host("host", value);
    }

    static String host(String field, String value) {
        length(field, value, 1, 255);
        // A path is a Unix socket, which the driver does not speak; the rest would change the driver's URL.
        if (value.chars().anyMatch(c -> c <= ' ' || "/?#@,\\%".indexOf(c) >= 0)) {
            throw new Failure.Invalid(field, "\"" + value + "\" is not a host name or an IP address.");
        }
        return value;
    }

    static TlsMode tls(@Nullable String value) {
        if (value == null) {
            return TlsMode.PREFER;
        }
        for (TlsMode mode : TlsMode.values()) {
            if (mode != TlsMode.ALLOW && mode.text().equals(value)) {
                return mode;
            }
        }
        throw new Failure.Invalid(
                "tlsMode",
                "\"" + value + "\" is not a TLS mode: use disable, prefer, require, verify-ca or verify-full.");
    }

    static ZoneId zone(String field, @Nullable String value) {
        try {
            return ZoneId.of(value == null ? "UTC" : value);
        } catch (DateTimeException e) {
            throw new Failure.Invalid(field, "\"" + value + "\" is not a time zone: write it like Europe/Vienna.");
        }
    }

    static Currency currency(String field, @Nullable String value) {
        try {
            return Currency.getInstance(value == null ? "EUR" : value);
        } catch (IllegalArgumentException e) {
            throw new Failure.Invalid(field, "\"" + value + "\" is not a currency: use its ISO 4217 code, like EUR.");
        }
    }

    /** Each once, in the order given. */
    static List<String> tags(@Nullable List<String> values) {
        if (values == null) {
            return List.of();
        }
        if (values.size() > 50) {
            throw new Failure.Invalid("tags", "At most 50 tags.");
        }
        for (int i = 0; i < values.size(); i++) {
            String tag = values.get(i);
            // JSON may hold null in a list
            if (tag == null || !TAG.matcher(tag).matches()) {
                throw new Failure.Invalid(
                        "tags[" + i + "]", "A tag starts with a letter or digit and has at most 63 characters.");
            }
        }
        return values.stream().distinct().toList();
    }

    /**
     * An absolute path of a regular file below one of the roots that can be read. Whatever lies outside of them is refused
     * in the same words, or they would tell what is there.
     */
    static @Nullable Path file(String field, @Nullable String value, Roots roots) {
        return value == null || value.isEmpty() ? null : present(field, value, roots);
    }

    private static Path present(String field, String value, Roots roots) {
        Path path = absolute(value);
        if (path == null || !roots.names(path) || !roots.holds(path)) {
            throw new Failure.Invalid(
                    field,
                    "Give the absolute path of a file below " + roots.joined("or") + ", out of which no link leads.");
        }
        if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
            throw new Failure.Invalid(field, value + " is not a file that Nightshift can read.");
        }
        return path.normalize();
    }

    private static @Nullable Path absolute(String value) {
        try {
            Path path = Path.of(value);
            return path.isAbsolute() ? path : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** The environment holds the master key too: no variable can be named that is not meant for it. */
    static String variable(String field, String name) {
        if (!VARIABLE.matcher(name).matches() || name.equals(TypedSettings.variable(FleetConfig.ROOTS))) {
            throw new Failure.Invalid(
                    field,
                    "A variable for a password begins with NIGHTSHIFT_CREDENTIAL_, followed by at most 63 capital letters,"
                            + " digits and underscores.");
        }
        return name;
    }

    static Path passwordFile(String field, String value, Roots roots) {
        Path path = present(field, value, roots);
        if (path.toFile().length() > LONGEST_PASSWORD_FILE) {
            throw new Failure.Invalid(field, path + " is too long for a password: at most 4096 bytes.");
        }
        return path;
    }
}
