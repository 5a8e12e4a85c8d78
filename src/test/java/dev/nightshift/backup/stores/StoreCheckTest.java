package dev.nightshift.backup.stores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.remote.RemoteStore;
import dev.nightshift.backup.remote.StandInStore;
import dev.nightshift.testing.GoogleStandIn;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the check says of a bucket that locks, or does not say whether it does. */
class StoreCheckTest {
    private GoogleStandIn server;
    private RemoteStore store;

    @BeforeEach
    void open(@TempDir Path folder) {
        server = GoogleStandIn.start(folder);
        store = StandInStore.in(server);
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    private StoreCheck.Result checked(int lockDays, StoreCheck.Step step) {
        List<StoreCheck.Result> results = StoreCheck.run(() -> store, lockDays, measured -> {});
        return results.stream()
                .filter(result -> result.step() == step)
                .findFirst()
                .orElseThrow(() -> new AssertionError(results.toString()));
    }

    @Test
    void whoHasNoTimeForTheQuestionFailsWhereALockIsWantedAlone() {
        server.retention().busy(true);
        StoreCheck.Result plain = checked(0, StoreCheck.Step.LOCK);
        assertNull(plain.reason());
        assertTrue(String.valueOf(plain.found()).contains("HTTP 503"), plain::toString);
        assertNotNull(checked(30, StoreCheck.Step.LOCK).reason());
    }

    @Test
    void aRefusalForALockSaysNothingOfTheLogin() {
        server.retention().lockFor(30, true);
        StoreCheck.Result locked = checked(30, StoreCheck.Step.DELETE);
        assertNull(locked.reason());
        assertTrue(
                String.valueOf(locked.found()).contains("whether its login may delete it after that is not known"),
                locked::toString);
        server.retention().letDelete(false);
        String refused = checked(30, StoreCheck.Step.DELETE).reason();
        assertTrue(String.valueOf(refused).contains("storage.objects.delete"), refused);
        assertEquals(2, server.names("").size(), "both keep what they wrote");
    }
}
