package dev.nightshift.access.openid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.openid.connect.sdk.Nonce;
import dev.nightshift.kernel.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What no real provider sends. */
class IdTokensTest {
    private static final String ISSUER = "https://login.example";
    private static final Nonce NONCE = new Nonce("the-nonce");
    private static final Instant NOW = Clock.system().now();

    private static RSAKey key;
    private static RSAKey another;

    @BeforeAll
    static void keys() throws JOSEException {
        key = new RSAKeyGenerator(2048).keyID("one").generate();
        another = new RSAKeyGenerator(2048).keyID("one").generate();
    }

    private static JWTClaimsSet claims(Consumer<JWTClaimsSet.Builder> but) {
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .subject("s")
                .audience("nightshift")
                .issueTime(Date.from(NOW))
                .expirationTime(Date.from(NOW.plusSeconds(300)))
                .claim("nonce", NONCE.getValue());
        but.accept(claims);
        return claims.build();
    }

    private static JWT signed(RSAKey by, Consumer<JWTClaimsSet.Builder> but) throws JOSEException {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("one").build(), claims(but));
        token.sign(new RSASSASigner(by));
        return token;
    }

    private static String subject(JWT token) throws BadJOSEException, JOSEException {
        return IdTokens.believed(token, NONCE, ISSUER, "nightshift", new JWKSet(key.toPublicJWK()))
                .getSubject()
                .getValue();
    }

    private static void assertNotBelieved(JWT token) {
        assertThrows(BadJOSEException.class, () -> subject(token));
    }

    @Test
    void aTokenInOrderIsBelievedAndAClockMayBeALittleOff() throws Exception {
        assertEquals("s", subject(signed(key, claims -> {})));
        assertEquals("s", subject(signed(key, claims -> claims.expirationTime(Date.from(NOW.minusSeconds(30))))));
    }

    @Test
    void anExpiredTokenIsNotBelieved() throws Exception {
        assertNotBelieved(signed(key, claims -> claims.expirationTime(Date.from(NOW.minusSeconds(90)))));
        assertNotBelieved(signed(key, claims -> claims.issueTime(Date.from(NOW.plus(Duration.ofMinutes(5))))));
    }

    @Test
    void aTokenOfAnotherIssuerForAnotherClientOrOfAnotherLoginIsNotBelieved() throws Exception {
        assertNotBelieved(signed(key, claims -> claims.issuer("https://evil.example")));
        assertNotBelieved(signed(key, claims -> claims.audience("another")));
        assertNotBelieved(signed(
                key, claims -> claims.audience(List.of("nightshift", "another")).claim("azp", "another")));
        assertNotBelieved(signed(key, claims -> claims.claim("azp", "another")));
        assertNotBelieved(signed(key, claims -> claims.audience(List.of("nightshift", "another"))));
        assertNotBelieved(signed(key, claims -> claims.claim("nonce", "another")));
        assertNotBelieved(signed(key, claims -> claims.claim("nonce", null)));
        assertNotBelieved(signed(key, claims -> claims.subject(null)));
    }

    @Test
    void aTokenThatTheProvidersKeysDidNotSignIsNotBelieved() throws Exception {
        assertNotBelieved(signed(another, claims -> {}));
        assertNotBelieved(new PlainJWT(claims(but -> {})));
        SignedJWT withPublicKeyAsSecret = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims(but -> {}));
        withPublicKeyAsSecret.sign(new MACSigner(key.toRSAPublicKey().getEncoded()));
        assertNotBelieved(withPublicKeyAsSecret);
    }
}
