package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What opens a session or a key's access, what ends it, and who else cannot use it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SessionsIT {
    private static final String COOKIE = "__Host-nightshift=";

    private final Nightshift nightshift = Nightshift.shared();
    private final Api page = Api.at(nightshift.https()).with("Sec-Fetch-Site", "same-origin");

    @BeforeAll
    void aProject() {
        TestProject.create(nightshift.admin(), "sessions");
    }

    private static JsonObject credentials(String name, String password) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("password", password)
                .build();
    }

    private Api browser(String name) {
        return Accounts.browser(nightshift, name, Accounts.PASSWORD);
    }

    private void repository(String sql) throws SQLException {
        try (var connection = nightshift.repository().connect("postgres");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void aCookieThatTheBrowserBringsToTheLoginIsNeverAdopted() {
        String name = Accounts.person(nightshift, false);
        String chosen = COOKIE + "chosen-by-somebody-else-0123456789abcdefghij";
        String given = Accounts.cookie(Accounts.login(page.with("Cookie", chosen), name, Accounts.PASSWORD));
        assertNotEquals(chosen, given);
        page.with("Cookie", chosen).get("api/me").expect(401);
        page.with("Cookie", given).get("api/me").expect(200);
    }

    @Test
    void everyLoginHasACookieOfItsOwnAlsoOnTopOfAnotherSession() {
        String first = Accounts.person(nightshift, false);
        String second = Accounts.person(nightshift, false);
        String one = Accounts.cookie(Accounts.login(page, first, Accounts.PASSWORD));
        String two = Accounts.cookie(Accounts.login(page.with("Cookie", one), first, Accounts.PASSWORD));
        String three = Accounts.cookie(Accounts.login(page.with("Cookie", one), second, Accounts.PASSWORD));
        assertEquals(3, java.util.Set.of(one, two, three).size());
        assertEquals(first, name(page.with("Cookie", one)));
        assertEquals(first, name(page.with("Cookie", two)));
        assertEquals(second, name(page.with("Cookie", three)));
    }

    private static String name(Api caller) {
        return caller.get("api/me").expect(200).object().getString("name");
    }

    @ParameterizedTest
    @CsvSource({
        "none, none",
        "Sec-Fetch-Site, cross-site",
        "Sec-Fetch-Site, same-site",
        "Sec-Fetch-Site, none",
        "Sec-Fetch-Site, Same-Origin",
        "Origin, https://evil.example",
        "Origin, null",
        "Origin, https://localhost",
        "Origin, https://localhost.evil.example:9443"
    })
    void whatAnotherSitesPageSendsWithTheCookieChangesNothingByAnyMethod(String header, String value) {
        String name = Accounts.person(nightshift, true);
        Api own = browser(name);
        Api bare = Api.at(nightshift.https()).with("Cookie", own.header("Cookie"));
        Api foreign = header.equals("none") ? bare : bare.with(header, value);
        Map<String, Integer> answers = new TreeMap<>();
        for (String change : List.of(
                "POST api/logout",
                "POST api/people",
                "PUT api/people/nobody",
                "DELETE api/keys/" + UUID.randomUUID())) {
            String[] request = change.split(" ", 2);
            answers.put(
                    request[0] + " of " + request[1].split("/", -1)[1],
                    foreign.send(request[0], request[1], "{}").status());
        }
        assertEquals(
                Map.of("POST of logout", 403, "POST of people", 403, "PUT of people", 403, "DELETE of keys", 403),
                answers);
        // The same from our own page gets past the check
        own.send("POST", "api/people", "{}").expect(400);
        own.send("PUT", "api/people/nobody", "{}").expect(404);
        own.send("DELETE", "api/keys/" + UUID.randomUUID(), "{}").expect(404);
        own.send("POST", "api/logout", "{}").expect(204);
    }

    @Test
    void anotherSitesPageLogsNobodyInAndIsAllowedNothingByCors() {
        String name = Accounts.person(nightshift, false);
        for (String[] header : List.of(
                new String[] {"Sec-Fetch-Site", "cross-site"}, new String[] {"Origin", "https://evil.example"})) {
            Api.Answer refused = Api.at(nightshift.https())
                    .with(header[0], header[1])
                    .post("api/login", credentials(name, Accounts.PASSWORD))
                    .expect(403);
            assertEquals(null, refused.header("Set-Cookie"));
        }
        Api.Answer preflight = Api.at(nightshift.https())
                .with("Origin", "https://evil.example")
                .with("Access-Control-Request-Method", "DELETE")
                .send("OPTIONS", "api/projects", null);
        Api.Answer read = browser(name)
                .with("Origin", "https://evil.example")
                .get("api/me")
                .expect(200);
        for (Api.Answer answer : List.of(preflight, read)) {
            assertTrue(
                    answer.headers().map().keySet().stream()
                            .noneMatch(header ->
                                    header.toLowerCase(java.util.Locale.ROOT).startsWith("access-control")),
                    () -> answer.headers().toString());
        }
    }

    @Test
    void theCookieOfASessionThatHasLoggedOutOpensNothingByAnyMethod() {
        Api browser = browser(Accounts.person(nightshift, true));
        browser.post("api/logout").expect(204);
        for (String asked : List.of(
                "GET api/me",
                "GET api/projects",
                "GET api/projects/sessions",
                "POST api/projects",
                "PUT api/me/password",
                "DELETE api/people/nobody",
                "POST api/logout")) {
            browser.send(asked.split(" ", 2)[0], asked.split(" ", 2)[1], asked.startsWith("GET") ? null : "{}")
                    .expect(401);
        }
    }

    @Test
    void aNewPasswordEndsTheOtherSessionsAndBeingDisabledEndsAll() {
        String name = Accounts.person(nightshift, false);
        Api here = browser(name);
        Api elsewhere = browser(name);
        here.put(
                        "api/me/password",
                        Json.createObjectBuilder()
                                .add("current", Accounts.PASSWORD)
                                .add("new", "another-long-password")
                                .build())
                .expect(204);
        here.get("api/me").expect(200);
        elsewhere.get("api/me").expect(401);
        page.post("api/login", credentials(name, Accounts.PASSWORD)).expect(401);
        nightshift.admin().delete("api/people/" + name).expect(204);
        here.get("api/me").expect(401);
        page.post("api/login", credentials(name, "another-long-password")).expect(401);
        forgiven();
    }

    @Test
    void aSessionThatHasRunOutIsRefusedAtOnce() throws SQLException {
        String name = Accounts.person(nightshift, false);
        Api browser = browser(name);
        browser.get("api/me").expect(200);
        repository("update access.session set expires_at = now() - interval '1 second' where person_id ="
                + " (select id from access.person where name = '" + name + "')");
        browser.get("api/me").expect(401);
    }

    @Test
    void aKeyIsRefusedFromTheMomentOnThatItIsRevokedOrHasExpired() throws SQLException {
        for (boolean expires : List.of(true, false)) {
            JsonObject made = nightshift
                    .admin()
                    .post(
                            "api/keys",
                            Json.createObjectBuilder()
                                    .add("name", "ends")
                                    .add("project", "sessions")
                                    .add("role", "ADMIN")
                                    .add("expires", "2999-01-01")
                                    .build())
                    .expect(201)
                    .object();
            Api key = Api.at(nightshift.https()).withKey(made.getString("key"));
            key.get("api/projects/sessions").expect(200);
            if (expires) {
                repository("update access.api_key set expires_at = now() where id = '" + made.getString("id") + "'");
            } else {
                nightshift.admin().delete("api/keys/" + made.getString("id")).expect(204);
            }
            key.get("api/projects/sessions").expect(401);
            key.post("api/projects/sessions/runs", TestProject.none()).expect(401);
            key.get("api/me").expect(401);
            Api.at(nightshift.http())
                    .withKey(made.getString("key"))
                    .get("api/me")
                    .expect(401);
        }
    }

    @Test
    void theCookieDoesNotHelpAKeyThatIsWrong() {
        Api browser = browser(Accounts.person(nightshift, true));
        browser.withKey("ns_wrong").get("api/me").expect(401);
        browser.with("Authorization", "Basic YWRtaW46YWRtaW4=").get("api/me").expect(401);
    }

    /**
     * Equal work, measured: the least of several times is nearly free of what else the machine does, and the hash is most
     * of it. An answer without the hash would be several times faster, as the one to a login without a password is.
     */
    @Test
    void anUnknownADisabledAndARealAccountTakeTheSameTimeToRefuse() {
        String real = Accounts.person(nightshift, false);
        String disabled = Accounts.person(nightshift, false);
        nightshift.admin().delete("api/people/" + disabled).expect(204);
        List<Long> unknown = new ArrayList<>();
        List<Long> known = new ArrayList<>();
        List<Long> closed = new ArrayList<>();
        List<Long> unhashed = new ArrayList<>();
        for (int round = 0; round < 8; round++) {
            unknown.add(refusal("nobody-" + UUID.randomUUID(), 401));
            known.add(refusal(real, 401));
            closed.add(refusal(disabled, 401));
            unhashed.add(refusal("", 400));
            forgiven();
        }
        long least = least(known);
        String times = "ms: real " + least + ", unknown " + least(unknown) + ", disabled " + least(closed)
                + ", without the hash " + least(unhashed);
        assertTrue(least > 2 * least(unhashed), times);
        for (List<Long> other : List.of(unknown, closed)) {
            assertTrue(least(other) * 10 > least * 6 && least * 10 > least(other) * 6, times);
        }
    }

    private long refusal(String name, int status) {
        long start = System.nanoTime();
        page.post("api/login", credentials(name, "a-wrong-long-password")).expect(status);
        return (System.nanoTime() - start) / 1_000_000;
    }

    private static long least(List<Long> times) {
        return times.stream().mapToLong(Long::longValue).min().orElseThrow();
    }

    /** What was counted against this address would keep later tests from logging in. */
    private void forgiven() {
        try {
            repository("delete from access.login_failure");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
