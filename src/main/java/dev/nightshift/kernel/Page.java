package dev.nightshift.kernel;

import java.util.List;
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
     * How many rows a page shall hold.
     *
     * @param limit as asked; null for the usual number
     * @throws Failure.Invalid if it is not from 1 to {@link #MAX}
     */
    public static int size(@Nullable Integer limit) {
        if (limit == null) {
            return USUAL;
        }
        if (limit < 1 || limit > MAX) {
            throw new Failure.Invalid("limit", "A page holds 1 to " + MAX + " rows, not " + limit + ".");
        }
        return limit;
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
