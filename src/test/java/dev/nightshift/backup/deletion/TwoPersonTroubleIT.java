package dev.nightshift.backup.deletion;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3StandIn;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestSchedules;
import dev.nightshift.testing.TestStores;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What was there before two people deleted, what comes between asking and approving, and what cannot be done at all. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoPersonTroubleIT extends TwoPeople {
    private static final String NAME = "contested";
    private static final String PROJECT = "two-in-trouble";
    private static final String STORE = "twofold";
    private static final String LOSS = "api/stores/" + STORE + "/loss";
    private static final Duration SOON = Duration.ofSeconds(30);

    TwoPersonTroubleIT() {
        super(PROJECT, NAME);
    }

    /** A policy of the database, or of all. */
    private static JsonObject policy(String policy, String databases, String more) {
        return json("{'name': '%s', 'databases': ['%s'] %s}".formatted(policy, databases, more));
    }

    private static JsonObject keep(int count) {
        return json("{'keep': {'count': %d}}".formatted(count));
    }

    private Api.Answer change(String policy, JsonObject body) {
        return asks.put(project.path("policies/" + policy), body);
    }

    private int count(String policy) {
        return asks.get(project.path("policies/" + policy))
                .expect(200)
                .object()
                .getJsonObject("policy")
                .getJsonObject("keep")
                .getInt("count");
    }

    private String state(JsonObject request) {
        return asks.get(path(request, "")).expect(200).object().getString("state");
    }

    /** One that will not fire by itself for half an hour. */
    private JsonObject schedule(String schedule, String parameters) {
        return json("""
                {'name': '%s', 'job': 'expire', 'cron': '%d * * * *', 'zone': 'UTC', 'databases': ['%s'], 'parameters': %s}
                """.formatted(
                        schedule,
                        Instant.now().plusSeconds(1800).atOffset(ZoneOffset.UTC).getMinute(),
                        NAME,
                        parameters));
    }

    private JsonObject fired(String schedule) throws SQLException {
        return new TestSchedules(nightshift, project).fired(schedule);
    }

    /** Does something that waits for whoever changes policies, and comes second. */
    private Api.Answer behind(String sql, Supplier<Api.Answer> change) throws SQLException {
        try (Connection first = nightshift.repository().connect("postgres");
                Statement statement = first.createStatement()) {
            first.setAutoCommit(false);
            statement.execute("select pg_advisory_xact_lock(hashtextextended('nightshift policies of '"
                    + " || (select id from fleet.project where name = '" + PROJECT + "'), 0))");
            var second = CompletableFuture.supplyAsync(change);
            Eventually.isTrue("somebody waits for it", SOON, () -> isWaitedFor(statement));
            statement.execute(sql + " and project_id = (select id from fleet.project where name = '" + PROJECT + "')");
            first.commit();
            return second.join();
        }
    }

    private static boolean isWaitedFor(Statement holder) {
        try (ResultSet row = holder.executeQuery("""
                select count(*) from pg_locks w join pg_locks h using (locktype, database, classid, objid, objsubid)
                 where locktype = 'advisory' and h.pid = pg_backend_pid() and h.granted and not w.granted
                """)) {
            row.next();
            return row.getInt(1) > 0;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Order(1)
    void whatWasScheduledBeforeDeletesNothingThatTwoDidNotAgreeOn() throws Exception {
        asks.post(project.path("policies"), policy("thin", NAME, ", 'keep': {'count': 1}"))
                .expect(201);
        asks.post(project.path("schedules"), schedule("two-of-before", "{'keepCount': 1, 'apply': true}"))
                .expect(201);
        asks.post(project.path("schedules"), schedule("two-by-policy", "{'policy': true, 'apply': true}"))
                .expect(201);
        asks.put(project.path("two-person-deletion"), on(true)).expect(200);
        List<String> before = kept();

        JsonObject own = fired("two-of-before");
        List<JsonObject> findings =
                project.api().get(project.path("findings")).expect(200).items();
        JsonObject byPolicy = fired("two-by-policy");
        String ownLog = project.log(own.getString("id"));
        String byPolicyLog = project.log(byPolicy.getString("id"));
        assertAll(
                () -> assertEquals("SKIPPED", own.getString("status"), own::toString),
                () -> assertTrue(ownLog.contains("did not agree on the rule of this run"), ownLog),
                () -> assertTrue(
                        findings.stream()
                                .anyMatch(each ->
                                        each.getString("title").equals("Expire backups of " + NAME + " was skipped")),
                        findings::toString),
                () -> assertEquals("SKIPPED", byPolicy.getString("status"), byPolicy::toString),
                () -> assertTrue(byPolicyLog.contains("has no expiry done"), byPolicyLog),
                () -> assertEquals(before, kept()));
    }

    @Test
    @Order(2)
    void suchAScheduleIsSwitchedOffByWhoeverMayAndNotOnAgain() {
        Api operator = Accounts.member(nightshift, PROJECT, "OPERATOR");
        JsonObject off = json("{'enabled': false}");
        assertFalse(operator.put(project.path("schedules/two-of-before"), off)
                .expect(200)
                .object()
                .getBoolean("enabled"));
        asks.put(project.path("schedules/two-by-policy"), off).expect(200);
        asks.put(project.path("schedules/two-of-before"), json("{'enabled': true}"))
                .expect(400);
        asks.put(project.path("schedules/two-of-before"), json("{'enabled': false, 'cron': '1 1 * * *'}"))
                .expect(400);
    }

    @Test
    @Order(3)
    void whichRequestARunIsOfIsNobodysToSay() {
        JsonObject job = asks.get("api/jobs").expect(200).array().getValuesAs(JsonObject.class).stream()
                .filter(each -> each.getString("name").equals("expire"))
                .findFirst()
                .orElseThrow();
        assertFalse(job.toString().contains("deletionRequest"), job::toString);
        Api.Answer given = asks.post(
                project.path("runs"),
                json("{'job': 'expire', 'databases': ['%s'], 'parameters': {'keepCount': 1, 'deletionRequest': 'x'}}"
                        .formatted(NAME)));
        assertEquals("parameters.deletionRequest", given.expect(400).object().getString("field"));
    }

    @Test
    @Order(4)
    void whatCannotBeDoneWhenItIsApprovedIsOver() {
        JsonObject late = policy(
                "late",
                NAME,
                ", 'keep': {'count': 2}, 'schedules': [{'work': 'EXPIRE', 'cron': '17 3 * * *', 'zone': 'UTC'}]");
        JsonObject request = asked(asks.post(project.path("policies"), late));
        third.post(project.path("policies"), policy("late", NAME, ", 'goals': {'backupHours': 26}"))
                .expect(201);
        Api.Answer failed = approves.post(path(request, "/approve")).expect(409);
        JsonObject over = asks.get(path(request, "")).expect(200).object();
        Api.Answer again = asks.post(project.path("policies"), late).expect(409);
        List<JsonObject> audit = project.api()
                .get("api/audit?action=deletion.fail&project=" + PROJECT)
                .expect(200)
                .items();
        assertAll(
                () -> assertTrue(failed.body().contains("the request is over"), failed::body),
                () -> assertEquals("FAILED", over.getString("state")),
                () -> assertTrue(over.getString("note").contains("a policy named late already"), over::toString),
                () -> assertFalse(over.isNull("decidedBy")),
                () -> assertTrue(approves.post(path(request, "/approve"))
                        .expect(409)
                        .body()
                        .contains("does not wait any more")),
                () -> assertEquals(1, audit.size(), audit::toString),
                () -> assertFalse(again.body().contains("It waits as"), again::body),
                () -> assertEquals(List.of(), waiting(), "what is known to fail is not asked for"));
    }

    @Test
    @Order(5)
    void aNewBackupDoesNotOutgrowAPolicyAndNothingElseThatGoesIsLetPass() throws Exception {
        String oldest = kept().get(2);
        sql("update backup.backup set stored_bytes = 123456789 where id = '" + oldest + "'");
        JsonObject request = asked(change("late", keep(2)));
        assertEquals(1, request.getInt("backups"));
        assertEquals(
                123_456_789, request.getJsonNumber("bytes").longValue(), "the catalogue is asked, and not the store");
        take();
        approve(request);
        assertEquals(2, count("late"));
        assertEquals(4, kept().size());

        asks.put(project.path("backups/" + oldest + "/hold"), TestProject.parameters("reason", "the audit"))
                .expect(200);
        JsonObject less = asked(change("late", keep(1)));
        assertEquals(2, less.getInt("backups"));
        sql("update backup.backup set hold_reason = null, hold_by = null, hold_at = null where id = '" + oldest + "'");
        Api.Answer outgrown = approves.post(path(less, "/approve")).expect(409);
        assertTrue(outgrown.body().contains("More would go"), outgrown::body);
        assertEquals("OUTGROWN", state(less));
        assertEquals(2, count("late"));
    }

    @Test
    @Order(6)
    void twoChangesOfPoliciesAreJudgedOneAfterTheOther() throws Exception {
        approve(asked(asks.delete(project.path("policies/thin?confirm=thin"))));
        asks.post(project.path("policies"), policy("whole", "*", ", 'keep': {'count': 3}"))
                .expect(201);
        JsonObject gone = asked(asks.delete(project.path("policies/late?confirm=late")));
        assertEquals(0, gone.getInt("backups"));
        Api.Answer approved = behind(
                "update backup.policy set keep_count = 1 where name = 'whole'",
                () -> approves.post(path(gone, "/approve")));
        assertTrue(approved.expect(409).body().contains("More would go"), approved::body);
        assertEquals("OUTGROWN", state(gone));

        Api.Answer more =
                behind("update backup.policy set keep_count = 5 where name = 'late'", () -> change("late", keep(3)));
        assertTrue(more.expect(409).body().contains("This was not done"), more::body);
        assertEquals(5, count("late"));
        refuse(waiting().get(0));
    }

    @Test
    @Order(7)
    void aLostStoreIsInTheAuditLogOfTheInstallationAndOfEveryProject() throws Exception {
        try (S3StandIn s3 = S3StandIn.start(0);
                Postgres server = Postgres.start(18, Map.of("max_wal_senders", "6"))) {
            s3.login("all", Nightshift.CREDENTIAL, S3StandIn.Right.values());
            TestProject neighbour = TestProject.create(nightshift.admin(), "two-neighbours");
            neighbour.register("beside", server, "postgres");
            neighbour.complete("backup", "beside", TestProject.none());
            TestStores.define(nightshift.admin(), TestStores.bucket(STORE, S3StandIn.BUCKET, s3.endpoint(), "all"));
            Api one = Accounts.browser(nightshift, Accounts.person(nightshift, true), Accounts.PASSWORD);
            Api other = Accounts.browser(nightshift, Accounts.person(nightshift, true), Accounts.PASSWORD);
            settled();
            // As if both lay there: the catalogue alone is asked
            sql("update backup.backup set store = '" + STORE + "' where project_id in (select id from fleet.project"
                    + " where name in ('" + PROJECT + "', 'two-neighbours'))");
            try {
                JsonObject loss = asked(
                        one.put(LOSS + "?confirm=" + STORE, TestProject.parameters("reason", "the account is closed")));
                other.post(path(loss, "/approve")).expect(200);
                assertTrue(other.get(LOSS).expect(200).object().getBoolean("lost"));
                other.delete(LOSS).expect(200);
            } finally {
                sql("update backup.backup set store = 'local' where store = '" + STORE + "'");
                nightshift.admin().delete("api/stores/" + STORE + "?confirm=" + STORE);
            }
        }
        List<JsonObject> installation = nightshift
                .admin()
                .get("api/audit?action=store.lost&object=" + STORE)
                .expect(200)
                .items();
        assertEquals(
                List.of("", PROJECT, "two-neighbours"),
                installation.stream()
                        .map(each -> each.isNull("project") ? "" : each.getString("project"))
                        .sorted()
                        .toList());
    }
}
