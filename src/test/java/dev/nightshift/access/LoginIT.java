package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoginIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final Api anybody = Api.at(nightshift.https());

    private static JsonObject credentials(String name, String password) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("password", password)
                .build();
    }

    private Api.Answer login() {
        return anybody.with("Sec-Fetch-Site", "same-origin")
                .post("api/login", credentials("admin", nightshift.adminPassword()))
                .expect(200);
    }

    private static String cookie(Api.Answer login) {
        String header = login.header("Set-Cookie");
        assertNotNull(header, "Set-Cookie");
        return header;
    }

    private Api loggedIn(Api.Answer login) {
        return anybody.with("Cookie", cookie(login).split(";", -1)[0]);
    }

    @Test
    void theGeneratedPasswordLogsInAndTheCookieStaysWithThisHost() {
        Api.Answer login = login();
        assertEquals("admin", login.object().getString("name"));
        assertTrue(login.object().getBoolean("installationAdmin"));
        String cookie = cookie(login);
        List<String> attributes = Arrays.stream(cookie.split(";", -1))
                .map(part -> part.strip().toLowerCase(Locale.ROOT))
                .toList();
        assertAll(
                () -> assertTrue(cookie.startsWith("__Host-nightshift="), "name"),
                () -> assertTrue(attributes.contains("secure"), "Secure"),
                () -> assertTrue(attributes.contains("httponly"), "HttpOnly"),
                () -> assertTrue(attributes.contains("samesite=strict"), "SameSite=Strict"),
                () -> assertTrue(attributes.contains("path=/"), "Path=/"),
                () -> assertTrue(attributes.stream().noneMatch(part -> part.startsWith("domain")), "no Domain"));
        assertEquals(
                "PERSON", loggedIn(login).get("api/me").expect(200).object().getString("kind"));
    }

    @Test
    void aLogoutEndsTheSessionOnTheServer() {
        Api session = loggedIn(login());
        session.with("Sec-Fetch-Site", "same-origin").post("api/logout").expect(204);
        session.get("api/me").expect(401);
    }

    @Test
    void aWrongPasswordAndAnUnknownNameAreToldInTheSameWords() {
        String nobody = "nobody-" + UUID.randomUUID();
        Api.Answer unknown = anybody.post("api/login", credentials(nobody, "wrong-password-1"))
                .expect(401);
        Api.Answer wrong = anybody.post("api/login", credentials("admin", "wrong-password-1"))
                .expect(401);
        assertEquals(unknown.object().getString("detail"), wrong.object().getString("detail"));
        login(); // forgives what was counted against the admin
    }

    @Test
    void guessingIsSlowedDownAndSaysUntilWhen() {
        String nobody = "nobody-" + UUID.randomUUID();
        for (int i = 0; i < 5; i++) {
            anybody.post("api/login", credentials(nobody, "guess-number-" + i)).expect(401);
        }
        Api.Answer refused =
                anybody.post("api/login", credentials(nobody, "guess-number-6")).expect(429);
        String wait = refused.header("Retry-After");
        assertNotNull(wait, "Retry-After");
        assertTrue(Long.parseLong(wait) > 0 && Long.parseLong(wait) <= 15 * 60, wait);
        login(); // another account is not hindered
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"none", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example"
            })
    void whatAnotherSitesPageSendsWithTheCookieChangesNothing(String header) {
        Api session = loggedIn(login());
        Api foreign =
                header.equals("none") ? session : session.with(header.split(": ", 2)[0], header.split(": ", 2)[1]);
        foreign.post("api/logout").expect(403);
        session.get("api/me").expect(200);
    }

    @Test
    void ourOwnOriginIsEnough() {
        Api session = loggedIn(login());
        String own = nightshift.https().toString().replaceAll("/$", "");
        session.with("Origin", own).post("api/logout").expect(204);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "api/me"})
    void everyAnswerCarriesTheHeadersThatKeepABrowserInBounds(String path) {
        Api.Answer answer = anybody.get(path);
        String policy = answer.header("Content-Security-Policy");
        assertNotNull(policy, "Content-Security-Policy");
        assertAll(
                () -> assertTrue(policy.contains("default-src 'self'"), policy),
                () -> assertTrue(!policy.contains("unsafe"), policy),
                () -> assertTrue(policy.contains("frame-ancestors 'none'"), policy),
                () -> assertEquals("nosniff", answer.header("X-Content-Type-Options")),
                () -> assertNotNull(answer.header("Strict-Transport-Security")),
                () -> assertNotNull(answer.header("Referrer-Policy")),
                () -> assertEquals(null, answer.header("Server")),
                () -> assertEquals(null, answer.header("X-Powered-By")));
    }

    @Test
    void healthNeedsNoLogin() throws InterruptedException {
        Api plain = Api.at(nightshift.http());
        // The node registers with its first heartbeat, within 5 s of the start
        long giveUp = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (plain.get("health/started").status() != 200 && System.nanoTime() < giveUp) {
            Thread.sleep(250);
        }
        for (String check : List.of("started", "ready", "live")) {
            plain.get("health/" + check).expect(200);
        }
    }

    @Test
    void metricsNameEveryProjectAndNeedTheirOwnLogin() {
        anybody.get("metrics").expect(401);
        nightshift.scraper().get("metrics").expect(200);
    }

    @Test
    void theDescriptionOfTheApiNeedsALogin() {
        Api plain = Api.at(nightshift.http());
        for (String path : List.of("openapi", "openapi?format=JSON")) {
            anybody.get(path).expect(401);
            anybody.withKey("ns_invented").get(path).expect(401);
            plain.get(path).expect(403);
            loggedIn(login()).get(path).expect(200);
            nightshift.admin().get(path).expect(200);
            plain.withKey(Nightshift.BOOTSTRAP_KEY).get(path).expect(403);
        }
        anybody.get("openapi/ui").expect(404);
        anybody.get("openapi-of-the-server").expect(404); // where its module is unless the launcher says otherwise
    }

    @Test
    void plainHttpTakesNoPasswordAndNoCookie() {
        Api plain = Api.at(nightshift.http());
        plain.post("api/login", credentials("admin", nightshift.adminPassword()))
                .expect(403);
        plain.with("Cookie", cookie(login()).split(";", -1)[0]).get("api/me").expect(403);
        plain.withKey(Nightshift.BOOTSTRAP_KEY).get("api/me").expect(200);
    }
}
