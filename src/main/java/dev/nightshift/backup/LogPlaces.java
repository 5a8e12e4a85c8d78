package dev.nightshift.backup;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.PlaceProbe;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;

/** Whether what the catalogue calls a copy of a log lies anywhere else than the log itself. */
@ApplicationScoped
class LogPlaces {
    @Inject
    private Stores stores;

    /**
     * Two stores may show one place by two names. What is in doubt counts as one.
     *
     * @param store that a copy is in, or is to be
     * @throws Failure.NotFound if the log itself is not in its store
     * @throws Failure.Fatal if both are one place
     * @throws Failure.Retryable if one of the two cannot be used now
     */
    void requireApart(String store, WalRepository.Archive archive) {
        Store own = stores.of(archive.store());
        Store other = stores.of(store);
        requireMounted(own);
        requireMounted(other);
        try (PlaceProbe probe = PlaceProbe.put(other)) {
            if (probe.isIn(own)) {
                throw new Failure.Fatal(
                        "The store " + store + " is the same place as the store " + archive.store()
                                + ", which the log itself is archived in.",
                        "Delete the definition of one of the two.",
                        null);
            }
        }
        // Only what shows the log at this very moment is known not to be the other's place, unmounted for now
        String description = archive.location() + "/" + WalFolder.NAME;
        if (own.size(description).isEmpty()) {
            throw new Failure.NotFound("The store " + archive.store() + " does not show " + description + ".");
        }
    }

    private static void requireMounted(Store store) {
        if (store instanceof FolderStore folder && folder.looksUnmounted()) {
            throw CopyToStore.unmounted(store);
        }
    }
}
