package dev.nightshift.backup.deletion;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** A project with three backups of a server, and three admins who could delete them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TwoPeople {
    final Nightshift nightshift = Nightshift.shared();
    final String projectName;
    /** Of the only database. */
    final String name;

    TestProject project;
    Postgres source;
    Api asks;
    String asksName;
    Api approves;
    Api third;

    TwoPeople(String projectName, String name) {
        this.projectName = projectName;
        this.name = name;
    }

    @BeforeAll
    void threeBackupsAndThreeAdmins() throws Exception {
        project = TestProject.create(nightshift.admin(), projectName);
        source = Postgres.start(18, Map.of("max_wal_senders", "6"));
        project.register(name, source, "postgres");
        for (int each = 1; each <= 3; each++) {
            take();
        }
        asksName = admin();
        asks = Accounts.browser(nightshift, asksName, Accounts.PASSWORD);
        approves = Accounts.browser(nightshift, admin(), Accounts.PASSWORD);
        third = Accounts.browser(nightshift, admin(), Accounts.PASSWORD);
        settled();
    }

    @AfterAll
    void theSourceGoes() {
        source.close();
    }

    String take() {
        return TestProject.figures(project.complete("backup", name, TestProject.parameters("kind", "full")))
                .getString("backup");
    }

    String admin() {
        String login = Accounts.person(nightshift, false);
        nightshift
                .admin()
                .put(project.path("members/" + login), TestProject.parameters("role", "ADMIN"))
                .expect(200);
        return login;
    }

    /** Everybody of now has been who they are for four days. */
    void settled() throws SQLException {
        sql("update access.person set settled_at = now() - interval '4 days'");
        sql("update access.membership set role_since = now() - interval '4 days'");
    }

    void sql(String statement) throws SQLException {
        nightshift.repository().execute(statement);
    }

    JsonObject newest(int count) {
        return Json.createObjectBuilder()
                .add("job", "expire")
                .add("databases", Json.createArrayBuilder().add(name))
                .add(
                        "parameters",
                        Json.createObjectBuilder().add("keepCount", count).add("apply", true))
                .build();
    }

    List<String> kept() {
        return project.backups(name).stream().map(each -> each.getString("id")).toList();
    }

    List<JsonObject> waiting() {
        return asks.get(project.path("deletion-requests?state=waiting"))
                .expect(200)
                .items();
    }

    /** What waits, once the answer says that it does. */
    JsonObject asked(Api.Answer answer) {
        answer.expect(409);
        assertTrue(answer.body().contains("This was not done"), answer::body);
        return waiting().get(0);
    }

    JsonObject expire(int count) {
        return asked(asks.post(project.path("runs"), newest(count)));
    }

    String path(JsonObject request, String what) {
        return project.path("deletion-requests/" + request.getString("id") + what);
    }

    JsonObject approve(JsonObject request) {
        return approves.post(path(request, "/approve")).expect(200).object();
    }

    void refuse(JsonObject request) {
        asks.post(path(request, "/refuse"), JsonValue.EMPTY_JSON_OBJECT).expect(200);
    }

    static JsonObject on(boolean on) {
        return Json.createObjectBuilder().add("on", on).build();
    }

    JsonObject setting() {
        return asks.get(project.path("two-person-deletion")).expect(200).object();
    }
}
