package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Roots;
import dev.nightshift.postgres.Boundary;
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

    /** A variable of the server's environment; of all that are there, only those named for it. */
    record Variable(String name) implements Secret {
        public Variable {
            Checks.variable("passwordVariable", name);
        }
    }

    /**
     * What a request says about the password.
     *
     * @param password null if left out, empty for none
     * @param file null if left out, empty for none
     * @param variable null if left out, empty for none
     * @param roots below which the file must lie
     * @return null if it says nothing
     */
    static @Nullable Secret asked(
            @Nullable String password, @Nullable String file, @Nullable String variable, Roots roots) {
        boolean typed = password != null && !password.isEmpty();
        boolean read = file != null && !file.isEmpty();
        if (typed && variable != null && !variable.isEmpty()) {
            throw new Failure.Invalid("passwordVariable", "Give a password, a password file or a variable.");
        }
        if (typed && read) {
            throw new Failure.Invalid("passwordFile", "Give a password or a password file, not both.");
        }
        Secret referred = referred("password", file, variable, roots);
        if (password != null && !password.isEmpty()) {
            return new Text(password);
        }
        return referred == null && password != null ? new None() : referred;
    }

    /**
     * The same for what is never typed.
     *
     * @param field what the request's fields begin with: {@code "secret"} for {@code secretFile} and {@code secretVariable}
     */
    static @Nullable Secret referred(String field, @Nullable String file, @Nullable String variable, Roots roots) {
        if (variable != null && !variable.isEmpty()) {
            String inField = field + "Variable";
            if (file != null && !file.isEmpty()) {
                throw new Failure.Invalid(inField, "Give a file or a variable, not both.");
            }
            Checks.variable(inField, variable);
            if (System.getenv(variable) == null) {
                throw new Failure.Invalid(inField, variable + " is not set in the environment of this Nightshift.");
            }
            return new Variable(variable);
        }
        if (file != null && !file.isEmpty()) {
            return new File(Checks.passwordFile(field + "File", file, roots));
        }
        return file == null && variable == null ? null : new None();
    }

    /** Reads the file's first line at each call, if it still may. */
    static Supplier<String> reading(Path file, Boundary boundary) {
        return () -> {
            boundary.allowed("password file", file);
            try (var lines = Files.lines(file)) {
                return lines.findFirst()
                        .filter(line -> !line.isEmpty())
                        .orElseThrow(() -> unreadable(file, "is empty", null));
            } catch (IOException | java.io.UncheckedIOException e) {
                throw unreadable(file, "cannot be read", e);
            }
        };
    }

    /** Reads all of the file at each call, if it still may. */
    static Supplier<String> readingAll(Path file, Boundary boundary) {
        return () -> {
            boundary.allowed("key file", file);
            try {
                String text = Files.readString(file).strip();
                if (text.isEmpty()) {
                    throw unreadable(file, "is empty", null);
                }
                return text;
            } catch (IOException e) {
                throw unreadable(file, "cannot be read", e);
            }
        };
    }

    /** The variable's value, at each call. */
    static Supplier<String> reading(Variable variable) {
        return () -> {
            String value = System.getenv(variable.name());
            if (value == null || value.isEmpty()) {
                throw new Failure.Skippable(
                        "The variable " + variable.name() + " is not set on this node.",
                        "Set it in the environment that Nightshift is started with, on every node, and start it again.",
                        null);
            }
            return value;
        };
    }

    private static Failure.Skippable unreadable(Path file, String why, @Nullable Exception e) {
        return new Failure.Skippable(
                "The password file " + file + " " + why + ".",
                "Put the password on its first line and let Nightshift's user read it.",
                e);
    }
}
