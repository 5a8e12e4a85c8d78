package dev.nightshift.sandbox;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Libraries that the server of a sandbox loads by itself, out of its own program's folder.
 *
 * @param shared at its start, in this order
 * @param session at the beginning of each session, in this order
 */
public record Preload(List<String> shared, List<String> session) {
    /** None: what a backup names is nothing to trust. */
    public static final Preload NONE = new Preload(List.of(), List.of());

    private static final Pattern LIBRARY = Pattern.compile("[A-Za-z0-9_-]{1,63}");

    public Preload {
        shared = List.copyOf(shared);
        session = List.copyOf(session);
        if (!Stream.concat(shared.stream(), session.stream())
                .allMatch(name -> LIBRARY.matcher(name).matches())) {
            throw new IllegalArgumentException(
                    "A library to preload is named without its path: " + shared + ", " + session);
        }
    }
}
