package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** Nothing is entered that opens by a key which is gone, however slow the node was that wrapped it. */
@ArquillianTest
class KeyGuardIT {
    @Inject
    private Registration registration;

    @Inject
    private Keyring keyring;

    @Inject
    private Transactions transactions;

    @Inject
    private BackupRepository backups;

    @Inject
    private WalRepository logs;

    @Inject
    private Clock clock;

    @Test
    void whatASlowNodeWrappedByADestroyedKeyIsRefused() {
        UnreachableServer server = UnreachableServer.register(registration, "slow-node");
        ProjectKeys old = keyring.of(server.project());
        keyring.rotate(server.project());
        UUID inTime = Ids.next(clock);
        enter(server, manifest(server, old, inTime));
        keyring.destroy(server.project(), old.keyId());
        assertEquals(1, keyring.of(server.project()).ids().size());

        Manifest late = manifest(server, old, Ids.next(clock));
        Failure.Fatal refused = assertThrows(Failure.Fatal.class, () -> enter(server, late));
        assertTrue(refused.getMessage().contains("its key " + old.keyId() + " was destroyed"), refused::getMessage);
        var archive = new WalRepository.Archive(Ids.next(clock), "1", 1 << 24, "local", "nowhere", null);
        assertThrows(
                Failure.Retryable.class,
                () -> transactions.run(
                        server.project(),
                        connection ->
                                logs.begin(connection, server.project(), server.instance(), archive, old.keyId())));
        enter(server, manifest(server, keyring.of(server.project()), Ids.next(clock)));
    }

    @Test
    void theKeyThatWrapsAndOneThatIsNotThereAreNotDestroyed() {
        UnreachableServer server = UnreachableServer.register(registration, "key-kept");
        String primary = keyring.of(server.project()).keyId();
        assertThrows(Failure.Conflict.class, () -> keyring.destroy(server.project(), primary));
        assertThrows(Failure.NotFound.class, () -> keyring.destroy(server.project(), "00000000"));
        assertEquals(List.of(primary), keyring.of(server.project()).ids());
    }

    private void enter(UnreachableServer server, Manifest manifest) {
        var attempt = new BackupRepository.Attempt(
                manifest.backup(), server.project(), server.instance(), Ids.next(clock), List.of());
        transactions.run(server.project(), connection -> backups.insert(connection, attempt, "local", manifest));
    }

    private Manifest manifest(UnreachableServer server, ProjectKeys keys, UUID id) {
        Lsn at = Lsn.parse("0/1");
        return new Manifest(
                Manifest.FULL_VERSION,
                server.project(),
                "project",
                "slow",
                id,
                Manifest.Lineage.FULL,
                clock.now(),
                clock.now(),
                new Manifest.Source("1", 1, "18.4", 18, 1 << 24),
                new Manifest.Position(at, at, at, null, null, at),
                new Manifest.Checksums(true, false, List.of()),
                List.of(),
                new Manifest.Figures(1, 1, Duration.ZERO, Duration.ZERO, Duration.ZERO),
                keys.wrap(keys.newDataKey(), id),
                List.of());
    }
}
