package dev.nightshift.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private final String project = "audited-" + UUID.randomUUID().toString().substring(0, 8);

    AuditIT() {
        TestProject.create(admin, project);
    }

    private JsonObject key(String name) {
        return admin.post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", name)
                                .add("project", project)
                                .add("role", "ADMIN")
                                .build())
                .expect(201)
                .object();
    }

    private List<String> actions(String query) {
        return admin.get("api/audit?project=" + project + query).expect(200).items().stream()
                .map(entry -> entry.getString("action"))
                .toList();
    }

    @Test
    void anEntryIsFoundByItsActionAndItsTime() {
        Instant before = Instant.now();
        JsonObject key = key("ci");
        admin.delete("api/keys/" + key.getString("id")).expect(204);
        assertEquals(List.of("key.revoke", "key.create"), actions("&action=key"));
        assertEquals(List.of("key.create"), actions("&action=key.create"));
        assertEquals(List.of(), actions("&action=ey"));
        assertEquals(List.of("key.revoke", "key.create"), actions("&since=" + before));
        assertEquals(List.of("project.create"), actions("&until=" + before));
        admin.get("api/audit?since=yesterday").expect(400);
    }

    @Test
    void theExportHoldsEverythingThatFitsHoweverManyPagesThatTakes() {
        int keys = 520;
        IntStream.range(0, keys).forEach(i -> key("key " + i));
        Api.Answer export = admin.get("api/audit/export?action=key.create&project=" + project)
                .expect(200);
        List<String> lines = export.body().lines().toList();
        assertEquals("at,who,kind,from,project,action,object,details", lines.get(0));
        assertEquals(keys, lines.size() - 1);
        for (int i = 0; i < keys; i++) {
            String name = "\"\"key " + (keys - 1 - i) + "\"\"";
            assertTrue(lines.get(i + 1).contains(name), lines.get(i + 1));
        }
        assertEquals("text/csv", String.valueOf(export.header("Content-Type")).split(";", -1)[0]);
        assertEquals("attachment; filename=\"audit-" + project + ".csv\"", export.header("Content-Disposition"));
    }

    @Test
    void aProjectsAdminExportsTheirOwnProjectAlone() {
        Api member = Api.at(nightshift.https()).withKey(key("member").getString("key"));
        assertTrue(member.get("api/audit/export?project=" + project)
                .expect(200)
                .body()
                .contains("project.create"));
        member.get("api/audit/export").expect(400);
        member.get("api/audit/export?project=demo").expect(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update audit.entry set who = 'nobody'",
                "delete from audit.entry",
                "truncate audit.entry",
                "alter table audit.entry disable row level security",
                "drop table audit.entry"
            })
    void theApplicationsRoleMayOnlyAppend(String statement) throws SQLException {
        try (Connection app = nightshift.repository().connect("nightshift_app");
                Statement attempt = app.createStatement()) {
            SQLException refused = assertThrows(SQLException.class, () -> attempt.execute(statement));
            assertEquals("42501", refused.getSQLState(), refused.getMessage());
        }
    }
}
