package dev.nightshift.runtime.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.SupportZip;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.nio.file.Files;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SupportIT {
    private static final String PROJECT = "unmistakable-project";
    private static final String DATABASE = "unmistakable-database";

    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void aBundleTellsOfTheInstallationAndNamesNobodysThings() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), PROJECT);
        project.api()
                .post(
                        project.path("databases"),
                        Json.createObjectBuilder()
                                .add("name", DATABASE)
                                .add("host", "db.unmistakable.example")
                                .add("port", 1)
                                .add("user", "unmistakable_role")
                                .add("tlsMode", "disable")
                                .build())
                .expect(201);
        String run = project.start("vacuum", DATABASE, TestProject.none());
        project.ended(run, java.time.Duration.ofMinutes(3));
        String log = Files.readString(nightshift.data().resolve("logs/messages.log"));
        assertTrue(log.contains(DATABASE), "there is something to mask");

        Map<String, String> files = SupportZip.of(nightshift);
        assertEquals(
                Set.of(
                        "about.json",
                        "settings.json",
                        "nodes.json",
                        "runs.json",
                        "schema.json",
                        "health.json",
                        "threads.txt",
                        "messages.log"),
                files.keySet());
        files.forEach((name, text) -> assertFalse(text.contains("unmistakable"), name));
        assertTrue(text(files, "messages.log").contains(run), "the log is there all the same");
        assertTrue(text(files, "threads.txt").contains("SupportBundle"), "every thread is in the dump");
        assertFalse(object(files, "about.json").getString("nightshift").isBlank());
        assertEquals(
                "UP",
                object(files, "health.json")
                        .getJsonArray("live")
                        .getJsonObject(0)
                        .getString("status"));
        assertFalse(array(files, "nodes.json").isEmpty());
        assertTrue(text(files, "schema.json").contains("tenancy-1"), text(files, "schema.json"));
        assertTrue(
                array(files, "runs.json").getValuesAs(JsonObject.class).stream()
                        .anyMatch(each -> each.getString("job").equals("vacuum")),
                text(files, "runs.json"));
        assertEquals(
                "support.export",
                nightshift
                        .admin()
                        .get("api/audit?limit=1")
                        .expect(200)
                        .items()
                        .get(0)
                        .getString("action"));
    }

    private static String text(Map<String, String> files, String name) {
        return Objects.requireNonNull(files.get(name), name);
    }

    private static JsonObject object(Map<String, String> files, String name) {
        try (var reader = Json.createReader(new StringReader(text(files, name)))) {
            return reader.readObject();
        }
    }

    private static JsonArray array(Map<String, String> files, String name) {
        try (var reader = Json.createReader(new StringReader(text(files, name)))) {
            return reader.readArray();
        }
    }
}
