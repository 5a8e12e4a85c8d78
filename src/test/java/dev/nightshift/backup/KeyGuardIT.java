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
import dev.nightshift.vault.KeyChanges;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
    private KeyChanges changes;

    @Inject
    private ProjectKeyRing ring;

    @Inject
    private ProjectKeyRepository keys;

    @Inject
    private Transactions transactions;

    @Inject
    private BackupEntries entries;

    @Inject
    private WalRepository logs;

    @Inject
    private Clock clock;

    @Test
    void whatASlowNodeWrappedByADestroyedKeyIsRefused() {
        UnreachableServer server = UnreachableServer.register(registration, "slow-node");
        ProjectKeys old = keyring.of(server.project());
        changes.rotate(server.project(), key -> {});
        UUID inTime = Ids.next(clock);
        enter(server, manifest(server, old, inTime));
        changes.destroy(server.project(), old.keyId(), () -> {});
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
        assertThrows(Failure.Conflict.class, () -> changes.destroy(server.project(), primary, () -> {}));
        assertThrows(Failure.NotFound.class, () -> changes.destroy(server.project(), "00000000", () -> {}));
        assertEquals(List.of(primary), keyring.of(server.project()).ids());
    }

    /** Who holds the kit of before could open nothing if the repository were lost now. */
    @Test
    void noOlderKeyGoesBeforeThePrimaryOneIsHeldOutside() {
        UnreachableServer server = UnreachableServer.register(registration, "key-in-no-kit");
        String old = keyring.of(server.project()).keyId();
        keyring.exported(server.project(), List.of(old));
        assertEquals(Optional.empty(), keyring.onlyHere(server.project()));
        String primary = changes.rotate(server.project(), key -> {});
        Failure.Conflict refused = assertThrows(Failure.Conflict.class, () -> ring.destroy(server.project(), old));
        assertTrue(refused.getMessage().contains(primary + ", which wraps from now on, is in no"), refused::getMessage);
        assertEquals(Set.of(old), keyring.exported(server.project()).keySet());
        keyring.exported(server.project(), List.of(primary));
        assertEquals(Set.of(old, primary), keyring.exported(server.project()).keySet());
        assertEquals(Optional.empty(), keyring.onlyHere(server.project()));
    }

    /** It may have read the old key after the transaction began that made the new one. */
    @Test
    void aRunThatBeganSoonAfterTheRotationIsWaitedFor() {
        UnreachableServer server = rotated("key-at-work");
        String old = keyring.of(server.project()).ids().get(0);
        transactions.run(server.project(), connection -> {
            UUID run = Ids.next(clock);
            run(connection, server, run, "backup", "STARTED");
            Failure.Retryable refused =
                    assertThrows(Failure.Retryable.class, () -> ring.destroy(server.project(), old));
            assertTrue(refused.getMessage().contains("backup run " + run), refused::getMessage);
            change(connection, "update job.target set started_at = now() + interval '11 minutes' where id = ?", run);
            assertEquals(Optional.empty(), keys.working(connection, server.project(), clock.now()));
            change(connection, "update job.target set status = 'COMPLETED' where id = ?", run);

            UUID waiting = Ids.next(clock);
            run(connection, server, waiting, RewrapJob.NAME, "WAITING");
            assertEquals(
                    Optional.of(RewrapJob.NAME + " run " + waiting),
                    keys.working(connection, server.project(), clock.now()));
            change(connection, "update job.run set status = 'FAILED' where id = ?", waiting);
            assertEquals(Optional.empty(), keys.working(connection, server.project(), clock.now()));
            change(connection, "update job.target set status = 'FAILED' where id = ?", waiting);
            change(connection, "update job.run set status = 'FAILED' where id = ?", run);
        });
    }

    private UnreachableServer rotated(String name) {
        UnreachableServer server = UnreachableServer.register(registration, name);
        changes.rotate(server.project(), key -> {});
        keyring.exported(server.project(), keyring.of(server.project()).ids());
        return server;
    }

    private static void run(Connection connection, UnreachableServer server, UUID id, String job, String target)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into job.run (id, project_id, job, status, trigger, triggered_by)
                values (?, ?, ?, 'STARTED', 'PERSON', 'test')
                """)) {
            insert.setObject(1, id);
            insert.setObject(2, server.project().value());
            insert.setString(3, job);
            insert.executeUpdate();
        }
        try (var insert = connection.prepareStatement("""
                insert into job.target (id, project_id, run_id, instance_id, database_names, status, started_at)
                values (?, ?, ?, ?, '{}', ?, now())
                """)) {
            insert.setObject(1, id);
            insert.setObject(2, server.project().value());
            insert.setObject(3, id);
            insert.setObject(4, server.instance());
            insert.setString(5, target);
            insert.executeUpdate();
        }
    }

    private static void change(Connection connection, String update, UUID id) throws SQLException {
        try (var statement = connection.prepareStatement(update)) {
            statement.setObject(1, id);
            assertEquals(1, statement.executeUpdate());
        }
    }

    /** What is not mounted is an empty folder, and nobody knows what opens by which key. */
    @Test
    void aStoreThatLacksWhatTheCatalogueKeepsThereDoesNotCount() {
        UnreachableServer server = rotated("key-unmounted");
        ProjectKeys now = keyring.of(server.project());
        enter(server, manifest(server, now, Ids.next(clock)));
        Failure.Retryable refused = assertThrows(
                Failure.Retryable.class,
                () -> ring.destroy(server.project(), now.ids().get(0)));
        assertTrue(refused.getMessage().contains("store local"), refused::getMessage);
        assertTrue(refused.getMessage().contains("it lacks"), refused::getMessage);
        assertEquals(2, keyring.of(server.project()).ids().size());
    }

    /** No run over all databases comes to it. */
    @Test
    void aServerWithoutDatabasesIsNamed() {
        UnreachableServer server = UnreachableServer.register(registration, "key-no-database");
        ProjectKeys old = keyring.of(server.project());
        enter(server, manifest(server, old, Ids.next(clock)));
        changes.rotate(server.project(), key -> {});
        Failure.Conflict refused =
                assertThrows(Failure.Conflict.class, () -> ring.destroy(server.project(), old.keyId()));
        assertTrue(String.valueOf(refused.remedy()).contains("none: key-no-database."), refused::toString);
    }

    /** The repository was brought back from a copy that is older than the kit. */
    @Test
    void aNewerKitsPrimaryKeyWrapsAndADestroyedOneDoesNot() {
        UnreachableServer server = UnreachableServer.register(registration, "key-newer-kit");
        ProjectKeys old = keyring.of(server.project());
        ProjectKeys newer = old.rotated();
        assertEquals(List.of(newer.keyId()), changes.adopt(newer.export(), newer.keyId(), taken -> {}));
        assertEquals(newer.keyId(), keyring.of(server.project()).keyId());
        assertEquals(Optional.empty(), keyring.onlyHere(server.project()), "it came from a kit");

        changes.destroy(server.project(), old.keyId(), () -> {});
        assertEquals(List.of(old.keyId()), changes.adopt(old.export(), old.keyId(), taken -> {}));
        assertEquals(newer.keyId(), keyring.of(server.project()).keyId());
    }

    private void enter(UnreachableServer server, Manifest manifest) {
        var attempt = new BackupEntries.Attempt(
                manifest.backup(), server.project(), server.instance(), Ids.next(clock), List.of());
        transactions.run(server.project(), connection -> entries.insert(connection, attempt, "local", manifest));
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
