package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.OpenApi;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every operation of the OpenAPI document, asked by everybody: without a login, from another project and from its own, with
 * a key and with a browser's cookie. What an operation needs and what it answers to whoever may use it (with no body and
 * made-up ids, so that nothing happens) stands in one table; a new operation needs a row. What the others must hear
 * follows: 401 without a login, 404 from another project, 403 for too small a role.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationsIT {
    /** Whom an operation serves. */
    private enum Needs {
        NOBODY,
        LOGIN,
        VIEWER,
        OPERATOR,
        ADMIN,
        /** A key that reads log, or an admin. */
        LOG_READER,
        /** A key that ships log, or an admin. */
        LOG_SHIPPER,
        INSTALLATION,
        /** Of a project, whose own people hear that it takes more. */
        INSTALLATION_WITHIN
    }

    enum Who {
        NOBODY,
        VIEWER_OF_ANOTHER_PROJECT,
        OPERATOR_OF_ANOTHER_PROJECT,
        ADMIN_OF_ANOTHER_PROJECT,
        VIEWER,
        OPERATOR,
        ADMIN,
        LOG_READER,
        LOG_SHIPPER,
        LOG_READER_OF_ANOTHER_PROJECT,
        INSTALLATION_ADMIN;

        private boolean isElsewhere() {
            return name().endsWith("_OF_ANOTHER_PROJECT");
        }

        /** Only keys are. */
        private boolean isOfLog() {
            return name().startsWith("LOG_");
        }

        /** 0 if admitted, else the status of the refusal. */
        private int refusal(Needs needs, int hidden) {
            if (isOfLog() && (needs == Needs.NOBODY || needs == Needs.LOGIN || needs == Needs.INSTALLATION)) {
                return 403; // not even what everybody may
            }
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
            if (isElsewhere()) {
                return 404;
            }
            boolean tooLittle = switch (this) {
                case LOG_READER -> needs != Needs.LOG_READER;
                case LOG_SHIPPER -> needs != Needs.LOG_READER && needs != Needs.LOG_SHIPPER;
                case VIEWER -> needs != Needs.VIEWER;
                case OPERATOR -> needs != Needs.VIEWER && needs != Needs.OPERATOR;
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
        row("GET /api/login", Needs.NOBODY, 200);
        row("GET /api/login/openid", Needs.NOBODY, 404);
        row("GET /api/login/openid/callback", Needs.NOBODY, 404);
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
        row("GET " + project + "/retention", Needs.VIEWER, 200);
        row("PUT " + project + "/retention", Needs.ADMIN, 200);
        row("GET /api/deleted-projects", Needs.INSTALLATION, 200);
        row("POST /api/deleted-projects/{name}/restore", Needs.INSTALLATION, 404);
        row("GET " + project + "/overview", Needs.VIEWER, 200);
        row("GET " + project + "/instances", Needs.VIEWER, 200);
        row("POST " + project + "/instances", Needs.ADMIN, 400);
        row("GET " + project + "/instances/{instance}", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}", Needs.ADMIN, 404);
        row("DELETE " + project + "/instances/{instance}", Needs.ADMIN, 404);
        row("PUT " + project + "/backups/{id}/hold", Needs.OPERATOR, 400);
        row("DELETE " + project + "/backups/{id}/hold", Needs.ADMIN, 404);
        row("GET " + project + "/instances/{instance}/wal", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}/wal", Needs.ADMIN, 404);
        row("GET " + project + "/instances/{instance}/wal/{file}", Needs.LOG_READER, 404);
        row("PUT " + project + "/instances/{instance}/wal/{file}", Needs.LOG_SHIPPER, 404);
        row("POST " + project + "/instances/{instance}/wal-check", Needs.OPERATOR, 404);
        row("DELETE " + project + "/instances/{instance}/slots/{slot}", Needs.ADMIN, 404);
        row("GET " + project + "/instances/{instance}/adopted-backups", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}/adopted-backups/{tool}", Needs.OPERATOR, 404);
        row("DELETE " + project + "/instances/{instance}/adopted-backups/{tool}", Needs.OPERATOR, 404);
        row("GET " + project + "/adopted-backups", Needs.VIEWER, 200);
        row("GET " + project + "/databases", Needs.VIEWER, 200);
        row("POST " + project + "/databases", Needs.ADMIN, 400);
        row("GET " + project + "/databases/{database}", Needs.VIEWER, 404);
        row("PUT " + project + "/databases/{database}", Needs.ADMIN, 404);
        row("DELETE " + project + "/databases/{database}", Needs.ADMIN, 404);
        row("POST " + project + "/databases/{database}/check", Needs.OPERATOR, 404);
        row("POST " + project + "/databases/{database}/restore-plan", Needs.VIEWER, 404);
        row("GET " + project + "/databases/{database}/drills", Needs.VIEWER, 404);
        row("GET " + project + "/databases/{database}/recovery-window", Needs.VIEWER, 404);
        row("POST " + project + "/check", Needs.OPERATOR, 400);
        row("GET " + project + "/runs", Needs.VIEWER, 200);
        row("POST " + project + "/runs", Needs.OPERATOR, 400);
        row("GET " + project + "/runs/last", Needs.VIEWER, 400);
        row("POST " + project + "/runs/stop", Needs.OPERATOR, 400);
        row("POST " + project + "/runs/restart", Needs.OPERATOR, 400);
        row("GET " + project + "/runs/{id}", Needs.VIEWER, 404);
        row("GET " + project + "/runs/{id}/log", Needs.VIEWER, 404);
        row("POST " + project + "/runs/{id}/stop", Needs.OPERATOR, 404);
        row("POST " + project + "/runs/{id}/restart", Needs.OPERATOR, 404);
        row("POST " + project + "/runs/{id}/declare-dead", Needs.OPERATOR, 404);
        row("GET " + project + "/backups", Needs.VIEWER, 200);
        row("GET " + project + "/backups/{id}", Needs.VIEWER, 404);
        row("GET " + project + "/backups/{id}/evidence", Needs.VIEWER, 404);
        row("GET " + project + "/backups/{id}/objects", Needs.VIEWER, 404);
        row("POST " + project + "/recovery-key", Needs.ADMIN, 200);
        row("POST " + project + "/recovery-kit", Needs.ADMIN, 400);
        row("POST /api/recovery-kit/import", Needs.INSTALLATION, 400);
        row("GET " + project + "/keys", Needs.VIEWER, 200);
        row("POST " + project + "/keys/rotate", Needs.ADMIN, 200);
        row("DELETE " + project + "/keys/{id}", Needs.ADMIN, 404);
        row("GET " + project + "/findings", Needs.VIEWER, 200);
        row("GET " + project + "/deletion-requests", Needs.VIEWER, 200);
        row("GET " + project + "/deletion-requests/{id}", Needs.VIEWER, 404);
        row("POST " + project + "/deletion-requests/{id}/approve", Needs.ADMIN, 404);
        row("POST " + project + "/deletion-requests/{id}/refuse", Needs.ADMIN, 404);
        row("GET " + project + "/two-person-deletion", Needs.VIEWER, 200);
        row("PUT " + project + "/two-person-deletion", Needs.ADMIN, 400);
        row("GET " + project + "/policies", Needs.VIEWER, 200);
        row("POST " + project + "/policies", Needs.ADMIN, 400);
        row("GET " + project + "/policies/{policy}", Needs.VIEWER, 404);
        row("PUT " + project + "/policies/{policy}", Needs.ADMIN, 404);
        row("DELETE " + project + "/policies/{policy}", Needs.ADMIN, 404);
        row("POST " + project + "/policies/simulate", Needs.OPERATOR, 400);
        row("GET " + project + "/schedules", Needs.VIEWER, 200);
        row("POST " + project + "/schedules", Needs.OPERATOR, 400);
        row("POST /api/schedules/preview", Needs.LOGIN, 422);
        row("POST " + project + "/schedules/{schedule}/pause", Needs.OPERATOR, 404);
        row("POST " + project + "/schedules/{schedule}/resume", Needs.OPERATOR, 404);
        row("GET " + project + "/pause", Needs.VIEWER, 200);
        row("PUT " + project + "/pause", Needs.OPERATOR, 400);
        row("DELETE " + project + "/pause", Needs.OPERATOR, 409);
        row("GET /api/pause", Needs.LOGIN, 200);
        row("PUT /api/pause", Needs.INSTALLATION, 400);
        row("DELETE /api/pause", Needs.INSTALLATION, 409);
        row("GET " + project + "/blackouts", Needs.VIEWER, 200);
        row("POST " + project + "/blackouts", Needs.OPERATOR, 400);
        row("DELETE " + project + "/blackouts/{blackout}", Needs.OPERATOR, 404);
        row("GET " + project + "/calendar", Needs.VIEWER, 200);
        row("GET " + project + "/windows", Needs.VIEWER, 200);
        row("POST " + project + "/windows", Needs.ADMIN, 400);
        row("PUT " + project + "/windows/{window}", Needs.ADMIN, 404);
        row("DELETE " + project + "/windows/{window}", Needs.ADMIN, 404);
        row("GET " + project + "/schedules/{schedule}", Needs.VIEWER, 404);
        row("PUT " + project + "/schedules/{schedule}", Needs.OPERATOR, 404);
        row("DELETE " + project + "/schedules/{schedule}", Needs.OPERATOR, 404);
        row("GET " + project + "/members", Needs.VIEWER, 200);
        row("PUT " + project + "/members/{person}", Needs.ADMIN, 400);
        row("DELETE " + project + "/members/{person}", Needs.ADMIN, 404);
        row("GET /api/nodes", Needs.INSTALLATION, 200);
        row("POST /api/nodes/{id}/drain", Needs.INSTALLATION, 404);
        row("POST /api/nodes/{id}/resume", Needs.INSTALLATION, 404);
        row("GET /api/repository/backup", Needs.INSTALLATION, 200);
        row("GET /api/stores", Needs.LOGIN, 200);
        row("POST /api/stores", Needs.INSTALLATION, 400);
        row("PUT /api/stores/{name}", Needs.INSTALLATION, 404);
        row("DELETE /api/stores/{name}", Needs.INSTALLATION, 404);
        row("POST /api/stores/{name}/check", Needs.INSTALLATION, 404);
        row("GET /api/stores/{name}/loss", Needs.INSTALLATION, 404);
        row("PUT /api/stores/{name}/loss", Needs.INSTALLATION, 404);
        row("DELETE /api/stores/{name}/loss", Needs.INSTALLATION, 404);
        row("GET /api/support", Needs.INSTALLATION, 200);
        row("GET /api/people", Needs.INSTALLATION, 200);
        row("POST /api/people", Needs.INSTALLATION, 400);
        row("GET /api/people/{person}", Needs.INSTALLATION, 404);
        row("PUT /api/people/{person}", Needs.INSTALLATION, 404);
        row("DELETE /api/people/{person}", Needs.INSTALLATION, 404);
        row("PUT /api/people/{person}/openid", Needs.INSTALLATION, 400);
        row("GET /api/people/{person}/data", Needs.INSTALLATION, 404);
        row("DELETE /api/people/{person}/data", Needs.INSTALLATION, 404);
        row("GET /api/keys", Needs.LOGIN, 200);
        row("POST /api/keys", Needs.LOGIN, 400);
        row("DELETE /api/keys/{key}", Needs.LOGIN, 404);
        row("GET /api/audit", Needs.INSTALLATION, 200, 400);
        row("GET /api/audit/export", Needs.INSTALLATION, 200, 400);
    }

    /** Where a person hears something else than a program: a key has no password and no sessions. */
    private static final Map<String, Integer> ANSWERS_TO_PEOPLE =
            Map.of("PUT /api/me/password", 400, "DELETE /api/sessions", 204);

    /** The ways to log in, which nobody is logged in for. */
    private static final Set<String> OPEN =
            Set.of("GET api/login", "POST api/login", "GET api/login/openid", "GET api/login/openid/callback");

    private static final String LOGOUT = "POST /api/logout";
    private static final String HIDDEN = "There is no project \\\"operations\\\" that you may see.";

    private final Nightshift nightshift = Nightshift.shared();
    private final Map<Who, Map<String, Api>> callers = new EnumMap<>(Who.class);

    @BeforeAll
    void everybody() {
        TestProject.create(nightshift.admin(), "operations");
        TestProject.create(nightshift.admin(), "operations-elsewhere");
        Api page = Api.at(nightshift.https());
        callers.put(
                Who.NOBODY,
                Map.of(
                        "without a login", page,
                        "with an invented key", page.withKey("ns_" + UUID.randomUUID()),
                        "with a name and a password", page.with("Authorization", "Basic YWRtaW46YWRtaW4="),
                        "with an invented cookie",
                                page.with("Sec-Fetch-Site", "same-origin")
                                        .with("Cookie", "__Host-nightshift=" + UUID.randomUUID())));
        for (Who who : Who.values()) {
            String project = who.isElsewhere() ? "operations-elsewhere" : "operations";
            String role = who.name().replace("_OF_ANOTHER_PROJECT", "");
            if (who == Who.INSTALLATION_ADMIN) {
                Api browser = Accounts.browser(nightshift, Accounts.person(nightshift, true), Accounts.PASSWORD);
                callers.put(who, Map.of("by key", nightshift.admin(), "by cookie", browser));
            } else if (who.isOfLog()) {
                callers.put(who, Map.of("by key", Accounts.key(nightshift, project, role)));
            } else if (who != Who.NOBODY) {
                Api browser = Accounts.member(nightshift, project, role);
                callers.put(who, Map.of("by key", Accounts.key(nightshift, project, role), "by cookie", browser));
            }
        }
    }

    /** By key. */
    private Api caller(Who who) {
        return Objects.requireNonNull(
                Objects.requireNonNull(callers.get(who)).get(who == Who.NOBODY ? "without a login" : "by key"));
    }

    private Map<String, JsonObject> operations() {
        return OpenApi.operations(OpenApi.document(nightshift));
    }

    @Test
    void everyOperationHasARowAndTheReverse() {
        List<String> wrong = new ArrayList<>();
        Set<String> described = operations().keySet();
        for (String operation : described) {
            if (!TABLE.containsKey(operation)) {
                wrong.add(operation
                        + " has no row. Say in the table of OperationsIT whom it serves, and what it answers to"
                        + " them without a body and with made-up ids: row(\"" + operation + "\", Needs.…, …)");
            }
        }
        for (String operation : TABLE.keySet()) {
            if (!described.contains(operation)) {
                wrong.add(operation + " has a row in the table of OperationsIT, but /openapi does not know it.");
            }
        }
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
    }

    @ParameterizedTest
    @EnumSource
    void theAnswersAreThoseOfTheTable(Who who) {
        List<String> wrong = new ArrayList<>();
        Objects.requireNonNull(callers.get(who)).forEach((by, caller) -> {
            // Logging out comes last: it ends the session
            List<String> operations = new ArrayList<>(TABLE.keySet());
            operations.remove(LOGOUT);
            operations.add(LOGOUT);
            for (String operation : operations) {
                check(operation, who, by, caller).ifPresent(wrong::add);
            }
        });
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
    }

    /** What is wrong with the answer, if anything is. */
    private static Optional<String> check(String operation, Who who, String by, Api caller) {
        Row row = Objects.requireNonNull(TABLE.get(operation));
        String method = OpenApi.method(operation);
        Api.Answer answer = caller.send(method, path(operation), method.equals("GET") ? null : "{}");
        int refusal = who.refusal(row.needs(), row.refused());
        int admitted = by.equals("by cookie") ? ANSWERS_TO_PEOPLE.getOrDefault(operation, row.answer()) : row.answer();
        int expected = refusal == 0 ? admitted : refusal;
        // Who is admitted hears of the thing that is missing, everybody else that there is no project
        boolean hidden = answer.body().contains(HIDDEN);
        if (answer.status() == expected && hidden == (refusal == 404)) {
            return Optional.empty();
        }
        String body = answer.body().substring(0, Math.min(200, answer.body().length()));
        return Optional.of(
                operation + " by " + who + " " + by + ": " + answer.status() + " instead of " + expected + " " + body);
    }

    /** With made-up ids in it. */
    private static String path(String operation) {
        return OpenApi.path(operation, "operations");
    }

    @Test
    void withoutALoginNoMethodIsAnsweredAtAnyAddress() {
        List<String> wrong = new ArrayList<>();
        Set<String> paths = new TreeSet<>(List.of("api", "api/", "api/nothing", "api/projects/operations/nothing"));
        TABLE.keySet().forEach(operation -> paths.add(path(operation)));
        for (String path : paths) {
            for (String method : List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO")) {
                int status = caller(Who.NOBODY).send(method, path, null).status();
                if (status != 401 && !OPEN.contains(method + " " + path)) {
                    wrong.add(method + " " + path + ": " + status);
                }
            }
        }
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
    }

    @Test
    void aLimitOrAKeyThatIsNoneIsRefusedByItsNameInEveryList() {
        List<String> asked = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        operations().forEach((name, operation) -> {
            for (String parameter : OpenApi.query(operation).keySet()) {
                // Databases and instances go by their names: any text is one
                boolean key = parameter.equals("after") && !name.matches(".*/(databases|instances)");
                if (key || parameter.equals("limit")) {
                    String path = path(name) + "?" + parameter + "=abc";
                    Api.Answer answer = OpenApi.method(name).equals("GET")
                            ? caller(Who.INSTALLATION_ADMIN).get(path)
                            : caller(Who.INSTALLATION_ADMIN).post(path);
                    asked.add(name);
                    if (answer.status() != 400
                            || !answer.object().getString("field").equals(parameter)) {
                        wrong.add(name + " with " + parameter + ": " + answer.status() + " " + answer.body());
                    }
                }
            }
        });
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertEquals(22, asked.size(), asked::toString);
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
                    Api.Answer answer = caller(Who.INSTALLATION_ADMIN).send(OpenApi.method(name), path(name), body);
                    if (answer.status() != 400 || !answer.object().isNull("field")) {
                        wrong.add(name + " with \"" + body + "\": " + answer.status() + " " + answer.body());
                    }
                }
            }
        });
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertEquals(22, asked.size(), asked::toString);
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
