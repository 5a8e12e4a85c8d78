package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PersonalDataIT {
    private static final String PASSWORD = "a-long-enough-password";

    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private final String suffix = UUID.randomUUID().toString().substring(0, 8);
    private final String person = "eve-" + suffix;
    private final String project = "personal-" + suffix;

    PersonalDataIT() {
        TestProject.create(admin, project);
        admin.post(
                        "api/people",
                        Json.createObjectBuilder()
                                .add("name", person)
                                .add("displayName", "Eve Example " + suffix)
                                .add("password", PASSWORD)
                                .build())
                .expect(201);
        admin.put(
                        "api/projects/" + project + "/members/" + person,
                        Json.createObjectBuilder().add("role", "ADMIN").build())
                .expect(200);
    }

    private Api login() {
        String cookie = Api.at(nightshift.https())
                .with("User-Agent", "Browser of " + person)
                .post(
                        "api/login",
                        Json.createObjectBuilder()
                                .add("name", person)
                                .add("password", PASSWORD)
                                .build())
                .expect(200)
                .header("Set-Cookie");
        return Api.at(nightshift.https())
                .with("Cookie", String.valueOf(cookie).split(";", -1)[0])
                .with("Sec-Fetch-Site", "same-origin");
    }

    @Test
    void aPersonTakesHomeWhatIsKeptOfThemAndOfNobodyElse() {
        Api eve = login();
        eve.post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "eves")
                                .add("project", project)
                                .add("role", "VIEWER")
                                .build())
                .expect(201);
        Api.Answer answer = eve.get("api/people/" + person + "/data").expect(200);
        JsonObject data = answer.object();
        assertEquals(person, data.getString("name"));
        assertEquals(
                "eves",
                data.getJsonObject("records")
                        .getJsonArray("keysMade")
                        .getJsonObject(0)
                        .getString("name"));
        assertEquals("ADMIN", data.getJsonObject("roles").getString(project));
        assertEquals(
                "Browser of " + person,
                data.getJsonArray("sessions").getJsonObject(0).getString("agent"));
        List<String> actions =
                data.getJsonObject("records").getJsonArray("auditEntries").getValuesAs(JsonObject.class).stream()
                        .map(entry -> entry.getString("action"))
                        .toList();
        assertEquals(List.of("key.create", "login"), actions);
        assertFalse(answer.body().contains("hash"), "nothing that could log in");
        assertEquals("attachment; filename=\"nightshift-" + person + ".json\"", answer.header("Content-Disposition"));
        eve.get("api/people/admin/data").expect(403);
        admin.get("api/people/" + person + "/data").expect(200);
    }

    @Test
    void anErasedPersonIsNamedNowhereAndTheirDeedsStay() throws SQLException {
        Api eve = login();
        String key = eve.post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "eves-" + suffix)
                                .add("project", project)
                                .add("role", "VIEWER")
                                .build())
                .expect(201)
                .object()
                .getString("id");
        String run = declaredDeadTwiceBy(eve);
        String path = "api/people/" + person + "/data";
        assertEquals(
                List.of("declare-dead", "restart", "declare-dead", "start"),
                eve
                        .get(path)
                        .expect(200)
                        .object()
                        .getJsonObject("records")
                        .getJsonArray("runs")
                        .getValuesAs(JsonObject.class)
                        .stream()
                        .filter(deed -> deed.getString("run").equals(run)
                                && deed.getString("job").equals("vacuum")
                                && deed.getString("project").equals(project))
                        .map(deed -> deed.getString("did"))
                        .toList());
        eve.delete(path + "?confirm=" + person).expect(403);
        admin.delete(path).expect(400);
        admin.delete(path + "?confirm=" + person).expect(204);

        eve.get("api/me").expect(401);
        admin.get("api/people/" + person).expect(404);
        assertFalse(admin.get("api/people").expect(200).body().contains(suffix));
        admin.delete(path + "?confirm=" + person).expect(404);
        List<JsonObject> entries = admin.get("api/audit?project=" + project + "&object=" + key)
                .expect(200)
                .items();
        assertEquals(1, entries.size());
        String pseudonym = entries.get(0).getString("who");
        assertTrue(pseudonym.startsWith("erased-"), pseudonym);
        assertTrue(entries.get(0).isNull("from"), "nor where they came from");
        assertEquals(List.of(), tablesThatName(person));
        JsonObject dead = TestProject.of(admin, project).run(run);
        assertEquals("Declared dead by " + pseudonym + ": once more", dead.getString("reason"));
        assertEquals(pseudonym, dead.getJsonArray("attempts").getJsonObject(1).getString("by"));
        // The name is free again, and whoever takes it does not inherit.
        admin.post(
                        "api/people",
                        Json.createObjectBuilder()
                                .add("name", person)
                                .add("password", PASSWORD)
                                .build())
                .expect(201);
        assertTrue(login().get("api/projects").expect(200).items().isEmpty());
    }

    /** A run on a server that does not answer, restarted in between. */
    private String declaredDeadTwiceBy(Api eve) {
        String path = "api/projects/" + project + "/";
        eve.post(
                        path + "databases",
                        Json.createObjectBuilder()
                                .add("name", "one")
                                .add("dbname", "postgres")
                                .add("host", "127.0.0.1")
                                .add("port", 1)
                                .add("user", "nobody")
                                .add("password", "secret")
                                .add("tlsMode", "disable")
                                .build())
                .expect(201);
        TestProject mine = TestProject.of(eve, project);
        String run = mine.start("vacuum", "one", TestProject.none());
        declareDead(mine, run, "it hangs");
        eve.post(path + "runs/" + run + "/restart").expect(202);
        declareDead(mine, run, "once more");
        eve.post(path + "runs/" + run + "/declare-dead", why("and again")).expect(409);
        return run;
    }

    private static void declareDead(TestProject project, String run, String why) {
        Eventually.isTrue(
                "run " + run + " is under way",
                Duration.ofSeconds(30),
                () -> project.run(run).getString("status").equals("STARTED"));
        String path = project.path("runs/" + run + "/declare-dead");
        project.api().post(path, why(" ")).expect(400);
        assertEquals(
                "LOST", project.api().post(path, why(why)).expect(200).object().getString("status"));
    }

    private static JsonObject why(String words) {
        return Json.createObjectBuilder().add("why", words).build();
    }

    /** Looks through every text of every table, so that a new one that keeps names is found. */
    private List<String> tablesThatName(String name) throws SQLException {
        List<String> named = new ArrayList<>();
        try (Connection owner = nightshift.repository().connect("postgres");
                Statement tables = owner.createStatement();
                ResultSet rows = tables.executeQuery("""
                        select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                        """)) {
            while (rows.next()) {
                String table = rows.getString(1);
                try (Statement look = owner.createStatement();
                        ResultSet found = look.executeQuery(
                                "select 1 from " + table + " t where t::text like '%" + name + "%' limit 1")) {
                    if (found.next()) {
                        named.add(table);
                    }
                }
            }
        }
        return named;
    }

    @Test
    void nobodyErasesThemselves() {
        admin.put(
                        "api/people/" + person,
                        Json.createObjectBuilder()
                                .add("installationAdmin", true)
                                .build())
                .expect(200);
        Api.Answer refused = login().delete("api/people/" + person + "/data?confirm=" + person)
                .expect(409);
        assertTrue(refused.object().getString("detail").contains("themselves"), refused.body());
        admin.get("api/people/" + person).expect(200);
    }
}
