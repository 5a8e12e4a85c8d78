package dev.nightshift.access.openid;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.claims.AuthorizedParty;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** Believes an ID token, or not: signature, issuer, audience, times and nonce. */
final class IdTokens {
    /** How far the provider's clock may be off. */
    static final Duration SKEW = Duration.ofSeconds(60);

    /** With a pair of keys only: a signature with the client's secret, or none, proves nothing here. */
    private static final Set<JWSAlgorithm> ALGORITHMS = algorithms();

    private IdTokens() {}

    private static Set<JWSAlgorithm> algorithms() {
        Set<JWSAlgorithm> both = new HashSet<>(JWSAlgorithm.Family.RSA);
        both.addAll(JWSAlgorithm.Family.EC);
        return both;
    }

    /** @throws BadJOSEException if it is not to be believed; the message says why and tells nothing of the token */
    static IDTokenClaimsSet believed(JWT token, Nonce nonce, String issuer, String clientId, JWKSet keys)
            throws BadJOSEException, JOSEException {
        var selector = new JWSVerificationKeySelector<SecurityContext>(ALGORITHMS, new ImmutableJWKSet<>(keys));
        IDTokenValidator validator = new IDTokenValidator(new Issuer(issuer), new ClientID(clientId), selector, null);
        validator.setMaxClockSkew((int) SKEW.toSeconds());
        IDTokenClaimsSet claims = validator.validate(token, nonce);
        AuthorizedParty party = claims.getAuthorizedParty();
        // OpenID Connect Core 1.0, 3.1.3.7, steps 4 and 5, which the validator leaves to us
        if (party == null ? claims.getAudience().size() > 1 : !party.getValue().equals(clientId)) {
            throw new BadJWTException("It was made for another client (azp).");
        }
        return claims;
    }
}
