package dev.nightshift.access.openid;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.access.Grants;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.TypedSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is decided without asking the provider: settings, groups, the state of a login under way, claims. */
class OpenIdTest {
    private static final Instant NOW = Instant.parse("2026-11-25T22:00:00Z");

    private static final Map<String, String> SETTINGS = Map.of(
            "NIGHTSHIFT_OIDC_ISSUER", "https://login.example/realms/a",
            "NIGHTSHIFT_OIDC_CLIENT_ID", "nightshift",
            "NIGHTSHIFT_OIDC_CLIENT_SECRET", "planted",
            "NIGHTSHIFT_OIDC_REDIRECT_URI", "https://night.example/api/login/openid/callback");

    private static OpenIdConfig config(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(SETTINGS);
        all.putAll(more);
        all.values().removeIf(String::isEmpty);
        return OpenIdConfig.of(TypedSettings.of(all)).orElseThrow();
    }

    @Test
    void withoutAnIssuerThereIsNoProviderAndEveryDefaultHoldsWithOne() {
        assertEquals(Optional.empty(), OpenIdConfig.of(TypedSettings.NONE));
        OpenIdConfig config = config(Map.of());
        assertAll(
                () -> assertEquals("single sign-on", config.name()),
                () -> assertEquals(List.of("openid", "profile"), config.scopes()),
                () -> assertEquals("preferred_username", config.nameClaim()),
                () -> assertEquals("groups", config.groupsClaim()),
                () -> assertEquals(List.of(), config.groups().rules()),
                () -> assertEquals("planted", config.clientSecret()),
                () -> assertFalse(config.toString().contains("planted")));
    }

