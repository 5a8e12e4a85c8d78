package dev.nightshift.access;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Real ids of one project's objects in the hands of another project's admin, who asks for them where they may ask: under
 * their own project. {@link OperationsIT} shows that they do not get into the other one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherProjectsObjectsIT {
    private static final String OWN = "objects";
    private static final String OTHER = "objects-elsewhere";

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Api stranger;
    private String run;

    @BeforeAll
    void objects() {
        project = TestProject.create(nightshift.admin(), OWN);
        TestProject.create(nightshift.admin(), OTHER);
        stranger = Accounts.key(nightshift, OTHER, "ADMIN");
        nightshift.admin().post(project.path("databases"), json("""
                        {'name': 'base', 'host': '127.0.0.1', 'port': 1, 'user': 'nightshift', 'tlsMode': 'disable'}
                        """)).expect(201);
        nightshift.admin().post(project.path("schedules"), json("""
                        {'name': 'nightly', 'job': 'vacuum', 'cron': '0 2 * * *', 'zone': 'UTC', 'databases': ['base'],
                         'enabled': false}
                        """)).expect(201);
        run = project.start("vacuum", "base", TestProject.none());
        project.ended(run, Duration.ofMinutes(2));
    }

    @Test
    void areNotFoundUnderOnesOwnProjectAndStayAsTheyAre() {
        nightshift.awaitDemoRound();
        String backup = TestProject.of(nightshift.admin(), "demo")
                .backups("demo")
                .get(0)
                .getString("id");
        List<String> mine = List.of("databases/base", "instances/base", "schedules/nightly", "runs/" + run);
        List<String> before = mine.stream()
                .map(path ->
                        nightshift.admin().get(project.path(path)).expect(200).body())
                .toList();
        List<String> wrong = new ArrayList<>();
        for (String asked : List.of(
                "GET databases/base",
                "PUT databases/base",
                "DELETE databases/base?confirm=base",
                "POST databases/base/check",
                "GET instances/base",
                "PUT instances/base",
                "DELETE instances/base?confirm=base",
                "GET schedules/nightly",
                "PUT schedules/nightly",
                "DELETE schedules/nightly?confirm=nightly",
                "GET runs/" + run,
                "GET runs/" + run + "/log",
                "POST runs/" + run + "/stop",
                "POST runs/" + run + "/restart",
                "POST runs/" + run + "/declare-dead",
                "GET backups/" + backup,
                "GET backups/" + backup + "/evidence",
                "GET backups/" + backup + "/objects")) {
            String method = asked.split(" ", 2)[0];
            String path = "api/projects/" + OTHER + "/" + asked.split(" ", 2)[1];
            Api.Answer answer = stranger.send(method, path, method.equals("GET") ? null : "{}");
            if (answer.status() != 404 || answer.body().contains("There is no project")) {
                wrong.add(asked + ": " + answer.status() + " " + answer.body());
            }
        }
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertEquals(
                before,
                mine.stream()
                        .map(path -> nightshift
                                .admin()
                                .get(project.path(path))
                                .expect(200)
                                .body())
                        .toList());
    }

    @Test
    void areNotFoundByTheirNamesInABodyOrAFilterEither() {
        String path = "api/projects/" + OTHER + "/";
        assertEquals(
                "databases[0]",
                stranger.post(path + "runs", json("{'job': 'vacuum', 'databases': ['base']}"))
                        .expect(400)
                        .object()
                        .getString("field"));
        assertEquals(
                "instance",
                stranger.post(path + "databases", json("{'name': 'mine', 'instance': 'base'}"))
                        .expect(400)
                        .object()
                        .getString("field"));
        assertEquals(
                "instance",
                stranger.post(path + "check", json("{'dbname': 'mine', 'instance': 'base'}"))
                        .expect(400)
                        .object()
                        .getString("field"));
        assertEquals(List.of(), stranger.get(path + "runs?database=base").items());
        assertEquals(List.of(), stranger.get(path + "backups?database=demo").items());
        assertEquals(List.of(), stranger.get("api/keys?project=" + OWN).items());
        stranger.get("api/audit?project=" + OWN).expect(404);
    }

    @Test
    void includeKeysWhichOnlyTheProjectsAdminsSeeMakeAndRevoke() {
        Api admin = Accounts.key(nightshift, OWN, "ADMIN");
        JsonObject wanted = json("{'name': 'more', 'project': '" + OWN + "', 'role': 'VIEWER'}");
        JsonObject key = admin.post("api/keys", wanted).expect(201).object();
        Api holder = Api.at(nightshift.https()).withKey(key.getString("key"));
        for (Api other : List.of(
                stranger,
                holder,
                Accounts.key(nightshift, OWN, "OPERATOR"),
                Accounts.member(nightshift, OWN, "OPERATOR"),
                Accounts.member(nightshift, OTHER, "ADMIN"))) {
            int refused = other.post("api/keys", wanted).status();
            assertTrue(refused == 403 || refused == 400, "making: " + refused); // 400: no such project
            assertFalse(other.get("api/keys").expect(200).body().contains(key.getString("id")), "listing");
            other.delete("api/keys/" + key.getString("id")).expect(404);
        }
        holder.get("api/me").expect(200);
        assertTrue(admin.get("api/keys").expect(200).body().contains(key.getString("id")));
        admin.delete("api/keys/" + key.getString("id")).expect(204);
        holder.get("api/me").expect(401);
    }

    @Test
    void aProjectsAdminMakesNobodyAnAdminOfTheInstallation() {
        Api admin = Accounts.member(nightshift, OWN, "ADMIN");
        admin.post("api/keys", json("{'name': 'all', 'installationAdmin': true}"))
                .expect(403);
        admin.post(
                        "api/keys",
                        json("{'name': 'all', 'installationAdmin': true, 'project': '" + OWN + "', 'role': 'ADMIN'}"))
                .expect(400);
        // What a body says beyond its fields is not taken over into the object
        JsonObject key = admin.post(
                        "api/keys",
                        json("{'name': 'x', 'project': '" + OWN + "', 'role': 'VIEWER', 'id': '" + UUID.randomUUID()
                                + "', 'createdBy': 'nobody', 'key': 'ns_chosen', 'projectId': '1'}"))
                .expect(201)
                .object();
        assertFalse(key.getString("createdBy").equals("nobody"));
        assertFalse(key.getString("key").equals("ns_chosen"));
        assertFalse(key.getBoolean("installationAdmin"));
    }
}
