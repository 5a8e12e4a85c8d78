package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.StoredScene;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.GoogleEmulator;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Google's own emulator knows of Google Cloud Storage: objects that go in one request each. The rest of the contract is held
 * by a stand-in, see {@link GoogleStoreIT}.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoogleEmulatorIT {
    private static final String PREFIX = "nightshift/prod";

    private GoogleEmulator server;
    private RemoteStore store;
    private final StoreContract contract = () -> store;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = GoogleEmulator.start(folder);
        var address = new RemoteAddress(
                RemoteAddress.Provider.GCS, GoogleEmulator.BUCKET, server.endpoint(), null, PREFIX, "");
        store = RemoteStore.open("store offsite", address, () -> null, null, ForbiddenAddresses.STANDARD);
    }

    @AfterAll
    void close() {
        if (server != null) {
            server.close();
            store.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 70_000, RemoteStore.ONE_REQUEST})
    void anObjectComesBackAsItWasWrittenAndLiesThereAsGoogleNamesIt(int bytes) throws Exception {
        String name = "content/objects/of-" + bytes + "/x";
        byte[] content = StoreContract.content(bytes, bytes);
        StoreContract.put(store, name, content);
        assertEquals(OptionalLong.of(bytes), store.size(name));
        assertArrayEquals(content, StoreContract.get(store, name));
        byte[] hash = MessageDigest.getInstance("MD5").digest(content);
        assertEquals(Base64.getEncoder().encodeToString(hash), server.md5(PREFIX + "/" + name));
    }

    @Test
    void otherBytesTakeThePlaceOfAnObjectAndOfNothing() throws IOException {
        contract.otherBytesTakeThePlaceOfAnObjectAndOfNothing(100);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1000, RemoteStore.ONE_REQUEST})
    void whatIsNotCommittedIsNotThere(int bytes) {
        contract.whatIsNotCommittedIsNotThere(bytes);
    }

    @Test
    void listsAreCompleteAndSorted() throws Exception {
        StoreContract.manyAreListed(store);
    }

    @Test
    void foldersAreThoseThatHoldSomethingAtTheirDepth() {
        StoreContract.foldersAreFound(store);
    }

    /** Should it learn one of these, the whole contract is for it as well. */
    @Test
    void whatItDoesNotKnowFailsInItsWordsAndChangesNothing() {
        byte[] large = StoreContract.content(RemoteStore.ONE_REQUEST + 1, 1);
        Failure inParts = assertThrows(Failure.Retryable.class, () -> StoreContract.put(store, "unknown/large", large));
        assertEquals("The store offsite cannot be used: Not Implemented (write unknown/large).", inParts.getMessage());
        assertEquals(OptionalLong.empty(), store.size("unknown/large"));

        StoreContract.put(store, "unknown/a", new byte[1]);
        StoreContract.put(store, "unknown/b", new byte[2]);
        Failure atOnce = assertThrows(Failure.Retryable.class, () -> store.deleteFolder("unknown"));
        assertEquals("The store offsite cannot be used: Not Implemented (delete unknown).", atOnce.getMessage());
        assertEquals(List.of(new Store.Entry("unknown/a", 1), new Store.Entry("unknown/b", 2)), store.list("unknown/"));
    }

    /** A small one, of which each object goes in one request. */
    @Test
    void aChainIsTakenVerifiedAndRestored(@TempDir Path folder) throws Exception {
        try (Postgres source = Postgres.start(18, Map.of("summarize_wal", "on", "max_wal_senders", "6"))) {
            source.execute(
                    "postgres", "create table t as select id, md5(id::text) note from generate_series(1, 30000) id");
            StoredScene scene = new StoredScene(store, source);
            Manifest full = scene.full();
            source.execute("postgres", "update t set note = 'changed' where id % 100 = 0");
            Manifest changed = scene.incremental(full);
            for (Manifest each : List.of(full, changed)) {
                for (StoredObject object : each.objects()) {
                    String name = each.folder() + "/" + object.name();
                    assertTrue(object.bytes() <= RemoteStore.ONE_REQUEST, name);
                    assertEquals(OptionalLong.of(object.bytes()), store.size(name), name);
                }
                Verification verified = BackupReader.open(store, each.folder(), scene.keys())
                        .verify(ProofLevel.READABLE, BackupProgress.NONE);
                assertNull(verified.damage());
                assertEquals(ProofLevel.READABLE, verified.reached());
            }

            Path data = folder.resolve("restored");
            scene.restore(changed, scene.keys(), data);
            try (RestoredServer restored = RestoredServer.start(source.cluster().binaries(), data);
                    Connection before = source.connect("postgres");
                    Connection after = restored.connect("postgres", source.password())) {
                assertEquals(rows(before), rows(after));
            }
        }
    }

    private static String rows(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "select count(*) || ' ' || sum(hash_record_extended(row(r.*), 0)) from t r")) {
            row.next();
            return row.getString(1);
        }
    }
}
