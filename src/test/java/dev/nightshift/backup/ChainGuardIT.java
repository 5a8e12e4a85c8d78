package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.UnreachableServer;
import dev.nightshift.vault.WrappedKey;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What a kept backup needs stays in the catalogue, whoever deletes. */
@Tag("thorough")
@ArquillianTest
class ChainGuardIT {
    @Inject
    private Registration registration;

    @Inject
    private Transactions transactions;

    @Inject
    private Backups backups;

    @Inject
    private BackupEntries entries;

    @Inject
    private Clock clock;

    @Resource(lookup = "java:comp/DefaultManagedExecutorService")
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    @Test
    void aParentOfAKeptBackupIsNotDeletedAndAWholeChainIs() {
        UnreachableServer server = UnreachableServer.register(registration, "chained");
        UUID full = backup(server, "FULL", null);
        UUID first = backup(server, "INCREMENTAL", full);
        UUID second = backup(server, "INCREMENTAL", first);
        assertEquals(
                List.of(full, first, second),
                backups.get(server.project(), second).chain());
        assertEquals(3, backups.get(server.project(), full).chainSize());

        refused(server, first + " cannot be deleted: backup " + second + " needs it", first);
        refused(server, full + " cannot be deleted: backup " + first + " needs it", full, second);
        delete(server, second);
        assertEquals(2, backups.get(server.project(), full).chainSize());
        refused(server, full + " cannot be deleted: backup " + first + " needs it", full);
        delete(server, full, first);
        assertEquals(0, bases(server));
    }

    @Test
    void aBackupThatNeedsADeletedOneOrAnotherServersIsNotEntered() {
        UnreachableServer server = UnreachableServer.register(registration, "orphaned");
        UnreachableServer other = UnreachableServer.register(registration, "orphaned-other");
        UUID full = backup(server, "FULL", null);
        String entered = told(() -> backup(other, "INCREMENTAL", full));
        assertTrue(entered.contains("which is not kept"), entered);
        UUID changes = backup(server, "INCREMENTAL", full);
        String differential = told(() -> backup(server, "DIFFERENTIAL", changes));
        assertTrue(differential.contains("backup_chain_check"), differential);
        delete(server, full, changes);
        String deleted = told(() -> backup(server, "DIFFERENTIAL", full));
        assertTrue(deleted.contains("needs backup " + full + ", which is not kept"), deleted);
    }

    @Test
    void whatIsBuiltOnADamagedOrFailedBackupIsNoBase() {
        UnreachableServer server = UnreachableServer.register(registration, "bases");
        UUID full = backup(server, "FULL", null);
        UUID first = backup(server, "INCREMENTAL", full);
        assertEquals(List.of(first, full), baseIds(server, false));
        assertEquals(List.of(full), baseIds(server, true));
        prove(server, first, "FAILED", 1);
        assertEquals(List.of(), baseIds(server, false), "it may be the full one that is damaged");
        prove(server, first, "NOT_POSSIBLE", 0);
        assertEquals(List.of(), baseIds(server, false));
        prove(server, full, "PASSED", 0);
        assertEquals(List.of(), baseIds(server, false), "a glance does not say that what failed is right");
        prove(server, full, "PASSED", 2);
        assertEquals(List.of(full), baseIds(server, false));
        prove(server, first, "PASSED", 2);
        assertEquals(List.of(first, full), baseIds(server, false));
        UUID second = backup(server, "INCREMENTAL", first);
        UUID beside = backup(server, "DIFFERENTIAL", full);
        assertEquals(List.of(beside, second, first, full), baseIds(server, false));
        prove(server, second, "FAILED", 0);
        assertEquals(List.of(), baseIds(server, false));
        prove(server, second, "PASSED", 4);
        assertEquals(List.of(beside, second, first, full), baseIds(server, false));
        prove(server, full, "FAILED", 2);
        assertEquals(List.of(), baseIds(server, false));
        UUID fresh = backup(server, "FULL", null);
        assertEquals(List.of(fresh), baseIds(server, false));
    }

    @Test
    void whyABackupIsNoBaseIsSaid() {
        UnreachableServer server = UnreachableServer.register(registration, "against");
        UUID full = backup(server, "FULL", null);
        UUID first = backup(server, "INCREMENTAL", full);
        assertEquals(Optional.empty(), backups.against(server.project(), first));
        prove(server, first, "FAILED", 0);
        assertEquals(
                Optional.of("the proof of backup " + first + ", which needs backup " + full + ", failed"),
                backups.against(server.project(), full));
        prove(server, full, "FAILED", 0);
        assertEquals(Optional.of("the proof of backup " + full + " failed"), backups.against(server.project(), full));
    }

    @Test
    void aStoredBackupWhoseParentIsGoneIsNotEnteredAndSaysWhatToDo() {
        UnreachableServer server = UnreachableServer.register(registration, "gone");
        UUID full = backup(server, "FULL", null);
        delete(server, full);
        Manifest manifest = incremental(server, full);
        var attempt = new BackupEntries.Attempt(
                manifest.backup(), server.project(), server.instance(), Ids.next(clock), List.of());
        Failure.Fatal refused = assertThrows(
                Failure.Fatal.class,
                () -> transactions.run(
                        server.project(), connection -> entries.insert(connection, attempt, "local", manifest)));
        assertTrue(
                refused.getMessage().contains("backup " + full + ", which it needs, was deleted"), refused::getMessage);
        assertTrue(String.valueOf(refused.remedy()).contains("Take a full backup"), refused::remedy);
    }

