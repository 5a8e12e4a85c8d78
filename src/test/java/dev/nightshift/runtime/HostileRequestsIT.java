package dev.nightshift.runtime;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.OpenApi;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Hostile;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every body, parameter and part of an address of the OpenAPI document, filled with what nobody means well. Whatever comes,
 * the answer is a problem document that says so, and never that the server failed. {@code -Dnightshift.fuzz.rounds=…} asks
 * for more than the build does.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileRequestsIT {
    private static final int ROUNDS = Integer.getInteger("nightshift.fuzz.rounds", 1);
    private static final Pattern INSIDES = Pattern.compile(
            "\\bat [\\w.$]+\\([\\w.]+:\\d+\\)|\\b(java|jakarta|org|com|dev|io)\\.[\\w.]+(Exception|Error)\\b");

    /** The server refuses these addresses before it knows for whom they are; nothing of ours is asked. */
    private static final Pattern BY_THE_SERVER = Pattern.compile(
            "\\{\"error_message\" *: *\"CWWWC0005I: The request URI has invalid or improperly encoded.*");

    private final Nightshift nightshift = Nightshift.shared();
    private final Hostile hostile = new Hostile(Seed.of("HostileRequestsIT"));
    private final List<String> wrong = new ArrayList<>();
    private TestProject project;
    private Api admin;
    private Api browser;
    private JsonObject document;
    private int asked;
    private int names;

    @BeforeAll
    void somethingToAimAt() {
        admin = nightshift.admin().with("Accept", "application/json");
        project = TestProject.create(admin, "hostile");
        browser = Accounts.member(nightshift, "hostile", "ADMIN").with("Accept", "application/json");
        document = OpenApi.document(nightshift);
        admin.post(project.path("databases"), json("""
                        {'name': 'base', 'host': '127.0.0.1', 'port': 1, 'user': 'x', 'tlsMode': 'disable'}
                        """)).expect(201);
        admin.post(project.path("schedules"), json("""
                        {'name': 'base', 'job': 'vacuum', 'cron': '0 2 * * *', 'zone': 'UTC', 'databases': ['base'],
                         'enabled': false}
                        """)).expect(201);
        admin.post("api/people", json("{'name': 'base', 'password': 'a-long-enough-one'}"))
                .expect(201);
    }

    /** What was planned must not fire, what runs must not keep later tests waiting, and logins are forgiven. */
    @AfterAll
    void nothingGoesOn() throws SQLException {
        for (JsonObject schedule : admin.get(project.path("schedules")).items()) {
            String name = schedule.getString("name");
            admin.delete(project.path("schedules/" + name + "?confirm=" + name));
        }
        for (JsonObject run : admin.get(project.path("runs?limit=500")).items()) {
            admin.post(project.path("runs/" + run.getString("id") + "/stop"));
        }
        try (var connection = nightshift.repository().connect("postgres");
                var statement = connection.createStatement()) {
            statement.execute("delete from access.login_failure");
        }
    }

    /** Values by which a request gets past the checks of all other fields; names are new each time. */
    private Map<String, String> valid(String operation) {
        Map<String, String> valid = new TreeMap<>(Map.of(
                "displayName", "'x'",
                "timeZone", "'UTC'",
                "currency", "'EUR'",
                "project", "'hostile'",
                "role", "'VIEWER'",
                "dbname", "'x" + ++names + "'",
                "host", "'127.0.0.1'",
                "port", "1",
                "user", "'x'",
                "tlsMode", "'disable'"));
        valid.putAll(Map.of(
                "job",
                        List.of("'vacuum'", "'backup'", "'restore'", "'restore-drill'")
                                .get(names % 4),
                "cron", "'0 2 * * *'",
                "zone", "'UTC'",
                "databases", "['base']",
                "parameters", "{}",
                "enabled", "false",
                "password", "'a-long-enough-one'",
                "current", "'a-wrong-password'",
                "new", "'a-long-enough-one'",
                "tags", "['a']"));
        valid.put("name", "'h" + names + "'");
        if (operation.startsWith("PUT ")) {
            // Names never change, and a new password takes a third of a second to hash
            valid.keySet().removeAll(List.of("name", "dbname"));
            if (operation.contains("/people/")) {
                valid.remove("password");
            }
        }
        if (operation.startsWith("PUT ") && operation.endsWith("/{database}")) {
            valid.keySet().removeAll(List.of("host", "port", "user", "password", "tlsMode"));
        }
        valid.replaceAll((name, value) -> value.replace('\'', '"'));
        return valid;
    }

    private static String path(String operation) {
        return OpenApi.path(operation, name -> switch (name) {
            case "project" -> "hostile";
            case "id", "key" -> UUID.randomUUID().toString();
            default -> "base";
        });
    }

    private @Nullable JsonObject schema(JsonObject operation) {
        if (!operation.containsKey("requestBody")) {
            return null;
        }
        JsonObject json =
                operation.getJsonObject("requestBody").getJsonObject("content").getJsonObject("application/json");
        if (json == null) {
            return null; // a file of a server's log
        }
        JsonObject schema = Objects.requireNonNull(json.getJsonObject("schema"));
        String reference = schema.getString("$ref", "");
        return reference.isEmpty()
                ? schema
                : document.getJsonObject("components")
                        .getJsonObject("schemas")
                        .getJsonObject(reference.substring(reference.lastIndexOf('/') + 1));
    }

    private void ask(String operation, String path, @Nullable String body) {
        Api caller = operation.equals("PUT /api/me/password") ? browser : admin;
        String method = OpenApi.method(operation);
        Api.Answer answer = caller.send(method, path, body == null && !method.equals("GET") ? "{}" : body);
        asked++;
        String why = objection(answer);
        if (why != null) {
            wrong.add(method + " " + shown(path) + " with " + shown(String.valueOf(body)) + ": " + answer.status()
                    + ", " + why + ": " + shown(answer.body()));
        }
    }

    private static String shown(String text) {
        return text.substring(0, Math.min(300, text.length())).replaceAll("\\p{Cntrl}", "?");
    }

    /** What an answer must not be. */
    private static @Nullable String objection(Api.Answer answer) {
        String type = String.valueOf(answer.header("Content-Type"));
        if (answer.status() == 400 && BY_THE_SERVER.matcher(answer.body()).matches()) {
            return null;
        }
        if (answer.status() >= 500) {
            return "the server failed";
        }
        if (answer.status() < 300) {
            return answer.body().isEmpty() || type.startsWith("application/json") ? null : "of type " + type;
        }
        if (!type.startsWith("application/problem+json")) {
            return "of type " + type;
        }
        if (answer.object().getInt("status") != answer.status()
                || answer.object().getString("detail", "").isBlank()) {
            return "an empty problem";
        }
        return INSIDES.matcher(answer.body()).find() ? "with the insides of the server" : null;
    }

    private void nothingWentWrong(int least) {
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
        assertTrue(asked >= least, () -> asked + " requests");
    }

    @Test
    void bodiesAreTakenOrRefusedButNeverBringTheServerDown() {
        for (int round = 0; round < ROUNDS; round++) {
            OpenApi.operations(document).forEach((name, operation) -> {
                JsonObject schema = schema(operation);
                if (schema != null) {
                    for (String body : hostile.bodiesWithOneWrong(schema, () -> valid(name), 2)) {
                        ask(name, path(name), body);
                    }
                    for (int n = 0; n < 2; n++) {
                        ask(name, path(name), hostile.bodyWithManyWrong(schema));
                        ask(name, path(name), hostile.brokenBody(schema));
                    }
                }
            });
        }
        nothingWentWrong(150 * ROUNDS);
    }

    @Test
    void parametersAndAddressesAreTakenOrRefusedToo() {
        for (int round = 0; round < ROUNDS; round++) {
            OpenApi.operations(document).forEach((name, operation) -> {
                for (String parameter : OpenApi.query(operation).keySet()) {
                    for (int n = 0; n < 2; n++) {
                        ask(name, path(name) + "?" + parameter + "=" + hostile.escaped(), null);
                    }
                    ask(
                            name,
                            path(name) + "?" + parameter + "&" + parameter + "=" + hostile.escaped() + "&" + parameter
                                    + "=1&&=",
                            null);
                }
                String path = path(name);
                String odd = OpenApi.path(name, of -> {
                    String text = hostile.escaped();
                    return of.equals("project") ? "hostile" : text.matches("\\.*|%2E%2E|base") ? "x" : text;
                });
                if (!odd.equals(path)) {
                    ask(name, odd, null);
                }
                ask(name, path.replace("hostile", hostile.escaped().replaceAll("^\\.*$|^base$", "x")), null);
            });
        }
        nothingWentWrong(100 * ROUNDS);
    }

    /** What brought the server down, kept it busy or made it tell of its insides before. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "POST | api/keys | {\"name\":\"x\",\"project\":\"hostile\",\"role\":\"VIEWER\",\"expires\":\"+999999999-12-31\"}",
                "GET  | api/projects/hostile/runs?from=%2B1000000000-12-31T23:59:59.999999999Z | ``",
                "GET  | api/projects/hostile/runs?to=-1000000000-01-01T00:00:00Z | ``",
                "GET  | api/projects/hostile%2Fruns | ``",
                "GET  | api/projects/%FF | ``",
                "GET  | api/audit?who=%00 | ``"
            })
    void whatOnceWentWrongIsRefused(String method, String path, String body) {
        Api.Answer answer = admin.send(method, path, body.isEmpty() ? null : body);
        assertEquals(null, objection(answer), answer::body);
        assertEquals(400, answer.status(), answer::body);
    }

    /** By JSON-B alone 4294967297 days are 1, and what is older goes. */
    @ParameterizedTest
    @ValueSource(strings = {"4294967297", "-4294967295", "64.5", "1e30", "1e-400000000", "1e400000000"})
    void aNumberThatDoesNotFitIsNotMadeOneThatDoes(String number) {
        Api.Answer answer =
                admin.send("POST", project.path("policies"), "{\"name\":\"p\",\"keep\":{\"days\":" + number + "}}");
        assertEquals(400, answer.status(), answer::body);
        assertTrue(
                answer.object().getString("detail").contains("\"keep.days\" has to be a whole number"), answer::body);
    }

    /** Every answer has them, and what was read is often sent back with one change. */
    @Test
    void whatIsNullIsLeftOut() {
        String body = "{\"keep\":{\"days\":null,\"count\":\"3\"},\"goals\":{\"rpoSeconds\":null}}";
        Api.Answer answer = admin.send("PUT", project.path("policies/none"), body);
        assertEquals(404, answer.status(), answer::body);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9", "٣"})
    void aNumberOfAMegabyteIsRefusedAtOnce(String digit) {
        long start = System.nanoTime();
        String number = '"' + digit.repeat(450_000) + '"';
        Api.Answer answer = admin.send("PUT", project.path("policies/none"), "{\"keep\":{\"days\":" + number + "}}");
        assertEquals(400, answer.status(), answer::body);
        assertTrue(answer.object().getString("detail").contains("whole number"), answer::body);
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis < 10_000, "It took seconds when all was read; now " + millis + " ms");
    }

    @Test
    void aBodyOfOpeningBracesIsRefusedAtOnce() {
        long start = System.nanoTime();
        Api.Answer answer = admin.send("PUT", project.path("members/base"), "{\"name\":".repeat(20_000));
        assertEquals(null, objection(answer), answer::body);
        assertEquals(400, answer.status());
        assertTrue(answer.object().getString("detail").contains("levels deep"), answer::body);
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis < 10_000, "It took a minute when the parser read on; now " + millis + " ms");
    }

    @Test
    void aHeaderThatCannotBeReadIsRefusedWithAProblem() {
        for (String accept : List.of("@@@;;;///", "application/json;q=x", "application/json;q=2", "text/", "*/json")) {
            Api.Answer answer = nightshift.admin().with("Accept", accept).get("api/projects");
            assertEquals(null, objection(answer), answer::body);
        }
        Api.Answer answer = admin.with("Content-Type", "@@/;;").send("POST", "api/projects", "{}");
        assertEquals(null, objection(answer), answer::body);
        assertTrue(answer.status() >= 400, answer::body);
    }
}
