package dev.nightshift.kernel;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What every request is held to by the same rule, whatever it asks for. */
public final class Asked {
    /** No time that is asked for lies beyond; the repository holds what is before. */
    private static final Instant END = Instant.parse("9999-12-31T00:00:00Z");

    private Asked() {}

    /**
     * What the request sent.
     *
     * @throws Failure.Invalid without a field if the request has no body, or {@code null} for one
     */
    public static <T> T body(@Nullable T body) {
        if (body == null) {
            throw new Failure.Invalid("The request has no body; send a JSON object.");
        }
        return body;
    }

    /**
     * A change may repeat a name, not change it.
     *
     * @throws Failure.Invalid if another one is asked for
     */
    public static void sameName(String field, @Nullable String asked, String is) {
        if (asked != null && !asked.equals(is)) {
            throw new Failure.Invalid(field, "The " + field + " \"" + is + "\" never changes.");
        }
    }

    /**
     * Who deletes something says its name once more. Look for it first: what is unknown needs no confirmation.
     *
     * @throws Failure.Invalid if the confirmation is missing or another name
     */
    public static void confirmed(@Nullable String confirm, String name) {
        if (!name.equals(confirm)) {
            throw new Failure.Invalid("confirm", "To delete it, add its name: ?confirm=" + name + ".");
        }
    }

    /**
     * A point in time; null if nothing was asked.
     *
     * @throws Failure.Invalid if it is none in ISO 8601 with a zone
     */
    public static @Nullable Instant time(String field, @Nullable String text) {
        try {
            Instant time = text == null || text.isBlank()
                    ? null
                    : OffsetDateTime.parse(text).toInstant();
            if (time == null || (!time.isBefore(Instant.EPOCH) && time.isBefore(END))) {
                return time;
            }
        } catch (DateTimeParseException e) {
            // Refused below, as a time is that the repository cannot hold
        }
        throw new Failure.Invalid(field, "A time such as 2026-11-21T02:15:00Z is expected.");
    }

    /**
     * A word of an enumeration, in small or capital letters; null if nothing was asked.
     *
     * @throws Failure.Invalid if it is none of them
     */
    public static <E extends Enum<E>> @Nullable E word(String field, @Nullable String text, Class<E> words) {
        if (text == null || text.isBlank()) {
            return null;
        }
        return Arrays.stream(words.getEnumConstants())
                .filter(word -> word.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new Failure.Invalid(
                        field,
                        "\"" + text + "\" is not a " + field + ": use "
                                + Arrays.stream(words.getEnumConstants())
                                        .map(Enum::name)
                                        .collect(Collectors.joining(", "))
                                + "."));
    }
}
