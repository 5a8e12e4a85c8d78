package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Goal;
import dev.nightshift.backup.policy.Goals;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.finding.Finding;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.fleet.NewDatabase;
import dev.nightshift.fleet.Registration;
import dev.nightshift.fleet.VacuumSettings;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import dev.nightshift.vault.Keyring;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** Findings about goals, in the catalogue itself. */
@ArquillianTest
class PolicyWatchIT {
    private static final KeepRule NOTHING = new KeepRule(0, 0, 0, 0, 0, 0);

    @Inject
    private PolicyWatch watch;

    @Inject
    private ProofAge proofs;

    @Inject
    private Policies policies;

    @Inject
    private Registration registration;

    @Inject
    private Findings findings;

    @Inject
    private Transactions transactions;

    @Inject
    private Keyring keyring;

    @Inject
    private Clock clock;

    @Test
    void aMissedGoalIsAFindingThatRisesUntilItIsMetOrNobodys() {
        UnreachableServer server = registered("goal-missed");
        policies.add(server.project(), policy("gold", new Goals(null, 60, null, 4, null, null, null)));
        watch.check();
        assertEquals(List.of(), open(server), "nothing is known yet");

        UUID backup = backup(server, 5);
        watch.check();
        Finding warned = open(server).get(0);
        assertAll(
                () -> assertEquals(1, open(server).size()),
                () -> assertEquals(
                        PolicyWatch.fingerprint(Goal.BACKUP, server.instance()),
                        warned.report().fingerprint()),
                () -> assertEquals(Severity.WARNING, warned.report().severity()),
                () -> assertEquals("gold", warned.report().evidence().getString("policy")));
        watch.check();
        assertEquals(warned.seen(), open(server).get(0).seen(), "told once");

        aged(backup, server, 9);
        watch.check();
        assertAll(
                () -> assertEquals(warned.id(), open(server).get(0).id()),
                () -> assertEquals(
                        Severity.CRITICAL, open(server).get(0).report().severity()));

        aged(backup, server, 1);
        watch.check();
        assertEquals(List.of(), open(server), "met");

        aged(backup, server, 5);
        watch.check();
        assertEquals(1, open(server).size());
        policies.delete(server.project(), "gold");
        watch.check();
        assertEquals(List.of(), open(server), "the policy is gone");
    }

    @Test
    void thePolicysDaysStandInForTheInstancesInTheOneFindingAboutItsProof() {
        UnreachableServer server = registered("goal-proof");
        registered(server, 36);
        policies.add(server.project(), policy("strict", new Goals(null, null, 1, null, null, null, null)));
        watch.check();
        proofs.look();
        List<Finding> open = open(server);
        assertAll(
                () -> assertEquals(1, open.size()),
                () -> assertEquals(
                        "proof.age:" + server.instance(), open.get(0).report().fingerprint()),
                () -> assertEquals(1, open.get(0).report().evidence().getInt("policyDays")),
                () -> assertEquals("strict", open.get(0).report().evidence().getString("policy")));

        change(server, "strict", new Goals(null, null, 2, null, null, null, null));
        proofs.look();
        assertEquals(List.of(), open(server), "two days are not over");

        registered(server, 9 * 24);
        policies.delete(server.project(), "strict");
        proofs.look();
        assertEquals(7, open(server).get(0).report().evidence().getInt("policyDays"), "the instance's own again");
    }

    @Test
    void aRuleIsFoundForTheServerThatAPolicyAnswersFor() {
        UnreachableServer server = registered("goal-keep");
        assertTrue(message(server).startsWith("No policy answers for this server"), message(server));
        policies.add(server.project(), policy("gold", new Goals(null, null, null, 4, null, null, null)));
        assertTrue(message(server).contains("says not which backups to keep"), message(server));
        KeepRule rule = new KeepRule(14, 0, 0, 0, 12, 0);
        policies.add(
                server.project(),
                new Policy(
                        Ids.next(clock),
                        new Name("a-first"),
                        "",
                        List.of("*"),
                        Goals.NONE,
                        rule,
                        List.of(),
                        List.of()));
        assertEquals(rule, policies.keeping(server.project(), server.instance()).keep());
    }

