package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every operation of the OpenAPI document, asked by everybody. What an operation needs and what it answers to whoever may
 * use it (with no body and made-up ids, so that nothing happens) stands in one table; a new operation needs a row.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationsIT {
    private static final Pattern PARAMETER = Pattern.compile("\\{\\w+}");

    /** Whom an operation serves. */
    private enum Needs {
        NOBODY,
        LOGIN,
        VIEWER,
        OPERATOR,
        ADMIN,
        INSTALLATION,
        /** Of a project, whose own people hear that it takes more. */
        INSTALLATION_WITHIN
    }

    enum Who {
        NOBODY,
        ADMIN_OF_ANOTHER_PROJECT,
        VIEWER,
        OPERATOR,
        ADMIN,
        INSTALLATION_ADMIN;

        /** 0 if admitted, else the status of the refusal. */
        private int refusal(Needs needs, int hidden) {
            if (needs == Needs.NOBODY) {
                return 0;
            }
            if (this == NOBODY) {
                return 401;
            }
            if (needs == Needs.LOGIN || this == INSTALLATION_ADMIN) {
                return 0;
            }
            if (needs == Needs.INSTALLATION) {
                return hidden;
            }
            if (this == ADMIN_OF_ANOTHER_PROJECT) {
                return 404;
            }
            boolean tooLittle = switch (this) {
                case VIEWER -> needs != Needs.VIEWER;
                case OPERATOR -> needs == Needs.ADMIN || needs == Needs.INSTALLATION_WITHIN;
                default -> needs == Needs.INSTALLATION_WITHIN;
            };
            return tooLittle ? 403 : 0;
        }
    }

    /** The answer to whoever may, and to whoever would have to be the installation's admin. */
    private record Row(Needs needs, int answer, int refused) {}

    private static final Map<String, Row> TABLE = new TreeMap<>();

    private static void row(String operation, Needs needs, int answer) {
        row(operation, needs, answer, 403);
    }

    private static void row(String operation, Needs needs, int answer, int refused) {
        TABLE.put(operation, new Row(needs, answer, refused));
    }

    static {
        String project = "/api/projects/{project}";
        row("POST /api/login", Needs.NOBODY, 400);
        row("POST /api/logout", Needs.LOGIN, 204);
        row("GET /api/me", Needs.LOGIN, 200);
        row("PUT /api/me/password", Needs.LOGIN, 403);
        row("GET /api/sessions", Needs.LOGIN, 200);
        row("DELETE /api/sessions", Needs.LOGIN, 403);
        row("DELETE /api/sessions/{session}", Needs.LOGIN, 404);
        row("GET /api/jobs", Needs.LOGIN, 200);
        row("GET /api/projects", Needs.LOGIN, 200);
        row("POST /api/projects", Needs.INSTALLATION, 400);
        row("GET " + project, Needs.VIEWER, 200);
        row("DELETE " + project, Needs.INSTALLATION_WITHIN, 400);
        row("GET " + project + "/deleted", Needs.ADMIN, 200);
        row("POST " + project + "/deleted/{id}/restore", Needs.ADMIN, 404);
        row("GET /api/deleted-projects", Needs.INSTALLATION, 200);
        row("POST /api/deleted-projects/{name}/restore", Needs.INSTALLATION, 404);
        row("GET " + project + "/overview", Needs.VIEWER, 200);
        row("GET " + project + "/instances", Needs.VIEWER, 200);
        row("POST " + project + "/instances", Needs.ADMIN, 400);
        row("GET " + project + "/instances/{instance}", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}", Needs.ADMIN, 404);
        row("DELETE " + project + "/instances/{instance}", Needs.ADMIN, 404);
        row("GET " + project + "/databases", Needs.VIEWER, 200);
        row("POST " + project + "/databases", Needs.ADMIN, 400);
        row("GET " + project + "/databases/{database}", Needs.VIEWER, 404);
        row("PUT " + project + "/databases/{database}", Needs.ADMIN, 404);
        row("DELETE " + project + "/databases/{database}", Needs.ADMIN, 404);
        row("POST " + project + "/databases/{database}/check", Needs.OPERATOR, 404);
        row("POST " + project + "/check", Needs.OPERATOR, 400);
        row("GET " + project + "/runs", Needs.VIEWER, 200);
        row("POST " + project + "/runs", Needs.OPERATOR, 400);
        row("GET " + project + "/runs/{id}", Needs.VIEWER, 404);
        row("GET " + project + "/runs/{id}/log", Needs.VIEWER, 404);
        row("POST " + project + "/runs/{id}/stop", Needs.OPERATOR, 404);
        row("POST " + project + "/runs/{id}/restart", Needs.OPERATOR, 404);
        row("GET " + project + "/backups", Needs.VIEWER, 200);
        row("GET " + project + "/backups/{id}", Needs.VIEWER, 404);
        row("GET " + project + "/backups/{id}/evidence", Needs.VIEWER, 404);
        row("POST " + project + "/recovery-key", Needs.ADMIN, 200);
        row("GET " + project + "/findings", Needs.VIEWER, 200);
        row("GET " + project + "/schedules", Needs.VIEWER, 200);
        row("POST " + project + "/schedules", Needs.OPERATOR, 400);
        row("POST " + project + "/schedules/preview", Needs.OPERATOR, 400);
        row("GET " + project + "/schedules/{schedule}", Needs.VIEWER, 404);
        row("PUT " + project + "/schedules/{schedule}", Needs.OPERATOR, 404);
        row("DELETE " + project + "/schedules/{schedule}", Needs.OPERATOR, 404);
        row("GET " + project + "/members", Needs.VIEWER, 200);
        row("PUT " + project + "/members/{person}", Needs.ADMIN, 400);
        row("DELETE " + project + "/members/{person}", Needs.ADMIN, 404);
        row("GET /api/nodes", Needs.INSTALLATION, 200);
        row("GET /api/people", Needs.INSTALLATION, 200);
        row("POST /api/people", Needs.INSTALLATION, 400);
        row("GET /api/people/{person}", Needs.INSTALLATION, 404);
        row("PUT /api/people/{person}", Needs.INSTALLATION, 404);
        row("DELETE /api/people/{person}", Needs.INSTALLATION, 404);
        row("GET /api/keys", Needs.LOGIN, 200);
        row("POST /api/keys", Needs.LOGIN, 400);
        row("DELETE /api/keys/{key}", Needs.LOGIN, 404);
        row("GET /api/audit", Needs.INSTALLATION, 200, 400);
        row("GET /api/audit/export", Needs.INSTALLATION, 200, 400);
    }

    private final Nightshift nightshift = Nightshift.shared();
    private final Map<Who, Api> callers = new EnumMap<>(Who.class);

    @BeforeAll
    void everybody() {
        TestProject.create(nightshift.admin(), "operations");
        TestProject.create(nightshift.admin(), "operations-elsewhere");
        callers.put(Who.NOBODY, Api.at(nightshift.https()));
        callers.put(Who.ADMIN_OF_ANOTHER_PROJECT, key("operations-elsewhere", "ADMIN"));
        callers.put(Who.VIEWER, key("operations", "VIEWER"));
        callers.put(Who.OPERATOR, key("operations", "OPERATOR"));
        callers.put(Who.ADMIN, key("operations", "ADMIN"));
        callers.put(Who.INSTALLATION_ADMIN, nightshift.admin());
    }

    private Api key(String project, String role) {
        JsonObject made = nightshift
                .admin()
                .post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "operations-" + UUID.randomUUID())
                                .add("project", project)
                                .add("role", role)
                                .build())
                .expect(201)
                .object();
        return Api.at(nightshift.https()).withKey(made.getString("key"));
    }

    private Api caller(Who who) {
        return Objects.requireNonNull(callers.get(who));
    }

    private Map<String, JsonObject> operations() {
        JsonObject paths = nightshift
                .admin()
                .get("openapi?format=JSON")
                .expect(200)
                .object()
                .getJsonObject("paths");
        Map<String, JsonObject> operations = new TreeMap<>();
        paths.forEach((path, item) -> item.asJsonObject().forEach((method, operation) -> {
            if (Set.of("get", "put", "post", "delete", "patch", "head", "options")
                    .contains(method)) {
                operations.put(method.toUpperCase(java.util.Locale.ROOT) + " " + path, operation.asJsonObject());
            }
        }));
        return operations;
    }

    @Test
    void everyOperationHasARowAndTheReverse() {
        assertEquals(TABLE.keySet(), operations().keySet());
    }

    @Test
    void everyOperationIsDescribed() {
        List<String> wanting = new ArrayList<>();
        operations().forEach((name, operation) -> {
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

    @ParameterizedTest
    @EnumSource
    void theAnswersAreThoseOfTheTable(Who who) {
        Api caller = caller(who);
        List<String> wrong = new ArrayList<>();
        TABLE.forEach((operation, row) -> {
            String method = method(operation);
            Api.Answer answer = caller.send(method, path(operation), method.equals("GET") ? null : "{}");
            int refusal = who.refusal(row.needs(), row.refused());
            int expected = refusal == 0 ? row.answer() : refusal;
            if (answer.status() != expected) {
                wrong.add(operation + " by " + who + ": " + answer.status() + " instead of " + expected + " "
                        + answer.body().substring(0, Math.min(200, answer.body().length())));
            }
        });
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
    }

    private static String method(String operation) {
        return operation.substring(0, operation.indexOf(' '));
    }

    /** With made-up ids in it. */
    private static String path(String operation) {
        String path = operation
                .substring(operation.indexOf('/') + 1)
                .replace("{project}", "operations")
                .replace("{id}", UUID.randomUUID().toString())
                .replace("{key}", UUID.randomUUID().toString());
        return PARAMETER.matcher(path).replaceAll("nobody");
    }

    /** The parameters behind the question mark, by name. */
    private static Map<String, JsonObject> query(JsonObject operation) {
        Map<String, JsonObject> found = new TreeMap<>();
        if (operation.containsKey("parameters")) {
            for (JsonObject parameter : operation.getJsonArray("parameters").getValuesAs(JsonObject.class)) {
                if (parameter.getString("in").equals("query")) {
                    found.put(parameter.getString("name"), parameter.getJsonObject("schema"));
                }
            }
        }
        return found;
    }

    @Test
    void aLimitOrAKeyThatIsNoneIsRefusedByItsNameInEveryList() {
        List<String> asked = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        operations().forEach((name, operation) -> {
            for (String parameter : query(operation).keySet()) {
                // Databases and instances go by their names: any text is one
                boolean key = parameter.equals("after") && !name.matches(".*/(databases|instances)");
                if (key || parameter.equals("limit")) {
                    Api.Answer answer = caller(Who.INSTALLATION_ADMIN).get(path(name) + "?" + parameter + "=abc");
                    asked.add(name);
                    if (answer.status() != 400
                            || !answer.object().getString("field").equals(parameter)) {
                        wrong.add(name + " with " + parameter + ": " + answer.status() + " " + answer.body());
                    }
                }
            }
        });
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertEquals(12, asked.size(), asked::toString);
    }

    @Test
    void aBodyThatIsMissingOrNoObjectIsRefusedEverywhereAndIsNoField() {
        List<String> asked = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        operations().forEach((name, operation) -> {
            if (operation.containsKey("requestBody")
                    && Objects.requireNonNull(TABLE.get(name)).answer() == 400) {
                asked.add(name);
                for (String body : List.of("", "null", "[]")) {
                    Api.Answer answer = caller(Who.INSTALLATION_ADMIN).send(method(name), path(name), body);
                    if (answer.status() != 400 || !answer.object().isNull("field")) {
                        wrong.add(name + " with \"" + body + "\": " + answer.status() + " " + answer.body());
                    }
                }
            }
        });
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertEquals(11, asked.size(), asked::toString);
    }

    @Test
    void theDocumentSaysWhoNeedsNoLoginWhatIsLimitedAndWhatMayBeAsked() {
        Map<String, JsonObject> operations = operations();
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
        assertEquals(List.of("POST /api/login"), open);
        assertEquals(List.of("POST /api/login", "PUT /api/me/password"), limited);
        JsonObject runs = Objects.requireNonNull(operations.get("GET /api/projects/{project}/runs"));
        assertTrue(String.valueOf(query(runs).get("status")).contains("RunStatus"), runs::toString);
        JsonObject log = Objects.requireNonNull(operations.get("GET /api/projects/{project}/runs/{id}/log"));
        assertEquals(
                "{\"default\":200,\"maximum\":500,\"minimum\":1,\"type\":\"integer\"}",
                new TreeMap<>(query(log).get("limit"))
                        .entrySet().stream()
                                .map(entry -> "\"" + entry.getKey() + "\":" + entry.getValue())
                                .collect(java.util.stream.Collectors.joining(",", "{", "}")));
    }

    @Test
    void aProjectsPartOfTheAuditIsItsAdminsToRead() {
        String path = "api/audit?project=operations";
        caller(Who.ADMIN).get(path).expect(200);
        caller(Who.ADMIN_OF_ANOTHER_PROJECT).get(path).expect(404);
        caller(Who.VIEWER).get(path).expect(403);
    }

    @Test
    void anotherProjectsAdminHearsOfAProjectWhatIsHeardOfNone() {
        Api stranger = caller(Who.ADMIN_OF_ANOTHER_PROJECT);
        String real = stranger.get("api/projects/operations").expect(404).body();
        String invented =
                stranger.get("api/projects/operations-invented").expect(404).body();
        assertEquals(invented.replace("operations-invented", "operations"), real);
    }
}
