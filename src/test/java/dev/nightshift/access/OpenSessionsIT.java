package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpenSessionsIT {
    private static final String PASSWORD = "a-long-enough-password";

    private final Nightshift nightshift = Nightshift.shared();
    private final String person = "ann-" + UUID.randomUUID().toString().substring(0, 8);

    @BeforeEach
    void aPerson() {
        create(person);
    }

    private void create(String name) {
        nightshift
                .admin()
                .post(
                        "api/people",
                        Json.createObjectBuilder()
                                .add("name", name)
                                .add("password", PASSWORD)
                                .build())
                .expect(201);
    }

    private Api login(String name, String browser) {
        String cookie = Api.at(nightshift.https())
                .with("User-Agent", browser)
                .post(
                        "api/login",
                        Json.createObjectBuilder()
                                .add("name", name)
                                .add("password", PASSWORD)
                                .build())
                .expect(200)
                .header("Set-Cookie");
        return Api.at(nightshift.https())
                .with("Cookie", String.valueOf(cookie).split(";", -1)[0])
                .with("Sec-Fetch-Site", "same-origin");
    }

    private static String idOf(List<JsonObject> sessions, String agent) {
        return sessions.stream()
                .filter(session -> session.getString("agent").equals(agent))
                .map(session -> session.getString("id"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aPersonSeesTheirOwnSessionsAndEndsOne() {
        Api desk = login(person, "Desk/1");
        Api phone = login(person, "Phone/1");
        List<JsonObject> sessions = desk.get("api/sessions").expect(200).items();
        assertEquals(2, sessions.size(), sessions::toString);
        for (JsonObject session : sessions) {
            assertEquals(person, session.getString("person"));
            assertEquals("127.0.0.1", session.getString("from"));
            assertEquals(session.getString("agent").equals("Desk/1"), session.getBoolean("current"));
        }
        desk.delete("api/sessions/" + idOf(sessions, "Phone/1")).expect(204);
        phone.get("api/me").expect(401);
        desk.get("api/me").expect(200);
        String audited = nightshift
                .admin()
                .get("api/audit?object=" + person + "&who=" + person)
                .expect(200)
                .body();
        assertTrue(audited.contains("session.end"), audited);
    }

    @Test
    void allOthersEndAtOnceAndTheOneThatAsksStays() {
        Api desk = login(person, "Desk/1");
        Api phone = login(person, "Phone/1");
        Api tablet = login(person, "Tablet/1");
        phone.delete("api/sessions").expect(204);
        desk.get("api/me").expect(401);
        tablet.get("api/me").expect(401);
        assertEquals(1, phone.get("api/sessions").expect(200).items().size());
    }

    @Test
    void nobodySeesOrEndsTheSessionsOfAnotherButTheInstallationsAdmin() {
        String other = person + "-other";
        create(other);
        Api mine = login(person, "Desk/1");
        Api theirs = login(other, "Desk/2");
        theirs.get("api/sessions?person=" + person).expect(403);
        theirs.get("api/sessions?person=*").expect(403);
        String id = idOf(mine.get("api/sessions").expect(200).items(), "Desk/1");
        theirs.delete("api/sessions/" + id).expect(404);
        mine.get("api/me").expect(200);

        List<JsonObject> seen = nightshift
                .admin()
                .get("api/sessions?person=" + person)
                .expect(200)
                .items();
        assertEquals(
                List.of(id),
                seen.stream().map(session -> session.getString("id")).toList());
        nightshift.admin().get("api/sessions?person=nobody-there").expect(404);
        nightshift.admin().delete("api/sessions/" + id).expect(204);
        mine.get("api/me").expect(401);
        nightshift.admin().delete("api/sessions/" + id).expect(404);
    }
}
