package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the catalogue says of copies: of a store that is not there, so that no sweep comes between. */
@Tag("thorough")
@ArquillianTest
class CopyRowsIT {
    private static final String STORE = "copy-rows";

    @Inject
    private Registration registration;

    @Inject
    private Transactions transactions;

    @Inject
    private Backups backups;

    @Inject
    private CopyRepository copies;

    @Inject
    private BackupSources sources;

    @Inject
    private ExpiryRepository expiry;

    @Inject
    private Clock clock;

    private final Map<UUID, Backup> known = new HashMap<>();
    private final UUID run = UUID.randomUUID();
    private UnreachableServer server;

    @BeforeEach
    void aStore() {
        server = UnreachableServer.register(registration, "copy-" + Ids.next(clock));
        installation(
                "insert into backup.store (name, kind, folder) values ('" + STORE + "', 'FOLDER', '/nowhere/copies')");
    }

    @AfterEach
    void noneIsLeft() {
        project("update backup.copy set state = 'FREED', freed_at = now() where state <> 'FREED'");
        assertEquals("DELETED", deleteStore());
    }

    @Test
    void aCopyIsWholeOnlyWithAllThatItNeedsAndProvenByItself() {
        UUID full = backup("FULL", null);
        UUID changes = backup("INCREMENTAL", full);
        begin(changes);
        Failure.Fatal alone = assertThrows(Failure.Fatal.class, () -> made(changes));
        assertTrue(alone.getMessage().contains("is not whole there"), alone.getMessage());
        assertEquals(List.of("local"), places(changes));
        begin(full);
        made(full);
        made(changes);
        assertEquals(List.of("local", STORE), places(changes));
        assertEquals(CopyRepository.Begun.WHOLE, begin(changes));

        prove(changes, STORE, "PASSED", 3);
        Backup seen = backups.get(server.project(), changes);
        assertNull(seen.proof());
        assertEquals(3, copy(seen).level());
        prove(changes, "local", "FAILED", 0);
        assertNotNull(provenAt(), "what failed in one store says nothing of another");
        assertTrue(backups.against(server.project(), changes).isPresent());
        assertTrue(isCopyProven(changes));
        prove(full, STORE, "FAILED", 1);
        assertFalse(isCopyProven(changes), "what it needs fails there");
        prove(full, STORE, "PASSED", 0);
        assertFalse(isCopyProven(changes), "a glance does not take back what failed");
        prove(full, STORE, "PASSED", 3);
        assertTrue(isCopyProven(changes));
        project("update backup.copy set state = 'COPYING' where backup_id = '" + full + "'");
        assertFalse(isCopyProven(changes), "what it needs is not whole there");
        project("update backup.copy set state = 'WHOLE' where backup_id = '" + full + "'");
        prove(changes, STORE, "FAILED", 1);
        assertNull(provenAt());
        assertEquals(CopyRepository.Begun.FAILED, begin(changes));

        project("update backup.copy set state = 'COPYING' where backup_id = '" + full + "'");
        assertEquals(List.of("local"), places(changes), "what it needs is being mended");
    }

    private boolean isCopyProven(UUID id) {
        Map<UUID, Backup> kept =
                transactions.in(server.project(), connection -> expiry.kept(connection, server.instance())).stream()
                        .collect(Collectors.toMap(Backup::id, each -> each));
        return ExpiryPlanning.isCopyProven(
                Optional.ofNullable(kept.get(id)).orElseThrow(),
                sources.places(server.project(), List.of(id)).getOrDefault(id, List.of()),
                kept);
    }

    @Test
    void aProofCountsWhileItsStoreHoldsTheBackupAndNoNewerOneFails() {
        project("insert into fleet.database (id, project_id, instance_id, name, dbname) values ('" + Ids.next(clock)
                + "', '" + server.project() + "', '" + server.instance() + "', 'main', 'postgres')");
        UUID older = backup("FULL", null);
        UUID newer = backup("FULL", null);
        begin(older);
        made(older);
        prove(older, STORE, "PASSED", 3);
        assertNotNull(provenAt());
        project("update backup.copy set state = 'COPYING'");
        assertNull(provenAt(), "what was proven is not there any more");
        project("update backup.copy set state = 'WHOLE'");
        prove(newer, "local", "FAILED", 0);
        assertNull(provenAt(), "the newer one fails in its only store");
        begin(newer);
        made(newer);
        prove(newer, STORE, "PASSED", 3);
        assertNotNull(provenAt());
        assertEquals("3 true", figures(), "one store of two");
        prove(newer, "local", "PASSED", 2);
        assertEquals("3 false", figures());
        project("update backup.copy set state = 'COPYING' where backup_id = '" + newer + "'");
        assertEquals("2 false", figures());
    }