    @Test
    void aParentIsNotDeletedWhileItsChildIsEntered() throws Exception {
        race(true);
    }

    @Test
    void aChildIsNotEnteredWhileItsParentIsDeleted() throws Exception {
        race(false);
    }

    /** Whoever comes second waits for the first, and is refused when that has committed. */
    private void race(boolean childFirst) throws Exception {
        UnreachableServer server = UnreachableServer.register(registration, "racing-" + childFirst);
        UUID full = backup(server, "FULL", null);
        UUID child = Ids.next(clock);
        String enter = entry(server, child, "INCREMENTAL", full);
        String delete = deletion(full);
        CompletableFuture<String> second = transactions.in(server.project(), connection -> {
            execute(connection, childFirst ? enter : delete);
            CompletableFuture<String> other = executor.supplyAsync(() -> told(() ->
                    transactions.run(server.project(), waiting -> execute(waiting, childFirst ? delete : enter))));
            Eventually.isTrue("the second waits for the first", Duration.ofSeconds(20), () -> isWaitedFor(connection));
            assertFalse(other.isDone());
            return other;
        });
        String refused = second.get(20, TimeUnit.SECONDS);
        assertTrue(
                refused.contains(
                        childFirst
                                ? full + " cannot be deleted: backup " + child + " needs it"
                                : child + " needs backup " + full + ", which is not kept"),
                refused);
        assertEquals(childFirst ? 2 : 0, bases(server));
    }

    /** Whether anybody waits for a lock of this connection's transaction. */
    private static boolean isWaitedFor(Connection connection) {
        try (var query = connection.prepareStatement("select exists (select from pg_locks l where not l.granted"
                        + " and pg_backend_pid() = any (pg_blocking_pids(l.pid)))");
                var row = query.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Manifest incremental(UnreachableServer server, UUID parent) {
        Lsn at = Lsn.parse("0/1");
        return new Manifest(
                Manifest.PARENT_VERSION,
                server.project(),
                "project",
                "gone",
                Ids.next(clock),
                new Manifest.Lineage(Manifest.Kind.INCREMENTAL, parent, null),
                clock.now(),
                clock.now(),
                new Manifest.Source("1", 1, "18.4", 18, 1 << 24),
                new Manifest.Position(at, at, at, null, null, at),
                new Manifest.Checksums(true, false, List.of()),
                List.of(),
                new Manifest.Figures(1, 1, Duration.ZERO, Duration.ZERO, Duration.ZERO),
                new WrappedKey("key", "wrapped"),
                List.of());
    }

    private List<UUID> baseIds(UnreachableServer server, boolean fullOnly) {
        return backups.bases(server.project(), server.instance(), "1", "local", fullOnly, 10).stream()
                .map(Backup::id)
                .toList();
    }

    private int bases(UnreachableServer server) {
        return baseIds(server, false).size();
    }

    private void refused(UnreachableServer server, String why, UUID... gone) {
        String message = told(() -> delete(server, gone));
        assertTrue(message.contains(why), message);
    }

    /** What the catalogue's database says. */
    private static String told(Executable attempt) {
        RuntimeException refused = assertThrows(RuntimeException.class, attempt);
        return String.valueOf(
                refused.getCause() == null
                        ? refused.getMessage()
                        : refused.getCause().getMessage());
    }

    private void delete(UnreachableServer server, UUID... gone) {
        transactions.run(server.project(), connection -> execute(connection, deletion(gone)));
    }

    private static String deletion(UUID... gone) {
        String ids = Arrays.stream(gone).map(id -> "'" + id + "'").collect(Collectors.joining(", "));
        return "update backup.backup set deleted_at = now() where id in (" + ids + ")";
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void prove(UnreachableServer server, UUID backup, String outcome, int level) {
        transactions.run(
                server.project(),
                connection -> execute(
                        connection,
                        "insert into backup.proof (id, project_id, backup_id, at, level, outcome, store, ladder) values ('"
                                + Ids.next(clock) + "', '" + server.project() + "', '" + backup + "', now(), " + level
                                + ", '" + outcome + "', 'local', '[]')"));
    }

    private UUID backup(UnreachableServer server, String kind, @Nullable UUID parent) {
        UUID id = Ids.next(clock);
        transactions.run(server.project(), connection -> execute(connection, entry(server, id, kind, parent)));
        return id;
    }

    private static String entry(UnreachableServer server, UUID id, String kind, @Nullable UUID parent) {
        return "insert into backup.backup (id, project_id, instance_id, run_id, kind, parent_id, state, store,"
                + " location, databases, taken_at, ended_at, server_version, size_bytes, stored_bytes,"
                + " start_lsn, stop_lsn, recovery_lsn, timeline, system_identifier, checksums,"
                + " checksum_failures, tablespaces, key_id) values ('" + id + "', '" + server.project()
                + "', '" + server.instance() + "', gen_random_uuid(), '" + kind + "', "
                + (parent == null ? "null" : "'" + parent + "'")
                + ", 'COMPLETE', 'local', 'nowhere', '{}', now(), now(), '18.4', 1, 1, '0/1', '0/2',"
                + " '0/3', 1, '1', true, 0, 0, 'key')";
    }
}
