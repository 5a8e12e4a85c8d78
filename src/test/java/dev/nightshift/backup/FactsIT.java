package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.policy.Facts;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which backups, proofs and log count towards goals, in the catalogue itself. */
@Tag("thorough")
@ArquillianTest
class FactsIT {
    @Inject
    private FactsRepository repository;

    @Inject
    private Registration registration;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    @Test
    void aDamagedBackupCountsForNothingNorDoesItsProof() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-damaged");
        UUID good = backup(server, 10, "COMPLETE", null);
        prove(server, good, 9, "PASSED");
        UUID damaged = backup(server, 8, "DAMAGED", null);
        prove(server, damaged, 7, "PASSED");
        Facts facts = facts(server);
        assertAll(
                () -> assertEquals(10, hours(facts, facts.backupAt())),
                () -> assertEquals(8, hours(facts, facts.badAt())),
                () -> assertEquals(9, hours(facts, facts.provenAt())),
                () -> assertEquals(9, hours(facts, drilledAt(facts))));
    }

    @Test
    void aProofThatFailedSpeaksAgainstItsBackupUntilItPasses() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-failed");
        backup(server, 10, "COMPLETE", null);
        UUID failed = backup(server, 8, "COMPLETE", null);
        prove(server, failed, 7, "PASSED");
        prove(server, failed, 6, "FAILED");
        Facts before = facts(server);
        prove(server, failed, 5, "PASSED");
        Facts after = facts(server);
        assertAll(
                () -> assertEquals(10, hours(before, before.backupAt())),
                () -> assertNull(before.provenAt()),
                () -> assertNull(before.drill()),
                () -> assertEquals(8, hours(after, after.backupAt())),
                () -> assertNull(after.badAt()),
                () -> assertEquals(5, hours(after, after.provenAt())));
    }

    @Test
    void whatIsBuiltOnADamagedBackupCountsForNothing() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-chain");
        UUID full = backup(server, 10, "COMPLETE", null);
        UUID increment = backup(server, 8, "COMPLETE", full);
        prove(server, increment, 7, "PASSED");
        Facts before = facts(server);
        run(server, "update backup.backup set state = 'DAMAGED' where id = '" + full + "'");
        Facts after = facts(server);
        assertAll(
                () -> assertEquals(8, hours(before, before.backupAt())),
                () -> assertEquals(7, hours(before, before.provenAt())),
                () -> assertNull(after.backupAt()),
                () -> assertEquals(8, hours(after, after.badAt())),
                () -> assertNull(after.provenAt()),
                () -> assertNull(after.drill()));
    }

    @Test
    void whatFailsOfADumpOrOfACopyTakesNothingFromTheServersProof() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-others");
        UUID whole = backup(server, 10, "COMPLETE", null);
        prove(server, whole, 9, "PASSED");
        UUID dump = backup(server, 8, "COMPLETE", null);
        run(server, "update backup.backup set kind = 'LOGICAL', databases = '{shop}' where id = '" + dump + "'");
        prove(server, dump, 7, "FAILED");
        prove(server, "offsite", whole, 6, "FAILED");
        Facts facts = facts(server);
        assertAll(
                () -> assertEquals(10, hours(facts, facts.backupAt())),
                () -> assertNull(facts.badAt()),
                () -> assertEquals(9, hours(facts, facts.provenAt())),
                () -> assertEquals(9, hours(facts, drilledAt(facts))));
    }

    @Test
    void aBackupOfAnotherClusterStandsInForNothing() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-cluster");
        prove(server, backup(server, 10, "COMPLETE", null), 9, "PASSED");
        assertEquals(10, hours(facts(server), facts(server).backupAt()), "no cluster is known yet");
        run(server, "select fleet.claim_system_identifier('" + server.instance() + "', '" + server.instance() + "')");
        Facts facts = facts(server);
        assertAll(
                () -> assertNull(facts.backupAt()),
                () -> assertEquals(10, hours(facts, facts.badAt())),
                () -> assertNull(facts.provenAt()),
                () -> assertNull(facts.drill()));
    }

    @Test
    void logStoredSinceASetBackGoesOnFromNoBackupBeforeIt() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-set-back");
        UUID backup = backup(server, 5, "COMPLETE", null);
        UUID ended = archive(server, 9);
        archive(server, 2);
        Facts.Reach before = facts(server).log().reach();
        run(server, "update backup.wal_archive set ended_because = 'set back' where id = '" + ended + "'");
        Facts.Reach undone = facts(server).log().reach();
        run(server, "update backup.backup set ended_at = now() - interval '1 hour' where id = '" + backup + "'");
        assertAll(
                () -> assertEquals(Facts.Reach.GOES_ON, before),
                () -> assertEquals(Facts.Reach.GAP, undone),
                () -> assertEquals(Facts.Reach.GOES_ON, facts(server).log().reach()),
                () -> assertEquals(
                        Facts.Reach.NONE, facts(server, Set.of()).log().reach(), "where nobody asks it is not read"));
    }

    @Test
    void aStoreCountsThatHoldsTheWholeChainAndWhereNoProofFailed() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-stores");
        UUID full = backup(server, 10, "COMPLETE", null);
        UUID increment = backup(server, 8, "COMPLETE", full);
        copy(server, increment, "nas", "WHOLE");
        List<String> halfAChain = stores(server);
        copy(server, full, "nas", "WHOLE");
        List<String> wholeChain = stores(server);
        copy(server, increment, "vault", "FREEING");
        copy(server, full, "vault", "WHOLE");
        List<String> onItsWayOut = stores(server);
        prove(server, "nas", full, 6, "FAILED");
        assertAll(
                () -> assertEquals(List.of("local"), halfAChain),
                () -> assertEquals(List.of("local", "nas"), wholeChain),
                () -> assertEquals(List.of("local", "nas"), onItsWayOut),
                () -> assertEquals(List.of("local"), stores(server), "a proof failed there"));
    }

    @Test
    void aBackupNeedsTheKeysOfAllThatItIsBuiltOn() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-keys");
        List<String> none = keys(server);
        UUID full = backup(server, 10, "COMPLETE", null);
        run(server, "update backup.backup set key_id = 'old' where id = '" + full + "'");
        backup(server, 8, "COMPLETE", full);
        List<String> ofChain = keys(server);
        run(server, "update backup.backup set key_id = 'key' where id = '" + full + "'");
        assertAll(
                () -> assertEquals(List.of(), none),
                () -> assertEquals(List.of("key", "old"), ofChain),
                () -> assertEquals(List.of("key"), keys(server), "both are wrapped anew"));
    }

    private List<String> keys(UnreachableServer server) {
        List<String> asked = new ArrayList<>();
        transactions.in(
                server.project(),
                connection -> repository.of(connection, server.project(), List.of(server.instance()), Set.of(), ids -> {
                    asked.addAll(ids);
                    return Facts.Keys.NOT_ASKED;
                }));
        return asked;
    }

    @Inject
    private ProjectKeyRing ring;

    @Test
    void theOldestKeyCountsAndOneThatIsNotKnownMakesItUnknown() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-oldest");
        String old = ring.keys(server.project()).get(0).id();
        String fresh = ring.rotate(server.project());
        var facts = transactions.in(server.project(), connection -> ring.facts(server.project()));
        Instant madeOld = facts.apply(List.of(old)).backupKeyMadeAt();
        Instant madeFresh = facts.apply(List.of(fresh)).backupKeyMadeAt();
        assertNotNull(madeOld);
        assertNotNull(madeFresh);
        assertAll(
                () -> assertTrue(madeOld.isBefore(madeFresh)),
                () -> assertEquals(madeOld, facts.apply(List.of(fresh, old)).backupKeyMadeAt()),
                () -> assertEquals(madeOld, facts.apply(List.of(old, fresh)).backupKeyMadeAt()),
                () -> assertNull(facts.apply(List.of(fresh, "")).backupKeyMadeAt()),
                () -> assertNull(facts.apply(List.of()).backupKeyMadeAt()));
    }

    @Test
    void keysThatDoNotOpenLeaveTheOtherGoalsToBeJudged() {
        UnreachableServer server = UnreachableServer.register(registration, "facts-unopened");
        Facts.Keys keys = transactions
                .in(server.project(), connection -> {
                    execute(connection, replaced("master", "other"));
                    var facts = ring.facts(server.project());
                    execute(connection, replaced("other", "master"));
                    return facts;
                })
                .apply(List.of("key"));
        assertAll(() -> assertNull(keys.newestMadeAt()), () -> assertNotNull(keys.unopened()));
    }

    private static String replaced(String member, String by) {
        return "update vault.project_key set wrapped = replace(wrapped, '\"" + member + "\":', '\"" + by + "\":')";
    }

    private List<String> stores(UnreachableServer server) {
        Facts.Copies copies = facts(server).copies();
        assertNotNull(copies);
        return copies.stores();
    }

    private void copy(UnreachableServer server, UUID backup, String store, String state) {
        boolean whole = state.equals("WHOLE");
        run(
                server,
                "insert into backup.copy (id, project_id, backup_id, run_id, store, location, state, made_at, verified_at)"
                        + " values (gen_random_uuid(), '" + server.project() + "', '" + backup
                        + "', gen_random_uuid(), '" + store + "', 'nowhere', '" + state + "', "
                        + (whole ? "now(), now())" : "null, null)"));
    }

    private Facts facts(UnreachableServer server) {
        return facts(server, Set.of(server.instance()));
    }

    private Facts facts(UnreachableServer server, Set<UUID> withLog) {
        Facts facts = transactions
                .in(
                        server.project(),
                        connection -> repository.of(
                                connection,
                                server.project(),
                                List.of(server.instance()),
                                withLog,
                                ids -> Facts.Keys.NOT_ASKED))
                .get(server.instance());
        assertNotNull(facts);
        return facts;
    }

    private static @Nullable Instant drilledAt(Facts facts) {
        Facts.Drill drill = facts.drill();
        return drill == null ? null : drill.at();
    }

    private static long hours(Facts facts, @Nullable Instant at) {
        assertNotNull(at);
        return Duration.between(at, facts.now()).toHours();
    }

    private UUID backup(UnreachableServer server, int hoursAgo, String state, @Nullable UUID parent) {
        UUID id = Ids.next(clock);
        run(
                server,
                "insert into backup.backup (id, project_id, instance_id, run_id, kind, parent_id, state, store,"
                        + " location, databases, taken_at, ended_at, server_version, size_bytes, stored_bytes,"
                        + " start_lsn, stop_lsn, recovery_lsn, timeline, system_identifier, checksums,"
                        + " checksum_failures, tablespaces, key_id) values ('" + id + "', '" + server.project() + "', '"
                        + server.instance() + "', gen_random_uuid(), '" + (parent == null ? "FULL" : "INCREMENTAL")
                        + "', " + (parent == null ? "null" : "'" + parent + "'") + ", '" + state
                        + "', 'local', 'nowhere', '{}', now() - interval '" + hoursAgo + " hours', now() - interval '"
                        + hoursAgo + " hours', '18.4', 1, 1, '0/1', '0/2', '0/3', 1, '1', true, 0, 0, 'key')");
        return id;
    }

    private void prove(UnreachableServer server, UUID backup, int hoursAgo, String outcome) {
        prove(server, "local", backup, hoursAgo, outcome);
    }

    private void prove(UnreachableServer server, String store, UUID backup, int hoursAgo, String outcome) {
        run(
                server,
                "insert into backup.proof (id, project_id, backup_id, at, level, outcome, rto_millis, store, ladder) values ('"
                        + Ids.next(clock) + "', '" + server.project() + "', '" + backup + "', now() - interval '"
                        + hoursAgo + " hours', " + (outcome.equals("PASSED") ? 4 : 3) + ", '" + outcome
                        + "', 4000, '" + store + "', '[]')");
    }

    /** One with log around every backup of this test, the first of it stored so long ago. */
    private UUID archive(UnreachableServer server, int hoursAgo) {
        UUID id = Ids.next(clock);
        run(
                server,
                "insert into backup.wal_archive (id, project_id, instance_id, system_identifier, segment_bytes, store,"
                        + " location, key_id) values ('" + id + "', '" + server.project() + "', '" + server.instance()
                        + "', '1', 16777216, 'local', 'nowhere', 'key')");
        run(
                server,
                "insert into backup.wal_stretch (project_id, archive_id, timeline, from_lsn, to_lsn, begun_at,"
                        + " covered_to) values ('" + server.project() + "', '" + id
                        + "', 1, '0/0', '0/9000000', now() -"
                        + " interval '" + hoursAgo + " hours', now())");
        return id;
    }

    private void run(UnreachableServer server, String statement) {
        transactions.run(server.project(), connection -> execute(connection, statement));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
