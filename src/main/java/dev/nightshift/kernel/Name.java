package dev.nightshift.kernel;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A name that a person gives to a project, an instance or a database: lower-case letters, digits and hyphens, starting
 * with a letter, at most 63 characters. It never changes, because URLs and stored backups carry it.
 */
public record Name(String value) {
    private static final Pattern RULE = Pattern.compile("[a-z][a-z0-9-]{0,61}[a-z0-9]|[a-z]");

    /** @throws Failure.Invalid if the name breaks the rule; the message names the rule. */
    public Name {
        // JSON can put null where a name is expected, past every check of the compiler.
        if (Objects.isNull(value)) {
            throw new Failure.Invalid("name", "A name is missing: null is none.");
        }
        if (!RULE.matcher(value).matches()) {
            throw new Failure.Invalid(
                    "name",
                    "\"" + (value.length() > 80 ? value.substring(0, 80) + "…" : value)
                            + "\" is not a name: use lower-case letters, digits and hyphens, start with a letter, end with"
                            + " a letter or digit, at most 63 characters.");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
