package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How an instance's password is found; the text forms hide it. */
public sealed interface Secret {
    /** The server asks for none. */
    record None() implements Secret {}

    /** The password itself, stored sealed. */
    record Text(String password) implements Secret {
        public Text {
            Checks.length("password", password, 1, 1000);
        }

        @Override
        public String toString() {
            return "Text[hidden]";
        }
    }

    /** A file on the server, read at each connect, so that a rotated password is seen. */
    record File(Path path) implements Secret {}

    /**
     * What a request says about the password.
     *
     * @param password null if left out, empty for none
     * @param file null if left out, empty for none
     * @return null if it says nothing
     */
    static @Nullable Secret asked(@Nullable String password, @Nullable String file) {
        Path path = Checks.passwordFile(file);
        if (path != null && password != null && !password.isEmpty()) {
            throw new Failure.Invalid("passwordFile", "Give a password or a password file, not both.");
        }
        if (path != null) {
            return new File(path);
        }
        if (password != null && !password.isEmpty()) {
            return new Text(password);
        }
        return password == null && file == null ? null : new None();
    }

    /** Reads the file's first line at each call. */
    static Supplier<String> reading(Path file) {
        return () -> {
            try (var lines = Files.lines(file)) {
                return lines.findFirst()
                        .filter(line -> !line.isEmpty())
                        .orElseThrow(() -> unreadable(file, "is empty", null));
            } catch (IOException | java.io.UncheckedIOException e) {
                throw unreadable(file, "cannot be read", e);
            }
        };
    }

    private static Failure.Skippable unreadable(Path file, String why, @Nullable Exception e) {
        return new Failure.Skippable(
                "The password file " + file + " " + why + ".",
                "Put the password on its first line and let Nightshift's user read it.",
                e);
    }
}