    /** Of the last proofs. */
    private String figures() {
        return transactions.in(
                server.project(),
                connection -> String.valueOf(one(
                        connection,
                        "select f.proof_level || ' ' || f.proof_failed from backup.figures() f where f.project ="
                                + " (select p.name from fleet.project p where p.id = '" + server.project() + "')")));
    }

    @Test
    void onlyTheRunThatMakesACopySaysThatItIsWhole() {
        UUID backup = backup("FULL", null);
        begin(backup);
        assertThrows(
                Failure.Retryable.class,
                () -> transactions.run(
                        server.project(),
                        connection -> copies.made(connection, server.project(), Ids.next(clock), backup, STORE, 7)));
        assertEquals("COPYING", state(backup));
        made(backup);
        assertEquals("WHOLE", state(backup));
    }

    @Test
    void whatIsGoneForADayIsLookedAtOnceMore() {
        UUID backup = backup("FULL", null);
        begin(backup);
        made(backup);
        project("update backup.copy set state = 'FREED', freed_at = now() - interval '2 hours'");
        assertEquals(List.of(), claimed());
        project("update backup.copy set freed_at = now() - interval '25 hours'");
        List<CopyRepository.Dead> again = claimed();
        assertEquals(
                List.of(backup), again.stream().map(CopyRepository.Dead::backup).toList());
        assertEquals("local", again.get(0).home());
        removed(again.get(0));
        project("update backup.copy set freed_at = now() - interval '25 hours'");
        assertEquals(List.of(), claimed(), "once");
    }

    @Test
    void theCatalogueSaysWhetherABackupIsKeptDeletedOrUnknown() {
        UUID backup = backup("FULL", null);
        assertEquals(Optional.of(true), known(backup));
        project("update backup.backup set deleted_at = now(), freed_at = now()");
        assertEquals(Optional.of(false), known(backup));
        assertEquals(Optional.empty(), known(Ids.next(clock)));
    }

    private Optional<Boolean> known(UUID backup) {
        return transactions.in(server.project(), connection -> ExpiryRepository.known(connection, backup));
    }

    private static Backup.StoredProof copy(Backup backup) {
        Backup.StoredProof proof = backup.copies().get(0).proof();
        assertNotNull(proof);
        return proof;
    }

    @Test
    void aLeftoverIsRemovedAfterADayByOneNodeAndOneThatWasWholeNever() {
        UUID left = backup("FULL", null);
        UUID mended = backup("FULL", null);
        begin(left);
        begin(mended);
        made(mended);
        project("update backup.copy set state = 'COPYING' where backup_id = '" + mended + "'");
        assertEquals(List.of(), claimed(), "a restart may go on with it");
        project("update backup.copy set began_at = now() - interval '25 hours'");
        List<CopyRepository.Dead> dead = claimed();
        assertEquals(
                List.of(left), dead.stream().map(CopyRepository.Dead::backup).toList());
        assertEquals(List.of(), claimed(), "another node has it");
        assertThrows(Failure.Retryable.class, () -> begin(left));

        project("update backup.copy set freeing_at = now() - interval '2 hours' where backup_id = '" + left + "'");
        List<CopyRepository.Dead> again = claimed();
        assertEquals(1, again.size(), "that node died");
        removed(dead.get(0));
        assertEquals("FREEING", state(left), "only who has it says that it is gone");
        removed(again.get(0));
        assertEquals("FREED", state(left));
        assertEquals(CopyRepository.Begun.COPYING, begin(left));
    }

    @Test
    void whatIsDeletedAndLockedIsNotOnItsWay() {
        UUID left = backup("FULL", null);
        begin(left);
        assertEquals("COPYING", shown(left));
        project("update backup.copy set began_at = now() - interval '25 hours'");
        CopyRepository.Dead dead = claimed().get(0);
        assertEquals("FREEING", shown(left));
        transactions.run(dead.project(), connection -> copies.hidden(connection, dead));
        assertEquals("LEFT", shown(left));
        assertEquals(List.of(), claimed(), "tomorrow");
        project("update backup.copy set began_at = now() - interval '25 hours'");
        assertEquals(1, claimed().size(), "its lock may have ended");
        project("update backup.copy set state = 'COPYING' where backup_id = '" + left + "'");
        assertEquals(CopyRepository.Begun.COPYING, begin(left));
        assertEquals("COPYING", shown(left));
    }

    private String shown(UUID backup) {
        return backups.get(server.project(), backup).copies().get(0).state();
    }

