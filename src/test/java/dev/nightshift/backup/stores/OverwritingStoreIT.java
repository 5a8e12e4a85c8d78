package dev.nightshift.backup.stores;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.remote.RemoteAddress;
import dev.nightshift.backup.remote.RemoteStore;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.GoogleEmulator;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service that takes an object although it was asked not to where there is one, as Google's emulator does. */
@Tag("thorough")
class OverwritingStoreIT {
    @Test
    void theCheckSaysSoAndLeavesNothing(@TempDir Path folder) {
        try (GoogleEmulator server = GoogleEmulator.start(folder);
                RemoteStore store = RemoteStore.open(
                        "store offsite",
                        new RemoteAddress(
                                RemoteAddress.Provider.GCS, GoogleEmulator.BUCKET, server.endpoint(), null, "", ""),
                        () -> null,
                        null,
                        ForbiddenAddresses.STANDARD)) {
            List<StoreCheck.Result> results = StoreCheck.run(() -> store, 0, measured -> {});
            assertEquals(
                    List.of(StoreCheck.Step.OPEN, StoreCheck.Step.WRITE, StoreCheck.Step.ONCE),
                    results.stream().map(StoreCheck.Result::step).toList());
            assertEquals(
                    "It overwrites an object although it was asked not to.",
                    results.get(2).reason());
            assertEquals(List.of(), store.list(""));
        }
    }
}
