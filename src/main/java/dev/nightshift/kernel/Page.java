package dev.nightshift.kernel;

import java.util.List;
import java.util.UUID;
import java.util.function.Function;
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

    /** The rows of a page when nobody says how many. */
    public static final int USUAL = 50;

    public Page {
        items = List.copyOf(items);
    }

    /**
     * How many rows a page shall hold. Read as text, like all that stands behind a question mark: the runtime answers 404 to
     * what it cannot convert itself.
     *
     * @param limit as asked; null for the usual number
     * @throws Failure.Invalid if it is not from 1 to {@link #MAX}
     */
    public static int size(@Nullable String limit) {
        return size(limit, USUAL);
    }

    /** As {@link #size(String)}, with another usual number. */
    public static int size(@Nullable String limit, int usual) {
        if (limit == null || limit.isBlank()) {
            return usual;
        }
        long size = number(limit);
        if (size < 1 || size > MAX) {
            throw new Failure.Invalid("limit", "A page holds 1 to " + MAX + " rows, not " + limit + ".");
        }
        return (int) size;
    }

    /**
     * The row after which a page begins, where rows go by their ids; null for the first page.
     *
     * @throws Failure.Invalid if it is no id
     */
    public static @Nullable UUID after(@Nullable String after) {
        try {
            return after == null || after.isBlank() ? null : UUID.fromString(after);
        } catch (IllegalArgumentException e) {
            throw notTheNext();
        }
    }

    /**
     * The row after which a page begins, where rows are numbered from 1; 0 for the first page.
     *
     * @throws Failure.Invalid if it is no number
     */
    public static long afterNumber(@Nullable String after) {
        if (after == null || after.isBlank()) {
            return 0;
        }
        long number = number(after);
        if (number < 0) {
            throw notTheNext();
        }
        return number;
    }

    /** -1 for what is no number, or too long for one. */
    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** What is answered to an {@code after} that no page gave. */
    public static Failure.Invalid notTheNext() {
        return new Failure.Invalid("after", "\"after\" is the \"next\" of the page before.");
    }

    /**
     * Makes a page of rows that were read with a limit of one more than it holds: the one more tells that others follow.
     *
     * @param key of a row, in the order in which the rows were read
     */
    public static <T> Page<T> of(List<T> rows, int size, Function<? super T, String> key) {
        return rows.size() <= size
                ? new Page<>(rows, null)
                : new Page<>(rows.subList(0, size), key.apply(rows.get(size - 1)));
    }

    /** The same page with each row made into something else. */
    public <R> Page<R> map(Function<? super T, ? extends R> each) {
        return new Page<>(items.stream().<R>map(each).toList(), next);
    }
}
