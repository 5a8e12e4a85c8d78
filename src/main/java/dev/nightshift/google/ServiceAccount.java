package dev.nightshift.google;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import jakarta.json.JsonObject;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;

/**
 * A service account with its key, which signs requests for access tokens (RFC 7523, as in
 * developers.google.com/identity/protocols/oauth2/service-account).
 *
 * @param keyId empty where its file names none
 * @param tokens where it asks for them
 */
public record ServiceAccount(String email, String keyId, RSAPrivateKey key, URI tokens) {
    private static final String GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private static final String TOKENS = "https://oauth2.googleapis.com/token";
    private static final Duration ASSERTED = Duration.ofMinutes(10);

    /** Where such a key file has tokens asked for: whoever asks there looks first whether what opens a service may be sent to it. */
    public static String tokens(JsonObject file) {
        return file.getString("token_uri", TOKENS);
    }

    /**
     * As its key file has it.
     *
     * @throws NullPointerException if that lacks something
     * @throws ClassCastException if something in it is no text
     * @throws IllegalArgumentException if the key is no Base64, or the address of the tokens is none; like all these its text may
     *     hold what it met
     * @throws GeneralSecurityException if the key is none of RSA
     */
    public static ServiceAccount of(JsonObject file) throws GeneralSecurityException {
        String pem = file.getString("private_key").replaceAll("-----[A-Z ]+-----|\\s", "");
        var key = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));
        return new ServiceAccount(
                file.getString("client_email"),
                file.getString("private_key_id", ""),
                (RSAPrivateKey) KeyFactory.getInstance("RSA").generatePrivate(key),
                URI.create(tokens(file)));
    }

    /**
     * Asks for an access token; it may be sent again for 10 minutes.
     *
     * @param scope what the token is to be used for
     * @throws GeneralSecurityException if the key cannot sign: it has less than 2,048 bits
     */
    public HttpRequest question(String scope, Instant now) throws GeneralSecurityException {
        return HttpRequest.newBuilder(tokens)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("grant_type="
                        + URLEncoder.encode(GRANT, StandardCharsets.UTF_8) + "&assertion=" + assertion(scope, now)))
                .build();
    }

    /** A signed JSON Web Token: none of its characters means anything within a form. */
    private String assertion(String scope, Instant now) throws GeneralSecurityException {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .type(JOSEObjectType.JWT)
                        .keyID(keyId)
                        .build(),
                new JWTClaimsSet.Builder()
                        .issuer(email)
                        .audience(tokens.toString())
                        .claim("scope", scope)
                        .issueTime(Date.from(now))
                        .expirationTime(Date.from(now.plus(ASSERTED)))
                        .build());
        try {
            token.sign(new RSASSASigner(key));
        } catch (JOSEException | IllegalArgumentException e) {
            throw new GeneralSecurityException(
                    "The key cannot sign"); // without the cause: its text may hold what it met
        }
        return token.serialize();
    }

    /** Says who it is, not what opens it. */
    @Override
    public String toString() {
        return "ServiceAccount[" + email + "]";
    }
}
