package dev.nightshift.postgres;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What testing a connection found, one entry per thing looked at. Holds no secret, and serializes to JSON as it is.
 *
 * @param endpoint {@code user@host:port/database}
 * @param ok that nothing failed: Nightshift can log in to a server it supports; warnings name work that cannot be done
 * @param serverVersion as the server writes it ({@code 18.4}); null if it was not reached
 * @param systemIdentifier of the instance, the same on its standbys and copies; null if not readable
 * @param inRecovery whether it is a standby; null if it was not reached
 * @param databaseBytes size of this database; null if not measured
 * @param instanceBytes size of all its databases; null if not measured
 */
public record CheckReport(
        Instant at,
        String endpoint,
        boolean ok,
        @Nullable String serverVersion,
        @Nullable String systemIdentifier,
        @Nullable Boolean inRecovery,
        @Nullable Long databaseBytes,
        @Nullable Long instanceBytes,
        List<Item> items) {

    public CheckReport {
        items = List.copyOf(items);
    }

    /** How one thing stands. */
    public enum State {
        /** As it should be. */
        OK,
        /** Some kind of work is not possible or not safe like this. */
        WARNING,
        /** Nothing is possible like this. */
        FAILED,
        /** Not looked at, because something before it failed or a privilege is missing. */
        NOT_MEASURED
    }

    /**
     * One thing looked at.
     *
     * @param item its name for programs: {@code walLevel}, {@code privilege.pg_monitor}
     * @param label its name for people
     * @param found in words
     * @param remedy what to do, as a statement for the server's superuser where there is one; null where nothing is to do
     */
    public record Item(
            String item,
            String label,
            State state,
            String found,
            @Nullable String remedy) {
        static Item ok(String item, String label, String found) {
            return new Item(item, label, State.OK, found, null);
        }

        static Item warning(String item, String label, String found, @Nullable String remedy) {
            return new Item(item, label, State.WARNING, found, remedy);
        }

        static Item failed(String item, String label, String found, @Nullable String remedy) {
            return new Item(item, label, State.FAILED, found, remedy);
        }

        static Item notMeasured(String item, String label, String why) {
            return new Item(item, label, State.NOT_MEASURED, why, null);
        }
    }

    /** The entry of this name. */
    public Optional<Item> item(String name) {
        return items.stream().filter(item -> item.item().equals(name)).findFirst();
    }
}
