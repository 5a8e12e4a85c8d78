package dev.nightshift.access;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a change over REST takes, keeps and refuses. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChangesIT {
    private static final int DATABASES = 7;

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;

    @BeforeAll
    void databasesOnAServerThatIsNotThere() {
        project = TestProject.create(nightshift.admin(), "changes");
        for (int n = 1; n <= DATABASES; n++) {
            String where = n == 1
                    ? "'host': '127.0.0.1', 'port': 1, 'user': 'nightshift', 'tlsMode': 'disable'"
                    : "'instance': 'base-1'";
            send("POST", "databases", "{'name': 'base-" + n + "', 'dbname': 'base" + n + "', " + where + "}")
                    .expect(201);
        }
    }

    private Api.Answer send(String method, String path, String body) {
        return project.api().send(method, project.path(path), body.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource({
        "host, 'other'",
        "port, 5432",
        "user, 'other'",
        "password, 'secret'",
        "passwordFile, '/etc/hostname'",
        "passwordVariable, 'NIGHTSHIFT_CREDENTIAL_TEST'",
        "tlsMode, 'require'",
        "rootCertificate, '/etc/hostname'",
        "clientCertificate, '/etc/hostname'",
        "clientKey, '/etc/hostname'",
        "maintenanceDatabase, 'other'"
    })
    void whatBelongsToTheInstanceIsRefusedByItsNameInADatabase(String field, String value) {
        String json = value.matches("\\d+") ? value : "'" + value + "'";
        JsonObject changed = send("PUT", "databases/base-2", "{'" + field + "': " + json + "}")
                .expect(400)
                .object();
        assertEquals(field, changed.getString("field"));
        assertTrue(changed.getString("detail").contains("change the instance"), changed::toString);
        JsonObject made = send(
                        "POST", "databases", "{'name': 'more', 'instance': 'base-1', '" + field + "': " + json + "}")
                .expect(400)
                .object();
        assertEquals(field, made.getString("field"));
    }

    @Test
    void aDatabaseKeepsWhatAChangeLeavesOut() {
        send("PUT", "databases/base-3", "{'tags': ['gold'], 'vacuum': {'deadPercent': 33}}")
                .expect(200);
        JsonObject after = send("PUT", "databases/base-3", "{'vacuum': {'floorRows': 5}}")
                .expect(200)
                .object();
        assertEquals("[\"gold\"]", after.getJsonArray("tags").toString());
        assertEquals(33, after.getJsonObject("vacuum").getInt("deadPercent"));
    }

    @Test
    void aScheduleThatIsOffStaysOffAndKeepsEverythingThatAChangeLeavesOut() {
        send("POST", "schedules", """
                        {'name': 'nightly', 'job': 'vacuum', 'cron': '0 2 * * *', 'zone': 'Europe/Vienna',
                         'databases': ['base-1', 'base-2'], 'parameters': {'maxMinutes': 7}, 'enabled': false}
                        """).expect(201);
        JsonObject before =
                project.api().get(project.path("schedules/nightly")).expect(200).object();
        JsonObject after = send("PUT", "schedules/nightly", "{'name': 'nightly', 'cron': '0 3 * * *'}")
                .expect(200)
                .object();
        assertFalse(after.getBoolean("enabled"));
        assertEquals(Json.createObjectBuilder(before).add("cron", "0 3 * * *").build(), after);
        assertEquals(
                "name",
                send("PUT", "schedules/nightly", "{'name': 'weekly'}")
                        .expect(400)
                        .object()
                        .getString("field"));
        project.api().delete(project.path("schedules/nightly")).expect(400);
        project.api().delete(project.path("schedules/nightly?confirm=nightly")).expect(204);
        project.api().delete(project.path("schedules/nightly?confirm=nightly")).expect(404);
    }

    @Test
    void aPersonsNameNeverChanges() {
        String name = "person-" + UUID.randomUUID();
        nightshift
                .admin()
                .post("api/people", json("{'name': '" + name + "', 'password': 'a-long-enough-one'}"))
                .expect(201);
        Api.Answer refused = nightshift.admin().put("api/people/" + name, json("{'name': 'another'}"));
        assertEquals("name", refused.expect(400).object().getString("field"));
    }

    @Test
    void aListCountsTheTargetsOfARunAndTheRunItselfNamesThem() {
        String run = project.start("vacuum", "*", TestProject.none());
        JsonObject listed = project.api()
                .get(project.path("runs?job=vacuum&status=&limit=1"))
                .expect(200)
                .items()
                .get(0);
        assertEquals(run, listed.getString("id"));
        assertFalse(listed.containsKey("targets"), listed::toString);
        JsonObject summary = listed.getJsonObject("summary");
        assertEquals(
                DATABASES,
                summary.getJsonObject("targets").values().stream()
                        .mapToInt(count -> Integer.parseInt(count.toString()))
                        .sum());
        assertEquals(DATABASES, summary.getInt("databaseCount"));
        assertEquals(5, summary.getJsonArray("databases").size());
        assertEquals(DATABASES, project.run(run).getJsonArray("targets").size());
        project.api().post(project.path("runs/" + run + "/stop"));
    }
}
