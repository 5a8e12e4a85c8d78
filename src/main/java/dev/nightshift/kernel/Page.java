package dev.nightshift.kernel;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list in key order.
 *
 * @param items at most as many as were asked for
 * @param next the key to pass as {@code after} for the following page; null on the last one
 */
public record Page<T>(List<T> items, @Nullable String next) {
    /** The most rows one page may hold. */
    public static final int MAX = 500;

    public Page {
        items = List.copyOf(items);
    }
}
