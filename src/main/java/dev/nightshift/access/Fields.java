package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import org.jspecify.annotations.Nullable;

/** Reads what a request must hold; JSON-B leaves null what it does not. */
final class Fields {
    private Fields() {}

    /** @throws Failure.Invalid if the field is missing or empty, or holds what no text may hold */
    static String text(String field, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new Failure.Invalid(field, "The field \"" + field + "\" is missing.");
        }
        if (value.indexOf('\0') >= 0) {
            throw new Failure.Invalid(field, "The field \"" + field + "\" holds a character of code 0.");
        }
        return value;
    }

    /** @throws Failure.Invalid if the field is missing, empty or longer than it may be */
    static String text(String field, @Nullable String value, int longest) {
        String text = text(field, value).strip();
        if (text.length() > longest) {
            throw new Failure.Invalid(field, "The field \"" + field + "\" holds at most " + longest + " characters.");
        }
        return text;
    }

    /** @throws Failure.Invalid if the field is missing */
    static <T> T value(String field, @Nullable T value) {
        if (value == null) {
            throw new Failure.Invalid(field, "The field \"" + field + "\" is missing.");
        }
        return value;
    }
}