    @Test
    void aStoreWithCopiesIsNotDeletedAndABackupIsNotForgottenBeforeTheyAreGone() {
        UUID backup = backup("FULL", null);
        begin(backup);
        assertEquals("HELD", deleteStore());
        made(backup);
        project("update backup.backup set deleted_at = now() - interval '800 days', freed_at = now()");
        assertThrows(Failure.Fatal.class, () -> begin(backup));
        assertEquals("HELD", deleteStore());
        assertEquals(0, forgotten());
        assertEquals(
                List.of(backup),
                transactions.in(server.project(), connection -> copies.unfreed(connection, server.instance())).stream()
                        .map(ExpiryRepository.Deleted::id)
                        .toList());
        transactions.run(server.project(), connection -> copies.freed(connection, backup, STORE));
        assertEquals(1, forgotten());
    }

    @Test
    void anotherProjectSeesNoCopy() {
        UUID backup = backup("FULL", null);
        begin(backup);
        made(backup);
        UnreachableServer other = UnreachableServer.register(registration, "copy-other-" + Ids.next(clock));
        assertFalse(sources.places(other.project(), List.of(backup)).containsKey(backup));
        assertEquals(
                "0",
                transactions.in(
                        other.project(),
                        connection -> String.valueOf(one(connection, "select count(*) from backup.copy"))));
    }

    private CopyRepository.Begun begin(UUID backup) {
        // As the catalogue knew it: it may be deleted meanwhile
        Backup before = known.computeIfAbsent(backup, id -> backups.get(server.project(), id));
        return transactions.in(
                server.project(),
                connection -> copies.begin(connection, Ids.next(clock), server.project(), run, before, STORE));
    }

    private void made(UUID backup) {
        transactions.run(
                server.project(), connection -> copies.made(connection, server.project(), run, backup, STORE, 7));
    }

    private List<String> places(UUID backup) {
        return sources.places(server.project(), List.of(backup)).getOrDefault(backup, List.of()).stream()
                .map(CopyRepository.Place::store)
                .toList();
    }

    private List<CopyRepository.Dead> claimed() {
        return transactions.installation(connection -> CopyRepository.claimDead(connection, STORE));
    }

    private void removed(CopyRepository.Dead dead) {
        transactions.run(dead.project(), connection -> copies.removed(connection, dead));
    }

    private @Nullable Object provenAt() {
        return transactions
                .in(
                        server.project(),
                        connection -> Optional.ofNullable(one(
                                connection,
                                "select backup.proven_at('" + server.project() + "', '" + server.instance() + "')")))
                .orElse(null);
    }

    private String state(UUID backup) {
        return transactions.in(
                server.project(),
                connection -> String.valueOf(
                        one(connection, "select state from backup.copy where backup_id = '" + backup + "'")));
    }

    private String deleteStore() {
        return transactions.installation(
                connection -> String.valueOf(one(connection, "select backup.delete_store('" + STORE + "')")));
    }

    private long forgotten() {
        return Long.parseLong(transactions.in(
                server.project(),
                connection -> String.valueOf(
                        one(connection, "select backup.forget_deleted(now() - interval '8 days', 100)"))));
    }

    private void installation(String sql) {
        transactions.installation(connection -> {
            execute(connection, sql);
            return true;
        });
    }

    private void project(String sql) {
        transactions.run(server.project(), connection -> execute(connection, sql));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static @Nullable Object one(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getObject(1);
        }
    }

    private void prove(UUID backup, String store, String outcome, int level) {
        project("insert into backup.proof (id, project_id, backup_id, at, level, outcome, store, ladder) values ('"
                + Ids.next(clock) + "', '" + server.project() + "', '" + backup + "', now(), " + level + ", '" + outcome
                + "', '" + store + "', '[]')");
    }

    private UUID backup(String kind, @Nullable UUID parent) {
        UUID id = Ids.next(clock);
        project("insert into backup.backup (id, project_id, instance_id, run_id, kind, parent_id, state, store,"
                + " location, databases, taken_at, ended_at, server_version, size_bytes, stored_bytes,"
                + " start_lsn, stop_lsn, recovery_lsn, timeline, system_identifier, checksums,"
                + " checksum_failures, tablespaces, key_id) values ('" + id + "', '" + server.project()
                + "', '" + server.instance() + "', gen_random_uuid(), '" + kind + "', "
                + (parent == null ? "null" : "'" + parent + "'")
                + ", 'COMPLETE', 'local', 'nowhere', '{}', now(), now(), '18.4', 1, 1, '0/1', '0/2',"
                + " '0/3', 1, '1', true, 0, 0, 'key')");
        return id;
    }
}
