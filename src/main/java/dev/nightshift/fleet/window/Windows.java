package dev.nightshift.fleet.window;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The windows of a project, and what they say of some of its databases. A database without a window is always open. */
public record Windows(List<MaintenanceWindow> windows) {
    private static final Duration FAR = Duration.ofDays(14);

    public Windows {
        windows = List.copyOf(windows);
    }

    /** A database by its name, with its tags. */
    public record Tagged(String name, List<String> tags) {}

    /** When all of the databases are open at once, and until when. */
    public sealed interface State {
        /**
         * All are open.
         *
         * @param closes when the first of them closes; empty for never
         */
        record Open(Optional<Instant> closes) implements State {}

        /**
         * At least one is closed.
         *
         * @param window the one that opens next of those that are waited for
         */
        record Closed(MaintenanceWindow window, Instant opens) implements State {}
    }

    /** What holds for work on all of some databases at once. */
    public State of(List<Tagged> databases, Instant now) {
        List<Instant> closes = new ArrayList<>();
        List<State.Closed> closed = new ArrayList<>();
        for (Tagged database : databases) {
            List<MaintenanceWindow> its = windows.stream()
                    .filter(window -> window.covers(database.name(), database.tags()))
                    .toList();
            if (its.isEmpty()) {
                continue;
            }
            closes(its, now).ifPresentOrElse(closes::add, () -> closed.add(next(its, now)));
        }
        // Of several that are closed, work begins when the last of them opens; it is looked at again then
        return closed.stream()
                .max(Comparator.comparing(State.Closed::opens))
                .<State>map(last -> last)
                .orElseGet(() -> new State.Open(closes.stream().min(Comparator.naturalOrder())));
    }

    private static State.Closed next(List<MaintenanceWindow> windows, Instant now) {
        return windows.stream()
                .map(window -> new State.Closed(window, window.opensAfter(now)))
                .min(Comparator.comparing(State.Closed::opens))
                .orElseThrow();
    }

    /** Windows that meet are one; beyond two weeks it matters to nobody. */
    private static Optional<Instant> closes(List<MaintenanceWindow> windows, Instant now) {
        Optional<Instant> closes = latest(windows, now);
        Instant far = now.plus(FAR);
        while (closes.isPresent() && closes.get().isBefore(far)) {
            Optional<Instant> later = latest(windows, closes.get());
            if (later.isEmpty()) {
                return closes;
            }
            closes = later;
        }
        return closes;
    }

    private static Optional<Instant> latest(List<MaintenanceWindow> windows, Instant time) {
        return windows.stream()
                .flatMap(window -> window.around(time).stream())
                .map(MaintenanceWindow.Stretch::closes)
                .max(Comparator.naturalOrder());
    }
}
