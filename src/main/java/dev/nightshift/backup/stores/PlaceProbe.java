package dev.nightshift.backup.stores;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;

/**
 * A small object in one store. Another store that has it is the same place under another name: by a link, a mount, or an address
 * that is spelt another way.
 */
public final class PlaceProbe implements AutoCloseable {
    private final Store store;
    private final String name = CheckObjects.name(Clock.system().now());

    private PlaceProbe(Store store) {
        this.store = store;
    }

    /**
     * Writes one.
     *
     * @throws Failure if the store cannot be written now, or never
     */
    public static PlaceProbe put(Store store) {
        PlaceProbe probe = new PlaceProbe(store);
        try (Store.Upload upload = store.create(probe.name)) {
            upload.write(new byte[] {1}, 0, 1);
            upload.commit();
        }
        return probe;
    }

    /**
     * Whether another store shows it.
     *
     * @throws Failure.Retryable if that cannot be read now
     */
    public boolean isIn(Store other) {
        if (other.size(name).isPresent()) {
            return true;
        }
        // Of what is gone from its own store nobody can say where else it is not
        if (store.size(name).isEmpty()) {
            throw new Failure.Retryable(
                    "The object " + name + " is gone from the " + store + ", though nobody should delete it now.",
                    "See that the clocks of Nightshift's machines agree, and try again.",
                    null);
        }
        return false;
    }

    @Override
    public void close() {
        try {
            store.delete(name);
        } catch (Failure e) {
            // A store that lets nothing be deleted keeps one byte, until the sweep may delete it
        }
    }
}