    @Test
    void aFindingSaysWhatIsWantedNowAndByWhichPolicy() {
        UnreachableServer server = registered("goal-anew");
        policies.add(server.project(), policy("gold", new Goals(null, null, null, 4, null, null, null)));
        backup(server, 9);
        watch.check();
        Finding first = open(server).get(0);
        assertEquals(Severity.CRITICAL, first.report().severity());

        change(server, "gold", new Goals(null, null, null, 8, null, null, null));
        watch.check();
        Finding second = open(server).get(0);
        assertAll(
                () -> assertEquals(1, open(server).size()),
                () -> assertEquals(Severity.WARNING, second.report().severity(), "it is less than twice the goal now"),
                () -> assertEquals(8 * 3_600, second.report().evidence().getInt("wantedSeconds")));

        policies.add(server.project(), policy("a-first", new Goals(null, null, null, 8, null, null, null)));
        watch.check();
        assertEquals("a-first", open(server).get(0).report().evidence().getString("policy"));
        Finding third = open(server).get(0);
        watch.check();
        assertEquals(third.seen(), open(server).get(0).seen(), "told once");
    }

    @Test
    void anEasierGoalForTheProofLowersItsFinding() {
        UnreachableServer server = registered("goal-easier");
        registered(server, 60);
        policies.add(server.project(), policy("strict", new Goals(null, null, 1, null, null, null, null)));
        proofs.look();
        assertEquals(Severity.CRITICAL, open(server).get(0).report().severity());
        change(server, "strict", new Goals(null, null, 2, null, null, null, null));
        proofs.look();
        assertAll(
                () -> assertEquals(
                        Severity.WARNING, open(server).get(0).report().severity()),
                () -> assertEquals(2, open(server).get(0).report().evidence().getInt("policyDays")));
    }

    @Test
    void whereNoProofIsExpectedAPolicyForAllAsksForNone() {
        UnreachableServer server = registered("goal-none");
        registered(server, 60);
        update(server, "update fleet.instance set proof_days = 0 where id = ?", server.instance());
        policies.add(server.project(), policy("all", new Goals(null, null, 1, null, null, null, null)));
        proofs.look();
        assertEquals(List.of(), open(server));
        policies.add(
                server.project(),
                new Policy(
                        Ids.next(clock),
                        new Name("named"),
                        "",
                        List.of("goal-none"),
                        new Goals(null, null, 1, null, null, null, null),
                        NOTHING,
                        List.of(),
                        List.of()));
        proofs.look();
        assertEquals(1, open(server).size(), "by its name it does");
        update(server, "update fleet.instance set server_version = '14.19' where id = ?", server.instance());
        proofs.look();
        assertEquals(List.of(), open(server), "PostgreSQL 14 has no physical backups");
    }

    @Test
    void aDatabaseThatIsGoneKeepsNobodyFromChangingTheRest() {
        UnreachableServer server = registered("goal-gone");
        Policy gold = policy("gold", new Goals(null, null, null, 4, null, null, null));
        policies.add(server.project(), gold);
        update(server, "update backup.policy set databases = '{gone}' where id = ?", gold.id());
        change(server, "gold", new Goals(null, null, null, 5, null, null, null));
        assertThrows(
                Failure.Invalid.class,
                () -> policies.change(
                        server.project(),
                        "gold",
                        before -> new Policy(
                                before.id(),
                                before.name(),
                                "",
                                List.of("gone", "another"),
                                before.goals(),
                                before.keep(),
                                List.of(),
                                List.of())));
    }