    @ParameterizedTest
    @CsvSource({
        "NIGHTSHIFT_OIDC_ISSUER, http://login.example",
        "NIGHTSHIFT_OIDC_ISSUER, https://login.example?a=b",
        "NIGHTSHIFT_OIDC_ISSUER, login.example",
        "NIGHTSHIFT_OIDC_NAME, a name that is longer than any button should be",
        "NIGHTSHIFT_OIDC_CLIENT_ID, ''",
        "NIGHTSHIFT_OIDC_CLIENT_SECRET, ''",
        "NIGHTSHIFT_OIDC_CLIENT_SECRET_FILE, /nowhere",
        "NIGHTSHIFT_OIDC_REDIRECT_URI, ''",
        "NIGHTSHIFT_OIDC_REDIRECT_URI, http://night.example/api/login/openid/callback",
        "NIGHTSHIFT_OIDC_REDIRECT_URI, https://night.example/",
        "NIGHTSHIFT_OIDC_SCOPES, profile",
        "NIGHTSHIFT_OIDC_GROUPS, dba",
        "NIGHTSHIFT_OIDC_ROOT_CERTIFICATE, /nowhere",
        "NIGHTSHIFT_LOCAL_LOGIN, perhaps",
    })
    void aSettingThatCannotBeUsedIsNamed(String variable, String value) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> config(Map.of(variable, value)));
        String first = String.valueOf(refused.getMessage()).split(" ", 2)[0];
        assertTrue(variable.startsWith(TypedSettings.variable(first)), refused.getMessage());
        assertFalse(String.valueOf(refused.getMessage()).contains("planted"), refused.getMessage());
    }

    @Test
    void theLocalLoginStaysOnWhereThereIsNoOther() {
        Map<String, String> off = Map.of("NIGHTSHIFT_LOCAL_LOGIN", "false");
        config(off);
        assertThrows(IllegalArgumentException.class, () -> OpenIdConfig.of(TypedSettings.of(off)));
        Map<String, String> half = Map.of("NIGHTSHIFT_OIDC_CLIENT_ID", "nightshift");
        assertThrows(IllegalArgumentException.class, () -> OpenIdConfig.of(TypedSettings.of(half)), "no issuer");
    }

    @Test
    void theSecretMayComeFromAFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("secret"), "from a file\n");
        Map<String, String> inFile =
                Map.of("NIGHTSHIFT_OIDC_CLIENT_SECRET", "", "NIGHTSHIFT_OIDC_CLIENT_SECRET_FILE", file.toString());
        assertEquals("from a file", config(inFile).clientSecret());
        Map<String, String> twice = Map.of("NIGHTSHIFT_OIDC_CLIENT_SECRET_FILE", file.toString());
        assertThrows(IllegalArgumentException.class, () -> config(twice));
        Map<String, String> noCertificate = Map.of("NIGHTSHIFT_OIDC_ROOT_CERTIFICATE", file.toString());
        assertThrows(IllegalArgumentException.class, () -> config(noCertificate));
    }

    @Test
    void groupsGiveRolesAndOfTwoInAProjectTheLargerOne() {
        GroupRoles roles = GroupRoles.parse(
                "dba = installation-admin, shop team=shop:viewer,ops=shop:operator, CN=dba\\,OU=it=books:admin,");
        assertEquals(new Grants(false, Map.of("shop", Role.VIEWER)), roles.of(List.of("shop team", "dBa")));
        assertEquals(new Grants(false, Map.of("shop", Role.OPERATOR)), roles.of(List.of("ops", "shop team")));
        assertEquals(new Grants(true, Map.of("books", Role.ADMIN)), roles.of(List.of("dba", "CN=dba,OU=it")));
        assertEquals(new Grants(false, Map.of()), roles.of(List.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dba",
                "=installation-admin",
                "ops=operator",
                "ops=shop:owner",
                "ops=shop:Operator",
                "ops=Shop:viewer",
                "ops=shop:viewer:x",
                "ops=:viewer",
                "a=shop:vewer, b=shop:viewer"
            })
    void aGroupWithoutARoleThatThereIsIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> GroupRoles.parse(text));
    }

    @Test
    void aLoginUnderWayIsTheOneOfItsCookieAloneAndForTenMinutes() {
        Attempt attempt = Attempt.begin("/p/shop/runs?a=b", NOW);
        Attempt again = Attempt.of(attempt.value(), NOW.plusSeconds(600)).orElseThrow();
        assertTrue(again.isOf(attempt.state().getValue()));
        assertEquals("/p/shop/runs?a=b", again.from());
        assertEquals(Optional.empty(), Attempt.of(attempt.value(), NOW.plusSeconds(601)));
        assertEquals(
                5,
                Set.of(
                                attempt.value(),
                                attempt.state().getValue(),
                                attempt.nonce().getValue(),
                                attempt.verifier().getValue(),
                                Attempt.begin("/p/shop/runs?a=b", NOW).state().getValue())
                        .size(),
                "none of them is another");
        assertFalse(attempt.toString().contains(attempt.value()));
    }

    @Test
    void aLoginUnderWayCannotBeMadeToLastLongerOrToLeadElsewhere() {
        Attempt attempt = Attempt.begin("/", NOW);
        String later = attempt.value().replace("." + NOW.getEpochSecond() + ".", ".99999999999.");
        assertNotEquals(attempt.value(), later);
        assertFalse(Attempt.of(later, NOW).orElseThrow().isOf(attempt.state().getValue()));
        String elsewhere = attempt.value().replaceFirst("\\.[^.]*$", ".Ly9ldmlsLmV4YW1wbGU"); // //evil.example
        Attempt forged = Attempt.of(elsewhere, NOW).orElseThrow();
        assertFalse(forged.isOf(attempt.state().getValue()));
        assertEquals("/", forged.from());
        assertFalse(attempt.isOf(null));
    }

    @Property
    void anyCookieIsALoginUnderWayOrNone(@ForAll String cookie) {
        Attempt.of(cookie, NOW).ifPresent(Attempt::from);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "p",
                "//evil.example",
                "/\\evil.example",
                "/a\\b",
                "/a b",
                "/ä",
                "/a\r\nSet-Cookie: a=b",
                "https://evil.example/",
                "javascript:alert(1)",
                "/api/login/openid"
            })
    void whatIsNoPageOfThisSiteIsItsStart(String from) {
        assertEquals("/", Attempt.ownPath(from));
    }

    @Test
    void everyProblemHasACodeAndNothingElseIsOne() {
        for (LoginProblem each : LoginProblem.values()) {
            assertEquals(Optional.of(each), LoginProblem.of(each.code()));
        }
        assertEquals(Optional.empty(), LoginProblem.of("<b>"));
        assertEquals(Optional.empty(), LoginProblem.of(null));
    }

    @Test
    void claimsAreReadAsTheSettingsNameThem() {
        OpenIdConfig config =
                config(Map.of("NIGHTSHIFT_OIDC_NAME_CLAIM", "uid", "NIGHTSHIFT_OIDC_GROUPS_CLAIM", "member_of"));
        Told told = Told.of(
                "s", Map.of("uid", "ada", "name", "Ada\tL.", "member_of", List.of("a", 1, "b"), "groups", "c"), config);
        assertEquals(new Told("s", "ada", "Ada L.", List.of("a", "b")), told);
        assertEquals(
                new Told("s", "ada", "ada", List.of("a")),
                Told.of("s", Map.of("uid", "ada", "name", "x".repeat(201), "member_of", "a"), config));
        assertEquals(new Told("s", "", "", List.of()), Told.of("s", Map.of("uid", 7), config));
    }
}
