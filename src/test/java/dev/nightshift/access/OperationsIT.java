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
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every operation of the OpenAPI document, asked by everybody: without a login, from another project and from its own, with
 * a key and with a browser's cookie. What an operation needs and what it answers to whoever may use it stands in
 * {@link OperationsTable}; a new operation needs a row there. What the others must hear
 * follows: 401 without a login, 404 from another project, 403 for too small a role.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationsIT {
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
        private int refusal(OperationsTable.Needs needs, int hidden) {
            if (isOfLog()
                    && (needs == OperationsTable.Needs.NOBODY
                            || needs == OperationsTable.Needs.LOGIN
                            || needs == OperationsTable.Needs.INSTALLATION)) {
                return 403; // not even what everybody may
            }
            if (needs == OperationsTable.Needs.NOBODY) {
                return 0;
            }
            if (this == NOBODY) {
                return 401;
            }
            if (needs == OperationsTable.Needs.LOGIN || this == INSTALLATION_ADMIN) {
                return 0;
            }
            if (needs == OperationsTable.Needs.INSTALLATION) {
                return hidden;
            }
            if (isElsewhere()) {
                return 404;
            }
            boolean tooLittle = switch (this) {
                case LOG_READER -> needs != OperationsTable.Needs.LOG_READER;
                case LOG_SHIPPER ->
                    needs != OperationsTable.Needs.LOG_READER && needs != OperationsTable.Needs.LOG_SHIPPER;
                case VIEWER -> needs != OperationsTable.Needs.VIEWER;
                case OPERATOR -> needs != OperationsTable.Needs.VIEWER && needs != OperationsTable.Needs.OPERATOR;
                default -> needs == OperationsTable.Needs.INSTALLATION_WITHIN;
            };
            return tooLittle ? 403 : 0;
        }
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
            if (!OperationsTable.ROWS.containsKey(operation)) {
                wrong.add(operation
                        + " has no row. Say in OperationsTable whom it serves, and what it answers to"
                        + " them without a body and with made-up ids: row(\"" + operation
                        + "\", Needs.…, …)");
            }
        }
        for (String operation : OperationsTable.ROWS.keySet()) {
            if (!described.contains(operation)) {
                wrong.add(operation + " has a row in OperationsTable, but /openapi does not know it.");
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
            List<String> operations = new ArrayList<>(OperationsTable.ROWS.keySet());
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
        OperationsTable.Row row = Objects.requireNonNull(OperationsTable.ROWS.get(operation));
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
        OperationsTable.ROWS.keySet().forEach(operation -> paths.add(path(operation)));
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
                    && Objects.requireNonNull(OperationsTable.ROWS.get(name)).answer() == 400) {
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
