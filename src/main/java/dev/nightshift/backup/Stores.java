package dev.nightshift.backup;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import org.eclipse.microprofile.config.Config;

/** The stores of this installation; for now one folder, called {@code local}. */
@ApplicationScoped
class Stores {
    /** The name that the catalogue keeps for the folder store. */
    static final String LOCAL = "local";

    @Inject
    private Config config;

    /** NIGHTSHIFT_STORE, else the folder {@code store} in NIGHTSHIFT_DATA. */
    Store local() {
        return new FolderStore("store " + LOCAL, folder());
    }

    Path folder() {
        return config.getOptionalValue("nightshift.store", Path.class).orElseGet(() -> data().resolve("store"));
    }

    private Path data() {
        return config.getOptionalValue("nightshift.data", Path.class).orElse(Path.of(".nightshift"));
    }
}
