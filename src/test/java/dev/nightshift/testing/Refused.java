package dev.nightshift.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import org.junit.jupiter.api.function.Executable;

/** What is refused as {@link Failure.Invalid}. */
public final class Refused {
    private Refused() {}

    /** The field by which it is refused; an AssertionError if it is not refused. */
    public static String refusedField(Executable asked) {
        return String.valueOf(assertThrows(Failure.Invalid.class, asked).field());
    }
}
