package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.OpenApi;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the description of the API tells whoever reads it. */
class ApiDocumentIT {
    private final Map<String, JsonObject> operations = OpenApi.operations(OpenApi.document(Nightshift.shared()));

    @Test
    void everyOperationIsDescribed() {
        List<String> wanting = new ArrayList<>();
        operations.forEach((name, operation) -> {
            if (operation.getString("summary", "").isEmpty() || !operation.containsKey("tags")) {
                wanting.add(name + ": no summary or no tag");
            }
            operation.getJsonObject("responses").forEach((status, answer) -> {
                if (Set.of("200", "201", "202").contains(status)
                        && !answer.asJsonObject().containsKey("content")) {
                    wanting.add(name + ": nothing is said of what " + status + " answers");
                }
            });
        });
        assertEquals(List.of(), wanting, () -> String.join("\n", wanting));
    }

    @Test
    void theDocumentSaysWhoNeedsNoLoginWhatIsLimitedAndWhatMayBeAsked() {
        List<String> open = new ArrayList<>();
        List<String> limited = new ArrayList<>();
        operations.forEach((name, operation) -> {
            if (operation.containsKey("security")
                    && operation.getJsonArray("security").isEmpty()) {
                open.add(name);
            }
            if (operation.getJsonObject("responses").containsKey("429")) {
                limited.add(name);
            }
        });
        assertEquals(
                List.of("GET /api/login", "GET /api/login/openid", "GET /api/login/openid/callback", "POST /api/login"),
                open);
        assertEquals(List.of("POST /api/login", "PUT /api/me/password"), limited);
        JsonObject runs = Objects.requireNonNull(operations.get("GET /api/projects/{project}/runs"));
        assertTrue(String.valueOf(OpenApi.query(runs).get("status")).contains("RunStatus"), runs::toString);
        JsonObject log = Objects.requireNonNull(operations.get("GET /api/projects/{project}/runs/{id}/log"));
        assertEquals(
                "{\"default\":200,\"maximum\":500,\"minimum\":1,\"type\":\"integer\"}",
                new TreeMap<>(OpenApi.query(log).get("limit"))
                        .entrySet().stream()
                                .map(entry -> "\"" + entry.getKey() + "\":" + entry.getValue())
                                .collect(Collectors.joining(",", "{", "}")));
    }

    @Test
    void theRequestOfARunShowsBothFormsOfAPoint() {
        JsonObject start = Objects.requireNonNull(operations.get("POST /api/projects/{project}/runs"));
        JsonObject examples = start.getJsonObject("requestBody")
                .getJsonObject("content")
                .getJsonObject("application/json")
                .getJsonObject("examples");
        assertEquals(Set.of("backup", "restore"), examples.keySet());
        assertTrue(examples.getJsonObject("restore").toString().contains("{\"to\":{\"time\":"), examples::toString);
    }
}
