package dev.nightshift.kernel;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The name of an SQL object, and the only way a name gets into a statement: quoted, as in the manual's section 4.1.1. */
public record Identifier(String name) {
    public Identifier {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("An SQL identifier is neither empty nor holds a zero character.");
        }
    }

    /** {@code "name"}, with every double quote in it doubled. */
    public String quoted() {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** Several quoted parts joined by dots: {@code "schema"."table"}. */
    public static String qualified(String... parts) {
        return Arrays.stream(parts).map(part -> new Identifier(part).quoted()).collect(Collectors.joining("."));
    }

    @Override
    public String toString() {
        return quoted();
    }
}
