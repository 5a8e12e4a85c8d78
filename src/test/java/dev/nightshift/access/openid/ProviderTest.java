package dev.nightshift.access.openid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.testing.Certificates;
import jakarta.json.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ways of providers that the real one in the tests does not have. */
class ProviderTest {
    private static final String REDIRECT = "https://night.example/api/login/openid/callback";
    private static final Instant NOW = Clock.system().now();

    private static Certificates certificates;
    private static RSAKey one;
    private static RSAKey two;

    private final Attempt attempt = Attempt.begin("/", NOW);
    private LocalHttps server;
    private String issuer;
    private volatile RSAKey key;
    private volatile String published;
    private volatile String subjectOfUserInfo = "s";
    private volatile String asked = "";
    private final AtomicInteger publications = new AtomicInteger();

    @BeforeAll
    static void certificatesAndKeys(@TempDir Path folder) throws Exception {
        certificates = Certificates.create(folder, "127.0.0.1");
        one = new RSAKeyGenerator(2048).keyID("one").generate();
        two = new RSAKeyGenerator(2048).keyID("two").generate();
    }

    @BeforeEach
    void start() throws Exception {
        server = new LocalHttps(certificates);
        issuer = server.address().toString();
        published = issuer;
        key = one;
        server.answers("/.well-known/openid-configuration", exchange -> {
            publications.incrementAndGet();
            LocalHttps.json(exchange, 200, metadata());
        });
        server.answers("/keys", exchange -> LocalHttps.json(exchange, 200, new JWKSet(key.toPublicJWK()).toString()));
        server.answers("/token", exchange -> {
            asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            LocalHttps.json(exchange, 200, tokens());
        });
        server.answers(
                "/userinfo",
                exchange ->
                        LocalHttps.json(exchange, 200, "{\"sub\":\"" + subjectOfUserInfo + "\",\"groups\":[\"dba\"]}"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String metadata() {
        return Json.createObjectBuilder()
                .add("issuer", published)
                .add("authorization_endpoint", issuer + "/authorize")
                .add("token_endpoint", issuer + "/token")
                .add("userinfo_endpoint", issuer + "/userinfo")
                .add("jwks_uri", issuer + "/keys")
                .add("response_types_supported", Json.createArrayBuilder(List.of("code")))
                .add("subject_types_supported", Json.createArrayBuilder(List.of("public")))
                .add("id_token_signing_alg_values_supported", Json.createArrayBuilder(List.of("RS256")))
                .add("token_endpoint_auth_methods_supported", Json.createArrayBuilder(List.of("client_secret_post")))
                .add("authorization_response_iss_parameter_supported", true)
                .build()
                .toString();
    }

    private String tokens() throws IOException {
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .issuer(issuer)
                .subject("s")
                .audience("nightshift")
                .issueTime(Date.from(NOW))
                .expirationTime(Date.from(NOW.plusSeconds(300)))
                .claim("nonce", attempt.nonce().getValue())
                .claim("preferred_username", "ada")
                .build();
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(), claims);
        try {
            token.sign(new RSASSASigner(key));
        } catch (JOSEException e) {
            throw new IOException(e);
        }
        return "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"id_token\":\"" + token.serialize() + "\"}";
    }

    private Provider provider(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "NIGHTSHIFT_OIDC_ISSUER",
                issuer,
                "NIGHTSHIFT_OIDC_CLIENT_ID",
                "nightshift",
                "NIGHTSHIFT_OIDC_CLIENT_SECRET",
                "the client's",
                "NIGHTSHIFT_OIDC_REDIRECT_URI",
                REDIRECT,
                "NIGHTSHIFT_OIDC_ROOT_CERTIFICATE",
                server.rootCertificate().toString()));
        settings.putAll(more);
        return new Provider(OpenIdConfig.of(TypedSettings.of(settings)).orElseThrow());
    }

    private static AuthenticationResponse answer(String iss) throws Exception {
        return AuthenticationResponseParser.parse(URI.create(REDIRECT + "?code=c&state=s" + iss));
    }

    private LoginProblem refused(Provider provider, AuthenticationResponse answer) {
        return assertThrows(LoginFailed.class, () -> provider.redeem(attempt, answer))
                .problem();
    }

    @Test
    void whatTheIdTokenTellsIsNotAskedForAgainAndTheSecretGoesTheWayThatTheProviderKnows() throws Exception {
        Told told = provider(Map.of()).redeem(attempt, answer("&iss=" + issuer));
        assertEquals(new Told("s", "ada", "ada", List.of()), told);
        assertTrue(asked.contains("client_secret=the+client%27s"), asked);
        assertTrue(asked.contains("code_verifier=" + attempt.verifier().getValue()), asked);
    }

    @Test
    void groupsThatGiveRolesAreAskedForWhereTheIdTokenLacksThemAndOnlyOfWhoLoggedIn() throws Exception {
        Provider provider = provider(Map.of("NIGHTSHIFT_OIDC_GROUPS", "dba=installation-admin"));
        assertEquals(
                List.of("dba"),
                provider.redeem(attempt, answer("&iss=" + issuer)).groups());
        subjectOfUserInfo = "another";
        assertEquals(LoginProblem.INVALID, refused(provider, answer("&iss=" + issuer)));
    }

    @Test
    void anAnswerOfAnotherIssuerOrOfNoneIsRefused() throws Exception {
        Provider provider = provider(Map.of());
        assertEquals(LoginProblem.INVALID, refused(provider, answer("&iss=https://evil.example")));
        assertEquals(LoginProblem.INVALID, refused(provider, answer("")), "the provider says that it tells its issuer");
        assertEquals("", asked, "no code was handed on");
    }

    @Test
    void aProviderThatCallsItselfOtherwiseIsNotUsedAndNotAskedAgainAtOnce() {
        published = "https://evil.example";
        Provider provider = provider(Map.of());
        for (int i = 0; i < 3; i++) {
            LoginFailed failed = assertThrows(LoginFailed.class, () -> provider.address(attempt));
            assertEquals(LoginProblem.UNAVAILABLE, failed.problem());
        }
        assertEquals(1, publications.get());
    }

    /** Takes ten seconds, in which a key that is not there is not asked for again. */
    @Test
    void aNewKeyOfTheProvidersIsFetched() throws Exception {
        Provider provider = provider(Map.of());
        provider.redeem(attempt, answer("&iss=" + issuer));
        key = two;
        assertEquals(LoginProblem.INVALID, refused(provider, answer("&iss=" + issuer)));
        Thread.sleep(10_100);
        assertEquals("ada", provider.redeem(attempt, answer("&iss=" + issuer)).name());
        assertEquals(2, publications.get());
    }
}
