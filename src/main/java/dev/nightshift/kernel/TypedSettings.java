package dev.nightshift.kernel;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Settings by their names in lower case with dots, read with their types. Environment variables have the same names in
 * upper case with underscores: {@code NIGHTSHIFT_RUN_LOSSES} is {@code nightshift.run.losses}.
 */
public final class TypedSettings {
    /** Nothing is set: every setting has its default. */
    public static final TypedSettings NONE = new TypedSettings(name -> Optional.empty());

    private static final int MOST = 1000;
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,63}");

    private final Function<String, Optional<String>> source;

    public TypedSettings(Function<String, Optional<String>> source) {
        this.source = source;
    }

    /** What a process started with these variables will read; an empty one counts as not set. */
    public static TypedSettings of(Map<String, String> environment) {
        return new TypedSettings(
                name -> Optional.ofNullable(environment.get(variable(name))).filter(value -> !value.isBlank()));
    }

    /** The environment variable for a setting. */
    public static String variable(String name) {
        return name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** Without white space around it. */
    public Optional<String> text(String name) {
        return source.apply(name).map(String::strip).filter(text -> !text.isEmpty());
    }

    /**
     * A whole number from 1 to 1000.
     *
     * @throws IllegalArgumentException if it is something else; the message begins with the setting's name
     */
    public int count(String name, int usual) {
        return count(name, usual, MOST);
    }

    /** As {@link #count(String, int)}, up to another number. */
    public int count(String name, int usual, int most) {
        return count(name, usual, 1, most);
    }

    /** As {@link #count(String, int)}, between two other numbers. */
    public int count(String name, int usual, int least, int most) {
        String text = source.apply(name).orElse(Integer.toString(usual)).strip();
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(notACount(name, text, least, most), e);
        }
        throw new IllegalArgumentException(notACount(name, text, least, most));
    }

    private static String notACount(String name, String text, int least, int most) {
        return name + " is not a whole number from " + least + " to " + most + ": " + text;
    }

    /**
     * Names of letters, digits, underscores and hyphens, apart by commas; none where it is not set.
     *
     * @throws IllegalArgumentException if it is something else; the message begins with the setting's name
     */
    public Set<String> names(String name) {
        String list = text(name).orElse("");
        if (list.isEmpty()) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        for (String part : list.split(",", -1)) {
            if (!NAME.matcher(part.strip()).matches()) {
                throw new IllegalArgumentException(
                        name + " is not a list of names (letters, digits, _ and -) apart by commas: " + list);
            }
            names.add(part.strip());
        }
        return Set.copyOf(names);
    }

    /**
     * A duration in ISO 8601, up to a day.
     *
     * @throws IllegalArgumentException if it is something else; the message begins with the setting's name
     */
    public Duration duration(String name, Duration usual, Duration least) {
        String text = source.apply(name).orElse(usual.toString()).strip();
        try {
            Duration value = Duration.parse(text);
            if (value.compareTo(least) >= 0 && value.compareTo(LONGEST) <= 0) {
                return value;
            }
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(notADuration(name, least, text), e);
        }
        throw new IllegalArgumentException(notADuration(name, least, text));
    }

    private static String notADuration(String name, Duration least, String text) {
        return name + " is not a duration in ISO 8601 from " + least + " to " + LONGEST + ": " + text;
    }
}
