package dev.nightshift.backup.deletion;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Where two people delete, one of them asks, the other one approves, and nothing goes that was not shown. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoPersonDeletionIT extends TwoPeople {
    private static final String NAME = "guarded";
    private static final String PROJECT = "two-people";
    private static final Duration A_MINUTE_AND_MORE = Duration.ofSeconds(150);

    TwoPersonDeletionIT() {
        super(PROJECT, NAME);
    }

    @Test
    @Order(1)
    void onePersonSwitchesItOn() {
        assertFalse(setting().getBoolean("on"));
        JsonObject after = asks.put(project.path("two-person-deletion"), on(true))
                .expect(200)
                .object();
        assertAll(
                () -> assertTrue(after.getBoolean("on")),
                () -> assertEquals(asksName, after.getString("by")),
                () -> assertTrue(after.getInt("admins") >= 3, after::toString),
                () -> assertEquals(6, after.getJsonArray("covers").size(), after::toString));
    }

    @Test
    @Order(2)
    void whatOnePersonAsksForWaitsWithWhatItWouldLeadTo() {
        List<String> before = kept();
        JsonObject request = asked(asks.post(project.path("runs?why=disk%20is%20full"), newest(1)));
        asks.post(project.path("runs"), newest(1)).expect(409);
        JsonObject finding = project.api().get(project.path("findings")).expect(200).items().stream()
                .filter(each -> each.getString("title").equals(asksName + " asks for a deletion"))
                .findFirst()
                .orElseThrow();
        assertAll(
                () -> assertEquals(1, waiting().size(), "asked twice, it waits once"),
                () -> assertEquals(before, kept()),
                () -> assertEquals(2, request.getInt("backups")),
                () -> assertTrue(request.getJsonNumber("bytes").longValue() > 0),
                () -> assertEquals("disk is full", request.getString("why")),
                () -> assertEquals(asksName, request.getString("askedBy")),
                () -> assertFalse(
                        request.getJsonArray("servers").getJsonObject(0).isNull("windowFrom")),
                () -> assertEquals("WARNING", finding.getString("severity")),
                () -> assertFalse(request.getBoolean("mayApprove")),
                () -> assertTrue(request.getString("whyNot").contains("yourself")));
    }

    @Test
    @Order(3)
    void onlyAnotherPersonWhoMayDoItApproves() throws Exception {
        JsonObject request = waiting().get(0);
        Api own = Api.at(nightshift.https()).withKey(key(asks));
        Api young = Accounts.member(nightshift, PROJECT, "ADMIN");
        Api operator = Accounts.member(nightshift, PROJECT, "OPERATOR");
        TestProject other = TestProject.create(nightshift.admin(), "two-other-people");
        Api outside = Accounts.member(nightshift, other.name(), "ADMIN");
        Api nobodys = nightshift.admin();
        assertAll(
                () -> refused(asks, request, "yourself"),
                () -> refused(own, request, "yourself"),
                () -> refused(nobodys, request, "belongs to no person"),
                () -> refused(young, request, "younger than 72 hours"),
                () -> operator.post(path(request, "/approve")).expect(403),
                () -> outside.post(path(request, "/approve")).expect(404),
                () -> outside.post(other.path("deletion-requests/" + request.getString("id") + "/approve"))
                        .expect(404),
                () -> assertEquals(
                        0,
                        outside.get(other.path("deletion-requests"))
                                .expect(200)
                                .items()
                                .size()),
                () -> assertTrue(nobodys.post(project.path("runs"), newest(1))
                        .expect(409)
                        .body()
                        .contains("belongs to no person")),
                () -> assertEquals(3, kept().size()));
    }

    private void refused(Api who, JsonObject request, String because) {
        Api.Answer answer = who.post(path(request, "/approve")).expect(403);
        assertTrue(answer.body().contains(because), answer::body);
    }

    private static String key(Api of) {
        return of.post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "two-" + UUID.randomUUID())
                                .add("project", PROJECT)
                                .add("role", "ADMIN")
                                .build())
                .expect(201)
                .object()
                .getString("key");
    }

    @Test
    @Order(4)
    void whereMoreWouldGoThanWasShownItIsAskedForAnew() {
        JsonObject request = waiting().get(0);
        take();
        Api.Answer answer = approves.post(path(request, "/approve")).expect(409);
        assertAll(
                () -> assertTrue(answer.body().contains("More would go"), answer::body),
                () -> assertEquals(
                        "OUTGROWN",
                        asks.get(path(request, "")).expect(200).object().getString("state")),
                () -> assertEquals(4, kept().size()),
                () -> approves.post(path(request, "/approve")).expect(409));
    }

    @Test
    @Order(5)
    void twoApprovalsAtOnceHaveItDoneOnce() {
        List<String> before = kept();
        JsonObject request = expire(2);
        var one = CompletableFuture.supplyAsync(() -> approves.post(path(request, "/approve")));
        var other = CompletableFuture.supplyAsync(() -> third.post(path(request, "/approve")));
        assertEquals(
                List.of(200, 409),
                List.of(one.join(), other.join()).stream()
                        .map(Api.Answer::status)
                        .sorted()
                        .toList(),
                () -> one.join() + " " + other.join());
        JsonObject decided = asks.get(path(request, "")).expect(200).object();
        List<JsonObject> runs =
                project.api().get(project.path("runs?job=expire")).expect(200).items();
        assertAll(
                () -> assertEquals("APPROVED", decided.getString("state")),
                () -> assertEquals(1, runs.size(), runs::toString),
                () -> assertTrue(decided.getString("note").contains(runs.get(0).getString("id")), decided::toString));
        project.completed(runs.get(0).getString("id"));
        assertEquals(before.subList(0, 2), kept());
    }

    @Test
    @Order(6)
    void aRunDeletesNothingThatItsRequestDidNotShow() throws Exception {
        take();
        JsonObject request = expire(2);
        String node = "api/nodes/"
                + nightshift
                        .admin()
                        .get("api/nodes")
                        .expect(200)
                        .array()
                        .getJsonObject(0)
                        .getString("id");
        nightshift.admin().post(node + "/drain").expect(200);
        JsonObject run;
        try {
            approve(request);
            run = project.api()
                    .get(project.path("runs?job=expire"))
                    .expect(200)
                    .items()
                    .get(0);
            // As if what it showed had been kept and another one had grown too old before the run began
            sql("update backup.deletion_request set shown = jsonb_set(shown, '{servers,0,backups}', '[]') where id = '"
                    + request.getString("id") + "'");
        } finally {
            nightshift.admin().post(node + "/resume").expect(200);
        }
        JsonObject ended = project.completed(run.getString("id"));
        assertEquals(0, TestProject.figures(ended).getInt("backupsGoing"));
        assertEquals(3, kept().size());
    }

    @Test
    @Order(7)
    void aPolicyThatKeepsLessWaitsAndOneThatKeepsMoreDoesNot() {
        JsonObject added = asked(asks.post(project.path("policies"), policy(2)));
        assertEquals(1, added.getInt("backups"));
        approve(added);
        asks.put(project.path("policies/held"), policy(3)).expect(200);
        JsonObject less = asked(asks.put(project.path("policies/held"), policy(1)));
        assertEquals(2, less.getInt("backups"));
        refuse(less);
        approves.post(path(less, "/approve")).expect(409);
        // One that answers for nobody yet may for somebody tomorrow
        JsonObject expires = asked(asks.post(
                project.path("policies"),
                Json.createObjectBuilder()
                        .add("name", "lax")
                        .add("databases", Json.createArrayBuilder().add("*"))
                        .add("keep", Json.createObjectBuilder().add("count", 1))
                        .add(
                                "schedules",
                                Json.createArrayBuilder()
                                        .add(Json.createObjectBuilder()
                                                .add("work", "EXPIRE")
                                                .add("cron", "17 3 * * *")
                                                .add("zone", "UTC")))
                        .build()));
        assertEquals(0, expires.getInt("backups"));
        refuse(expires);

        JsonObject gone = asked(asks.delete(project.path("policies/held?confirm=held")));
        assertEquals(
                3,
                asks.get(project.path("policies/held"))
                        .expect(200)
                        .object()
                        .getJsonObject("policy")
                        .getJsonObject("keep")
                        .getInt("count"));
        approve(gone);
        asks.get(project.path("policies/held")).expect(404);
    }

    private static JsonObject policy(int count) {
        return Json.createObjectBuilder()
                .add("name", "held")
                .add("databases", Json.createArrayBuilder().add(NAME))
                .add("keep", Json.createObjectBuilder().add("count", count))
                .build();
    }

    @Test
    @Order(8)
    void aHoldIsReleasedByTwoWhoLogIn() throws Exception {
        String backup = kept().get(2);
        asks.put(project.path("backups/" + backup + "/hold"), TestProject.parameters("reason", "the audit"))
                .expect(200);
        JsonObject request = asked(asks.delete(project.path("backups/" + backup + "/hold")));
        assertFalse(project.backup(backup).isNull("hold"));
        refused(Api.at(nightshift.https()).withKey(key(approves)), request, "people approve");
        approve(request);
        assertTrue(project.backup(backup).isNull("hold"));
    }

    @Test
    @Order(9)
    void keysStoresAndSchedulesAreCoveredToo() {
        String old = asks.get(project.path("keys")).expect(200).items().get(0).getString("id");
        asks.post(project.path("keys/rotate")).expect(200);
        Api.Answer key =
                asks.delete(project.path("keys/" + old + "?confirm=" + old)).expect(409);
        assertAll(
                () -> assertTrue(key.body().contains("backups and"), key::body),
                () -> assertEquals(List.of(), waiting(), "what cannot be done is not asked for"));

        Api installation = Accounts.browser(nightshift, Accounts.person(nightshift, true), Accounts.PASSWORD);
        JsonObject loss = asked(installation.put(
                "api/stores/local/loss?confirm=local", TestProject.parameters("reason", "the disk is gone")));
        assertAll(
                () -> assertEquals(3, loss.getInt("elsewhere"), loss::toString),
                () -> refused(approves, loss, "installation admin"));
        refuse(loss);

        JsonObjectBuilder schedule = Json.createObjectBuilder(newest(1))
                .add("name", "sly")
                .add("cron", "* * * * *")
                .add("zone", "UTC");
        asks.post(project.path("schedules"), schedule.build()).expect(400);
    }

    @Test
    @Order(10)
    void aRequestRunsOut() throws Exception {
        JsonObject request = expire(1);
        sql("update backup.deletion_request set until = now() - interval '1 second' where id = '"
                + request.getString("id") + "'");
        approves.post(path(request, "/approve")).expect(409);
        Eventually.isTrue(
                "run out",
                A_MINUTE_AND_MORE,
                () -> asks.get(path(request, ""))
                        .expect(200)
                        .object()
                        .getString("state")
                        .equals("RUN_OUT"));
        assertEquals(3, kept().size());
    }

    @Test
    @Order(11)
    void switchingItOffTakesTwo() {
        JsonObject request = asked(asks.put(project.path("two-person-deletion"), on(false)));
        assertTrue(setting().getBoolean("on"));
        approve(request);
        assertFalse(setting().getBoolean("on"));
        JsonObject run = asks.post(project.path("runs"), newest(1)).expect(202).object();
        project.completed(run.getString("id"));
        assertEquals(1, kept().size());
    }

    @Test
    @Order(12)
    void allOfItIsInTheAuditLog() {
        List<String> actions =
                project.api().get("api/audit?limit=500&action=deletion&project=" + PROJECT).expect(200).items().stream()
                        .map(each -> each.getString("action"))
                        .distinct()
                        .sorted()
                        .toList();
        assertEquals(
                List.of("deletion.approve", "deletion.ask", "deletion.outgrow", "deletion.refuse", "deletion.run-out"),
                actions);
    }
}
