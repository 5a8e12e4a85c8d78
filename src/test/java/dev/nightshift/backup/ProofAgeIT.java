package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.nightshift.finding.Finding;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** The age of a proof against the instance's policy, in the catalogue itself. */
@ArquillianTest
class ProofAgeIT {
    @Inject
    private ProofAge age;

    @Inject
    private Registration registration;

    @Inject
    private Findings findings;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    @Test
    void aProofPastThePolicyIsAFindingThatRisesAndAFreshOneClosesIt() {
        UnreachableServer server = UnreachableServer.register(registration, "stale");
        UUID backup = backup(server);
        age.look();
        assertEquals(Optional.empty(), finding(server), "just registered");

        prove(server, backup, Duration.ofDays(7).plusMinutes(1), "PASSED");
        age.look();
        Finding warned = finding(server).orElseThrow();
        assertAll(
                () -> assertEquals(Severity.WARNING, warned.report().severity()),
                () -> assertEquals("Proof of stale is stale", warned.report().title()),
                () -> assertEquals(7, warned.report().evidence().getInt("policyDays")));

        prove(server, backup, Duration.ofDays(14).plusMinutes(1), "PASSED");
        age.look();
        assertEquals(Severity.CRITICAL, finding(server).orElseThrow().report().severity());
        assertEquals(warned.id(), finding(server).orElseThrow().id(), "it rises, and is no second one");

        prove(server, backup, Duration.ZERO, "PASSED");
        age.look();
        assertEquals(Optional.empty(), finding(server), "after a proof");

        prove(server, backup, Duration.ZERO, "FAILED");
        registered(server, 8);
        age.look();
        assertEquals(
                Severity.WARNING,
                finding(server).orElseThrow().report().severity(),
                "what failed after it had passed is not proven");
    }

    @Test
    void aBackupThatRestoredWithOtherRowsIsNotProvenAndAnOlderOnesFailureTakesNothingFromANewer() {
        UnreachableServer server = UnreachableServer.register(registration, "other-rows");
        registered(server, 8);
        UUID older = backup(server);
        UUID newer = backup(server);
        prove(server, newer, Duration.ZERO, "FAILED");
        age.look();
        assertEquals(Severity.WARNING, finding(server).orElseThrow().report().severity());
        prove(server, newer, Duration.ZERO, "PASSED");
        prove(server, older, Duration.ZERO, "FAILED");
        age.look();
        assertEquals(Optional.empty(), finding(server), "the newer one is proven still");
        prove(server, older, Duration.ZERO, "PASSED");
        prove(server, newer, Duration.ZERO, "FAILED");
        age.look();
        assertEquals(
                Severity.WARNING,
                finding(server).orElseThrow().report().severity(),
                "the newer one's failure counts against the older");
    }

    @Test
    void whatIsLessStaleThanBeforeIsAnotherFinding() {
        UnreachableServer server = UnreachableServer.register(registration, "less-stale");
        registered(server, 30);
        age.look();
        Finding critical = finding(server).orElseThrow();
        assertEquals(Severity.CRITICAL, critical.report().severity());
        findings.restate(server.project(), critical.report());
        assertEquals(critical.id(), finding(server).orElseThrow().id());

        registered(server, 8);
        age.look();
        Finding warning = finding(server).orElseThrow();
        assertNotEquals(critical.id(), warning.id());
        assertEquals(Severity.WARNING, warning.report().severity());
        findings.restate(server.project(), critical.report());
        Finding risen = finding(server).orElseThrow();
        assertEquals(warning.id(), risen.id(), "what rises stays what it is");
        assertEquals(Severity.CRITICAL, risen.report().severity());
    }

    @Test
    void whereNoProofIsExpectedAndBeforePostgreSql15NoneIsMissed() {
        UnreachableServer nowhere = UnreachableServer.register(registration, "unexpected");
        UnreachableServer old = UnreachableServer.register(registration, "old");
        registered(nowhere, 30);
        registered(old, 30);
        update(nowhere, "update fleet.instance set proof_days = 0 where id = ?");
        update(old, "update fleet.instance set server_version = '14.19' where id = ?");
        age.look();
        assertEquals(Optional.empty(), finding(nowhere));
        assertEquals(Optional.empty(), finding(old));
        update(old, "update fleet.instance set server_version = '15.14' where id = ?");
        age.look();
        assertEquals(Severity.CRITICAL, finding(old).orElseThrow().report().severity());
        update(old, "update fleet.instance set deleted_at = now() where id = ?");
        age.look();
        assertEquals(Optional.empty(), finding(old), "deleted");
    }

    private Optional<Finding> finding(UnreachableServer server) {
        List<Finding> open =
                findings.list(server.project(), true, null, null, 100).items();
        assertEquals(
                List.of(),
                open.stream()
                        .filter(each -> !each.report().fingerprint().equals("proof.age:" + server.instance()))
                        .toList());
        return open.stream().findFirst();
    }

    private UUID backup(UnreachableServer server) {
        UUID id = Ids.next(clock);
        transactions.run(server.project(), connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into backup.backup (id, project_id, instance_id, run_id, kind, state, store, location, databases,
                        taken_at, ended_at, server_version, size_bytes, stored_bytes, start_lsn, stop_lsn, recovery_lsn,
                        timeline, system_identifier, checksums, checksum_failures, tablespaces, key_id)
                    values (?, ?, ?, ?, 'FULL', 'COMPLETE', 'local', 'nowhere', '{}', now(), now(), '18.4', 1, 1, '0/1', '0/2',
                        '0/3', 1, '1', true, 0, 0, 'key')""")) {
                insert.setObject(1, id);
                insert.setObject(2, server.project().value());
                insert.setObject(3, server.instance());
                insert.setObject(4, Ids.next(clock));
                insert.executeUpdate();
            }
        });
        return id;
    }

    private void prove(UnreachableServer server, UUID backup, Duration ago, String outcome) {
        transactions.run(server.project(), connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into backup.proof (id, project_id, backup_id, run_id, at, level, outcome, store, ladder, not_checked)
                    values (?, ?, ?, ?, now() - make_interval(secs => ?), ?, ?, 'local', '[]', '[]')""")) {
                insert.setObject(1, Ids.next(clock));
                insert.setObject(2, server.project().value());
                insert.setObject(3, backup);
                insert.setObject(4, Ids.next(clock));
                insert.setLong(5, ago.toSeconds());
                insert.setInt(6, outcome.equals("PASSED") ? 4 : 3);
                insert.setString(7, outcome);
                insert.executeUpdate();
            }
        });
    }

    private void registered(UnreachableServer server, int daysAgo) {
        update(server, "update fleet.instance set created_at = now() - interval '" + daysAgo + " days' where id = ?");
    }

    private void update(UnreachableServer server, String statement) {
        transactions.run(server.project(), connection -> {
            try (var update = connection.prepareStatement(statement)) {
                update.setObject(1, server.instance());
                assertEquals(1, update.executeUpdate());
            }
        });
    }
}
