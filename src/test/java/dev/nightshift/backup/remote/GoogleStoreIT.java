package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.testing.GoogleStandIn;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A bucket of Google Cloud Storage, as far as a stand-in for it goes. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoogleStoreIT implements StoreContract {
    private GoogleStandIn server;
    private RemoteStore store;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = GoogleStandIn.start(folder);
        store = StandInStore.in(server);
    }

    @AfterAll
    void close() {
        store.close();
        server.close();
    }

    @Override
    public Store store() {
        return store;
    }
}
