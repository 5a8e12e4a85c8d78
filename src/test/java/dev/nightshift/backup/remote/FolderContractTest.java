package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FolderContractTest implements StoreContract {
    private final FolderStore store;

    FolderContractTest(@TempDir Path folder) {
        this.store = new FolderStore(folder);
    }

    @Override
    public Store store() {
        return store;
    }
}
