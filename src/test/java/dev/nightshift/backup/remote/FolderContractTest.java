package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class FolderContractTest implements StoreContract {
    @TempDir
    private Path folder;

    private FolderStore store;

    @BeforeEach
    void open() {
        store = new FolderStore(folder);
    }

    @Override
    public Store store() {
        return store;
    }
}
