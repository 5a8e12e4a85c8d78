package dev.nightshift.access.openid;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Chromium;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.OpenIdProvider;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way of a login by OpenID Connect, with a real provider. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OpenIdIT {
    private static final String PASSWORD = "a password of one's own";

    private final Nightshift nightshift = Nightshift.prepare(Map.of(
            "NIGHTSHIFT_DEMO", "false",
            "NIGHTSHIFT_OIDC_NAME", "Example",
            "NIGHTSHIFT_OIDC_CLIENT_ID", OpenIdProvider.CLIENT,
            "NIGHTSHIFT_OIDC_CLIENT_SECRET", OpenIdProvider.SECRET,
            "NIGHTSHIFT_OIDC_GROUPS", "dba=installation-admin, shop-ops=shop:operator, shop-team=shop:viewer"));
    private OpenIdProvider provider;
    private TestProject shop;

    @BeforeAll
    void start() throws Exception {
        URI redirect = nightshift.https().resolve(OpenIdConfig.CALLBACK);
        provider = OpenIdProvider.start(nightshift.scratch("provider"), redirect);
        nightshift.set("NIGHTSHIFT_OIDC_ISSUER", provider.issuer().toString());
        nightshift.set("NIGHTSHIFT_OIDC_REDIRECT_URI", redirect.toString());
        nightshift.set(
                "NIGHTSHIFT_OIDC_ROOT_CERTIFICATE", provider.rootCertificate().toString());
        nightshift.start();
        shop = TestProject.create(nightshift.admin(), "shop");
    }

    @AfterAll
    void stop() {
        if (provider != null) {
            provider.close();
        }
        nightshift.remove();
    }

    private static JsonObject json(String key, String value) {
        return Json.createObjectBuilder().add(key, value).build();
    }

    private Visitor visitor() {
        return new Visitor(nightshift.https());
    }

    /** Logged in; each time in a new browser. */
    private Api loggedIn(String subject) {
        Visitor visitor = visitor();
        Visitor.Step end = visitor.logIn(subject);
        assertEquals(nightshift.https(), end.next(), "the console's start");
        return visitor.api();
    }

    private static JsonObject me(Api api) {
        return api.get("api/me").expect(200).object();
    }

    private static Map<String, String> roles(Api api) {
        return me(api).getJsonArray("projects").getValuesAs(JsonObject.class).stream()
                .collect(Collectors.toMap(each -> each.getString("name"), each -> each.getString("role")));
    }

    private void assertRefused(Visitor.Step end, String problem) {
        assertEquals(nightshift.https().resolve("/login?problem=" + problem), end.next());
        assertTrue(end.setCookies().stream().noneMatch(cookie -> cookie.startsWith("__Host-nightshift=")));
        JsonObject told = Api.at(nightshift.https())
                .get("api/login?problem=" + problem)
                .expect(200)
                .object()
                .getJsonObject("problem");
        assertFalse(told.getString("detail").isEmpty());
        assertFalse(told.getString("remedy").isEmpty());
    }

    private List<JsonObject> audit(String name) {
        return nightshift
                .admin()
                .get("api/audit?object=person%20" + name)
                .expect(200)
                .items();
    }

    private static JsonObject credentials(String name) {
        return Json.createObjectBuilder(json("name", name))
                .add("password", PASSWORD)
                .build();
    }

    private void person(String name) {
        nightshift.admin().post("api/people", credentials(name)).expect(201);
    }

    private Api.Answer logInByPassword(String name) {
        return Api.at(nightshift.https()).post("api/login", credentials(name));
    }

    @Test
    void theFirstLoginMakesThePersonAndGivesWhatTheirGroupsGive() throws IOException {
        provider.account("s-ada", "ada", "shop-ops", "shop-team", "elsewhere");
        JsonObject me = me(loggedIn("s-ada"));
        assertEquals("ada", me.getString("name"));
        assertTrue(me.getBoolean("openId"));
        assertFalse(me.getBoolean("installationAdmin"));
        assertEquals(
                "OPERATOR", me.getJsonArray("projects").getJsonObject(0).getString("role"), "the larger of the two");

        JsonObject person = nightshift.admin().get("api/people/ada").expect(200).object();
        assertTrue(person.getBoolean("openId"));
        assertEquals("Somebody called ada", person.getString("displayName"));
        JsonObject member = shop.api().get(shop.path("members")).items().stream()
                .filter(each -> each.getString("name").equals("ada"))
                .findFirst()
                .orElseThrow();
        assertTrue(member.getBoolean("byGroups") && member.getBoolean("openId"), member::toString);

        Map<String, JsonObject> entries = audit("ada").stream()
                .collect(Collectors.toMap(each -> each.getString("action"), each -> each.getJsonObject("details")));
        assertEquals(Set.of("person.create", "member.put", "login"), entries.keySet());
        assertEquals(
                "s-ada", Objects.requireNonNull(entries.get("person.create")).getString("subject"));
        JsonObject given = Objects.requireNonNull(entries.get("member.put"));
        assertEquals("OPERATOR by groups", given.getString("role") + " by " + given.getString("by"));
        assertEquals("openid", Objects.requireNonNull(entries.get("login")).getString("how"));
    }

    @Test
    void theSessionIsOneOfOursAndThePersonHasNoPassword() throws IOException {
        provider.account("s-eve", "eve");
        Visitor visitor = visitor();
        Visitor.Step end = visitor.logIn("s-eve");
        String cookie = end.setCookies().stream()
                .filter(each -> each.startsWith("__Host-nightshift="))
                .findFirst()
                .orElseThrow();
        assertTrue(cookie.endsWith("; Path=/; Secure; HttpOnly; SameSite=Strict"), cookie);
        assertEquals(Set.of("__Host-nightshift"), visitor.cookiesOfNightshift().keySet(), "the login's own is over");
        Api api = visitor.api();
        JsonObject change = Json.createObjectBuilder()
                .add("current", PASSWORD)
                .add("new", PASSWORD + "!")
                .build();
        api.put("api/me/password", change).expect(403);
        logInByPassword("eve").expect(401);
        JsonObject given = json("password", PASSWORD);
        nightshift.admin().put("api/people/eve", given).expect(400);
        api.post("api/logout").expect(204);
        api.get("api/me").expect(401);
    }

    @Test
    void rolesFollowTheGroupsAtEachLoginAndThoseGivenByHandStay() throws IOException {
        TestProject other = TestProject.create(nightshift.admin(), "by-hand");
        provider.account("s-bob", "bob", "shop-ops");
        assertEquals(Map.of("shop", "OPERATOR"), roles(loggedIn("s-bob")));
        other.api().put(other.path("members/bob"), json("role", "ADMIN")).expect(200);

        provider.account("s-bob", "bob", "shop-team");
        assertEquals(Map.of("shop", "VIEWER", "by-hand", "ADMIN"), roles(loggedIn("s-bob")));
        provider.account("s-bob", "bob");
        assertEquals(Map.of("by-hand", "ADMIN"), roles(loggedIn("s-bob")));
        assertEquals(
                1,
                audit("bob").stream()
                        .filter(each -> each.getString("action").equals("member.remove"))
                        .count());

        shop.api().put(shop.path("members/bob"), json("role", "ADMIN")).expect(200);
        provider.account("s-bob", "bob", "shop-team");
        assertEquals(Map.of("shop", "ADMIN", "by-hand", "ADMIN"), roles(loggedIn("s-bob")));
    }

    @Test
    void aGroupMakesAnInstallationAdminAndTakesItAgain() throws IOException {
        provider.account("s-cleo", "cleo", "dba");
        assertTrue(me(loggedIn("s-cleo")).getBoolean("installationAdmin"));
        provider.account("s-cleo", "cleo");
        assertFalse(me(loggedIn("s-cleo")).getBoolean("installationAdmin"));
        JsonObject byHand =
                Json.createObjectBuilder().add("installationAdmin", true).build();
        nightshift.admin().put("api/people/cleo", byHand).expect(200);
        assertTrue(me(loggedIn("s-cleo")).getBoolean("installationAdmin"));
    }

    @Test
    void aPersonOfTheSameNameIsNotTakenOverUntilAnAdminLinksThem() throws IOException {
        person("dora");
        provider.account("s-dora", "dora", "shop-ops");
        assertRefused(visitor().logIn("s-dora"), "taken");
        logInByPassword("dora").expect(200);
        JsonObject failed = audit("dora").stream()
                .filter(each -> each.getString("action").equals("login.failed"))
                .findFirst()
                .orElseThrow()
                .getJsonObject("details");

        JsonObject link = json("subject", failed.getString("subject"));
        nightshift.admin().put("api/people/dora/openid", link).expect(204);
        assertEquals(Map.of("shop", "OPERATOR"), roles(loggedIn("s-dora")));
        logInByPassword("dora").expect(401);
        person("dora-too");
        nightshift.admin().put("api/people/dora-too/openid", link).expect(409);
    }

    @Test
    void whoIsRenamedAtTheProviderStaysWhoTheyAre() throws IOException {
        provider.account("s-fay", "fay");
        loggedIn("s-fay");
        provider.account("s-fay", "fay-married");
        assertEquals("fay", me(loggedIn("s-fay")).getString("name"));
    }

    @Test
    void aNameThatCannotBeOneIsRefused() throws IOException {
        provider.account("s-gil", "Gil@example.com");
        assertRefused(visitor().logIn("s-gil"), "name");
    }

    @Test
    void whoIsDisabledStaysOut() throws IOException {
        provider.account("s-hal", "hal", "dba");
        Api api = loggedIn("s-hal");
        nightshift.admin().delete("api/people/hal").expect(204);
        api.get("api/me").expect(401);
        assertRefused(visitor().logIn("s-hal"), "disabled");
    }

    @Test
    void anAnswerServesOnlyTheBrowserThatAskedAndOnlyOnce() throws IOException {
        provider.account("s-ida", "ida");
        Visitor ida = visitor();
        URI answer = ida.logInAtProvider(ida.begin(null), "s-ida");
        assertRefused(visitor().get(answer), "unknown");
        Visitor other = visitor();
        other.begin(null);
        assertRefused(other.get(answer), "unknown");

        Map<String, String> before = Map.copyOf(ida.cookiesOfNightshift());
        assertEquals(nightshift.https(), ida.get(answer).next());
        ida.cookiesOfNightshift().clear();
        assertRefused(ida.get(answer), "unknown");
        ida.cookiesOfNightshift().putAll(before);
        assertRefused(ida.get(answer), "invalid"); // the provider gives nothing for the code a second time
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonce", "code_challenge"})
    void whatWasChangedOnTheWayToTheProviderIsNoticed(String parameter) throws IOException {
        provider.account("s-kim", "kim");
        Visitor kim = visitor();
        String asked = kim.begin(null).toString();
        String changed = asked.replaceAll("([?&]" + parameter + "=).{10}", "$1AAAAAAAAAA");
        assertFalse(asked.equals(changed));
        assertRefused(kim.get(kim.logInAtProvider(URI.create(changed), "s-kim")), "invalid");
    }

    @Test
    void whatTheProviderRefusesLeadsBackToTheLoginPage() {
        Visitor visitor = visitor();
        String asked = visitor.begin(null).toString();
        Visitor.Step step = visitor.get(URI.create(asked + "&prompt=none"));
        assertTrue(
                step.next().getQuery().contains("error=login_required"),
                step.next().toString());
        assertRefused(visitor.get(step.next()), "denied");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/p/shop/runs?status=FAILED", "//evil.example/", "https://evil.example/", "/\\evil.example"})
    void theWayBackLeadsToPagesOfThisSiteAlone(String from) throws IOException {
        provider.account("s-lea", "lea");
        Visitor lea = visitor();
        URI end = lea.get(lea.logInAtProvider(lea.begin(from), "s-lea")).next();
        String path = from.startsWith("/p/") ? from : "/";
        assertEquals(nightshift.https().resolve(path), end);
    }

    @Test
    void inABrowserTheWayLeadsFromThePageOverTheProviderBackToThePage() throws Exception {
        provider.account("s-mia", "mia", "shop-ops");
        person("ned");
        provider.account("s-ned", "ned");
        try (Chromium chromium = Chromium.start();
                BrowserContext context = context(chromium)) {
            Page page = context.newPage();
            page.navigate(nightshift.https().resolve("/p/shop/runs").toString());
            logInAtProvider(page, "s-mia");
            assertThat(page.locator("h1")).hasText("Runs");
            assertThat(page).hasURL(nightshift.https().resolve("/p/shop/runs").toString());
            page.waitForLoadState();
            page.reload();
            assertThat(page).hasURL(nightshift.https().resolve("/p/shop/runs").toString());
            page.navigate(nightshift.https().resolve("/p/shop/people").toString());
            assertThat(page.getByText("mia · OpenID")).isVisible();
            assertThat(page.getByText("Operator by group").first()).isVisible();
            page.navigate(nightshift.https().resolve("/p/shop/me").toString());
            assertThat(page.getByText("You log in by OpenID")).isVisible();

            try (BrowserContext another = context(chromium)) {
                Page refused = another.newPage();
                refused.navigate(nightshift.https().toString());
                logInAtProvider(refused, "s-ned");
                assertThat(refused.getByRole(AriaRole.ALERT)).containsText("Your name already belongs to a person");
                assertThat(refused.getByRole(AriaRole.LINK)).hasText("Log in with Example");
                assertThat(refused.getByLabel("Password")).isVisible();
            }
        }
    }

    private static BrowserContext context(Chromium chromium) {
        return chromium.browser().newContext(new Browser.NewContextOptions().setIgnoreHTTPSErrors(true));
    }

    private static void logInAtProvider(Page page, String subject) {
        page.getByText("Log in with Example").click();
        page.getByPlaceholder("Enter any login").fill(subject);
        page.getByPlaceholder("and password").fill("any");
        page.keyboard().press("Enter");
    }

    @Test
    @Order(Integer.MAX_VALUE - 1)
    void loginsThatFailTooOftenFromOneAddressAreRefusedBeforeTheProviderIsAsked() {
        String problem = "denied";
        int failed = 0;
        for (; failed <= 20 && problem.equals("denied"); failed++) {
            Visitor visitor = visitor();
            String state = visitor.begin(null).getQuery().replaceAll(".*(state=[^&]+).*", "$1");
            String answer = OpenIdConfig.CALLBACK + "?error=access_denied&iss=" + provider.issuer() + "&" + state;
            URI end = visitor.get(nightshift.https().resolve(answer)).next();
            problem = end.getQuery().replace("problem=", "");
        }
        assertEquals("limit", problem);
        assertTrue(failed > 5, "an account's limit is not the address's");
    }

    /** Starts the server anew, and leaves the provider away. */
    @Test
    @Order(Integer.MAX_VALUE)
    void withTheLocalLoginOffOnlyTheProviderLogsInAndKeysWorkAsEver() throws Exception {
        person("olga");
        nightshift.stop();
        nightshift.set("NIGHTSHIFT_LOCAL_LOGIN", "false");
        nightshift.start();
        logInByPassword("olga").expect(403);
        nightshift.admin().get("api/me").expect(200);
        JsonObject logins =
                Api.at(nightshift.https()).get("api/login").expect(200).object();
        assertFalse(logins.getBoolean("local"));
        assertEquals("Example", logins.getJsonObject("openId").getString("name"));
        try (Chromium chromium = Chromium.start();
                BrowserContext context = context(chromium)) {
            Page page = context.newPage();
            page.navigate(nightshift.https().toString());
            assertThat(page.getByRole(AriaRole.LINK)).hasText("Log in with Example");
            assertThat(page.getByLabel("Password")).hasCount(0);
        }
        provider.close();
        assertRefused(visitor().get(nightshift.https().resolve("/api/login/openid")), "unavailable");
        for (var log : nightshift.logs()) {
            assertFalse(java.nio.file.Files.readString(log).contains(OpenIdProvider.SECRET), log.toString());
        }
    }
}
