package dev.nightshift.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Deleting with a guard, and the way back. */
class DeletionsIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private final String name = "gone-" + UUID.randomUUID().toString().substring(0, 8);
    private final TestProject project = TestProject.create(admin, name);
    private final Postgres server = Postgres.start(17);

    @AfterEach
    void end() {
        server.close();
    }

    private List<JsonObject> deleted() {
        return admin.get(project.path("deleted")).expect(200).items();
    }

    private String restorePath(JsonObject object) {
        return project.path("deleted/" + object.getString("id") + "/restore");
    }

    private static JsonObject of(List<JsonObject> deleted, String kind) {
        return deleted.stream()
                .filter(each -> each.getString("kind").equals(kind))
                .findFirst()
                .orElseThrow(() -> new AssertionError("No " + kind + " in " + deleted));
    }

    @Test
    void aDatabaseComesBackWithTheInstanceThatWentWithIt() {
        project.register("shop", server, "postgres");
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
        admin.get(project.path("databases/shop")).expect(404);

        JsonObject database = of(deleted(), "DATABASE");
        assertEquals("shop", database.getString("name"));
        assertEquals("shop", database.getString("on"));
        assertEquals(
                Duration.ofDays(30),
                Duration.between(
                        Instant.parse(database.getString("deletedAt")), Instant.parse(database.getString("until"))));

        admin.post(restorePath(database)).expect(204);
        JsonObject back = admin.get(project.path("databases/shop")).expect(200).object();
        assertEquals("postgres", back.getString("dbname"));
        admin.get(project.path("instances/shop")).expect(200);
        assertTrue(deleted().isEmpty());
        // The stored login still opens it.
        JsonObject check =
                admin.post(project.path("databases/shop/check")).expect(200).object();
        assertEquals("17", check.getString("serverVersion").substring(0, 2), check::toString);
        admin.post(restorePath(database)).expect(404);
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
    }

    @Test
    void whatHasTakenTheNameMeanwhileStays() {
        project.register("shop", server, "postgres");
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
        project.register("shop", server, "postgres");
        Api.Answer refused = admin.post(restorePath(of(deleted(), "DATABASE"))).expect(409);
        assertTrue(refused.object().getString("detail").contains("shop"), refused.body());
        admin.get(project.path("databases/shop")).expect(200);
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
    }

    @Test
    void aServerThatAnotherProjectHoldsByNowIsNotTakenBack() {
        project.register("shop", server, "postgres");
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
        TestProject other = TestProject.create(admin, name + "-other");
        other.register("shop", server, "postgres");
        Api.Answer refused = admin.post(restorePath(of(deleted(), "DATABASE"))).expect(409);
        assertTrue(refused.object().getString("detail").contains("another project"), refused.body());
        admin.get(project.path("databases/shop")).expect(404);
        admin.get(project.path("instances/shop")).expect(404);
        admin.delete(other.path("databases/shop?confirm=shop")).expect(204);
        admin.post(restorePath(of(deleted(), "DATABASE"))).expect(204);
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
    }

    @Test
    void aProjectGoesByItsNameAndComesBackWithAllThatWasInIt() {
        project.register("shop", server, "postgres");
        String key = admin.post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "ci")
                                .add("project", name)
                                .add("role", "ADMIN")
                                .build())
                .expect(201)
                .object()
                .getString("key");
        Api member = Api.at(nightshift.https()).withKey(key);
        member.delete("api/projects/" + name + "?confirm=" + name).expect(403);
        admin.delete("api/projects/" + name).expect(400);
        admin.delete("api/projects/" + name + "?confirm=other").expect(400);

        admin.delete("api/projects/" + name + "?confirm=" + name).expect(204);
        admin.get("api/projects/" + name).expect(404);
        member.get("api/projects/" + name + "/databases").expect(404);
        assertTrue(member.get("api/projects").expect(200).items().isEmpty());
        // Its name is kept for it.
        Api.Answer taken = admin.post(
                        "api/projects",
                        Json.createObjectBuilder().add("name", name).build())
                .expect(409);
        assertTrue(taken.object().getString("detail").contains(name), taken.body());

        assertTrue(admin.get("api/deleted-projects").expect(200).items().stream()
                .anyMatch(each -> each.getString("name").equals(name)));
        member.post("api/deleted-projects/" + name + "/restore").expect(403);
        admin.post("api/deleted-projects/" + name + "/restore").expect(204);
        member.get("api/projects/" + name + "/databases/shop").expect(200);
        admin.post("api/deleted-projects/" + name + "/restore").expect(404);
        String audited = admin.get("api/audit?project=" + name).expect(200).body();
        assertTrue(audited.contains("project.delete") && audited.contains("project.restore"), audited);
        admin.delete(project.path("databases/shop?confirm=shop")).expect(204);
    }

    @Test
    void aProjectWhoseBackupsAreHeldStays() {
        project.register("shop", server, "postgres");
        project.complete("backup", "shop", JsonValue.EMPTY_JSON_OBJECT);
        Api.Answer refused =
                admin.delete("api/projects/" + name + "?confirm=" + name).expect(409);
        assertTrue(refused.object().getString("detail").contains("A backup of shop is held"), refused.body());
        admin.get("api/projects/" + name).expect(200);
    }
}