    @Test
    void tooFewStoresAreAFindingUntilACopyIsWhole() {
        UnreachableServer server = registered("goal-stores");
        UUID backup = backup(server, 1);
        policies.add(server.project(), policy("gold", new Goals(null, null, null, null, 2, null, null)));
        watch.check();
        Finding missed = open(server).get(0);
        assertAll(
                () -> assertEquals(
                        PolicyWatch.fingerprint(Goal.STORES, server.instance()),
                        missed.report().fingerprint()),
                () -> assertEquals(Severity.WARNING, missed.report().severity()),
                () -> assertEquals(1, missed.report().evidence().getInt("measuredStores")),
                () -> assertTrue(
                        missed.report().detail().contains("The policy gold wants it in 2 stores"),
                        missed.report()::detail));
        watch.check();
        assertEquals(missed.seen(), open(server).get(0).seen(), "told once");
        update(
                server,
                "insert into backup.copy (id, project_id, backup_id, run_id, store, location, state, made_at, verified_at)"
                        + " select gen_random_uuid(), project_id, id, run_id, 'nas', 'nowhere', 'WHOLE', now(), now()"
                        + " from backup.backup where id = ?",
                backup);
        watch.check();
        assertEquals(List.of(), open(server));
    }

    @Test
    void aKeyWithoutAKitIsOneFindingOfTheProjectWhateverItHasOfServers() {
        UnreachableServer server = registered("goal-kit");
        policies.add(server.project(), policy("gold", new Goals(null, null, null, null, null, null, 1)));
        policies.add(server.project(), policy("a-lenient", new Goals(null, null, null, null, null, null, 9)));
        made(server, 3);
        watch.check();
        assertEquals(List.of(), open(server), "nine hours are not over, and a-lenient answers");
        policies.delete(server.project(), "a-lenient");
        watch.check();
        Finding missed = open(server).get(0);
        assertAll(
                () -> assertEquals(
                        "backup.goal.kit:" + server.project(), missed.report().fingerprint()),
                () -> assertEquals(
                        "The goal for the recovery kit of goal-kit is missed",
                        missed.report().title()),
                () -> assertEquals(Severity.CRITICAL, missed.report().severity()));
        keyring.exported(server.project(), List.of(keyring.of(server.project()).keyId()));
        watch.check();
        assertEquals(List.of(), open(server));
    }

    /** As if the project's key were so old. */
    private void made(UnreachableServer server, int hoursAgo) {
        update(
                server,
                "update vault.project_key set created_at = now() - interval '" + hoursAgo
                        + " hours' where project_id = ?",
                server.project().value());
    }

    private void change(UnreachableServer server, String name, Goals goals) {
        policies.change(
                server.project(),
                name,
                before -> new Policy(
                        before.id(),
                        before.name(),
                        "",
                        before.databases(),
                        goals,
                        before.keep(),
                        List.of(),
                        List.of()));
    }

    private String message(UnreachableServer server) {
        try {
            policies.keeping(server.project(), server.instance());
            return "a rule";
        } catch (Failure.Skippable e) {
            return e.getMessage();
        }
    }

    private UnreachableServer registered(String name) {
        UnreachableServer server = UnreachableServer.register(registration, name);
        registration.database(
                server.project(),
                server.instance(),
                new NewDatabase(new Name(name), "postgres", List.of(), VacuumSettings.standard()));
        return server;
    }

    private Policy policy(String name, Goals goals) {
        return new Policy(Ids.next(clock), new Name(name), "", List.of("*"), goals, NOTHING, List.of(), List.of());
    }

    private List<Finding> open(UnreachableServer server) {
        return findings.list(server.project(), true, null, null, 100).items();
    }

    private UUID backup(UnreachableServer server, int hoursAgo) {
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
        aged(id, server, hoursAgo);
        return id;
    }

    private void aged(UUID backup, UnreachableServer server, int hoursAgo) {
        update(
                server,
                "update backup.backup set ended_at = now() - interval '" + hoursAgo + " hours' where id = ?",
                backup);
    }

    private void registered(UnreachableServer server, int hoursAgo) {
        update(
                server,
                "update fleet.instance set created_at = now() - interval '" + hoursAgo + " hours' where id = ?",
                server.instance());
    }

    private void update(UnreachableServer server, String statement, UUID id) {
        transactions.run(server.project(), connection -> {
            try (var update = connection.prepareStatement(statement)) {
                update.setObject(1, id);
                assertEquals(1, update.executeUpdate());
            }
        });
    }
}
