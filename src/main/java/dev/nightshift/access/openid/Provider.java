package dev.nightshift.access.openid;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientAuthenticationMethod;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The OpenID provider: its authorization code flow with PKCE, and what it publishes of itself. */
final class Provider {
    /** Its addresses and keys are asked for again after this long. */
    private static final Duration FRESH = Duration.ofHours(1);

    /** A provider that is away, or a key that it does not have, is not asked for again for this long. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final OpenIdConfig config;
    private final BoundedHttp http;
    private @Nullable Published published;
    private long failedNanos;
    private boolean failed;

    /** What it publishes, and when we heard of it. */
    private record Published(OIDCProviderMetadata metadata, JWKSet keys, long nanos) {
        boolean olderThan(Duration age) {
            return System.nanoTime() - nanos > age.toNanos();
        }
    }

    Provider(OpenIdConfig config) {
        this.config = config;
        this.http = new BoundedHttp(config.trust(), BoundedHttp.LONGEST);
    }

    /** Where the browser goes for the login. */
    URI address(Attempt attempt) throws LoginFailed {
        Scope scope = new Scope(config.scopes().toArray(String[]::new));
        return new AuthenticationRequest.Builder(
                        ResponseType.CODE, scope, new ClientID(config.clientId()), config.redirectUri())
                .endpointURI(published(FRESH).metadata().getAuthorizationEndpointURI())
                .state(attempt.state())
                .nonce(attempt.nonce())
                .codeChallenge(attempt.verifier(), CodeChallengeMethod.S256)
                .build()
                .toURI();
    }

    /** What the provider tells of who came back from it with this answer; the answer's state was compared before. */
    Told redeem(Attempt attempt, AuthenticationResponse answer) throws LoginFailed {
        OIDCProviderMetadata metadata = published(FRESH).metadata();
        Issuer sender = answer.getIssuer();
        // Mixed up with another provider (RFC 9207)
        if (sender == null
                ? metadata.supportsAuthorizationResponseIssuerParam()
                : !sender.getValue().equals(config.issuer())) {
            throw invalid("the answer is another issuer's, or does not say whose", null);
        }
        if (!answer.indicatesSuccess()) {
            throw new LoginFailed(
                    LoginProblem.DENIED,
                    "the provider answered "
                            + answer.toErrorResponse().getErrorObject().getCode(),
                    null);
        }
        AuthorizationCode code = answer.toSuccessResponse().getAuthorizationCode();
        if (code == null) {
            throw invalid("there is no code in the answer", null);
        }
        OIDCTokenResponse tokens = tokens(metadata, code, attempt);
        IDTokenClaimsSet claims = believed(tokens.getOIDCTokens().getIDToken(), attempt);
        String subject = claims.getSubject().getValue();
        Map<String, Object> told = new HashMap<>(claims.toJSONObject());
        if (lacking(told) && metadata.getUserInfoEndpointURI() != null) {
            userInfo(metadata, tokens.getOIDCTokens().getAccessToken(), subject)
                    .toJSONObject()
                    .forEach(told::putIfAbsent);
        }
        return Told.of(subject, told, config);
    }

    /** Many providers put into the ID token what is needed; others only tell it when asked. */
    private boolean lacking(Map<String, Object> told) {
        return !told.containsKey(config.nameClaim())
                || (!config.groups().rules().isEmpty() && !told.containsKey(config.groupsClaim()));
    }

    private OIDCTokenResponse tokens(OIDCProviderMetadata metadata, AuthorizationCode code, Attempt attempt)
            throws LoginFailed {
        TokenRequest request = new TokenRequest.Builder(
                        metadata.getTokenEndpointURI(),
                        authentication(metadata),
                        new AuthorizationCodeGrant(code, config.redirectUri(), attempt.verifier()))
                .build();
        try {
            TokenResponse response = OIDCTokenResponseParser.parse(sent(request.toHTTPRequest()));
            if (response instanceof OIDCTokenResponse tokens) {
                return tokens;
            }
            throw invalid(
                    "the provider answered "
                            + response.toErrorResponse().getErrorObject().getCode() + " to the code",
                    null);
        } catch (ParseException e) {
            throw invalid("the answer to the code cannot be read", e);
        }
    }

    /** In the header, as every provider must know it, unless it says that it does not. */
    private ClientAuthentication authentication(OIDCProviderMetadata metadata) {
        ClientID id = new ClientID(config.clientId());
        Secret secret = new Secret(config.clientSecret());
        var methods = metadata.getTokenEndpointAuthMethods();
        boolean inBody = methods != null
                && !methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
                && methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_POST);
        return inBody ? new ClientSecretPost(id, secret) : new ClientSecretBasic(id, secret);
    }

    private IDTokenClaimsSet believed(JWT token, Attempt attempt) throws LoginFailed {
        Published now = published(FRESH);
        if (token.getHeader() instanceof com.nimbusds.jose.JWSHeader header
                && header.getKeyID() != null
                && now.keys().getKeyByKeyId(header.getKeyID()) == null) {
            now = published(PAUSE); // the provider has changed its keys
        }
        try {
            return IdTokens.believed(token, attempt.nonce(), config.issuer(), config.clientId(), now.keys());
        } catch (BadJOSEException | JOSEException e) {
            throw invalid("the ID token is not believed: " + e.getMessage(), null);
        }
    }

    private UserInfo userInfo(OIDCProviderMetadata metadata, AccessToken token, String subject) throws LoginFailed {
        UserInfoRequest request = new UserInfoRequest(metadata.getUserInfoEndpointURI(), token);
        try {
            UserInfoResponse response = UserInfoResponse.parse(sent(request.toHTTPRequest()));
            UserInfo told =
                    response.indicatesSuccess() ? response.toSuccessResponse().getUserInfo() : null;
            if (told == null || !told.getSubject().getValue().equals(subject)) {
                throw invalid("the provider tells nothing of who logged in, or of somebody else", null);
            }
            return told;
        } catch (ParseException e) {
            throw invalid("what the provider tells of who logged in cannot be read", e);
        }
    }

    /** No older than that, unless a newer one is not to be had. */
    private synchronized Published published(Duration age) throws LoginFailed {
        Published known = published;
        if (known != null && !known.olderThan(age)) {
            return known;
        }
        if (!failed || System.nanoTime() - failedNanos > PAUSE.toNanos()) {
            try {
                Published asked = ask();
                published = asked;
                failed = false;
                return asked;
            } catch (LoginFailed e) {
                failed = true;
                failedNanos = System.nanoTime();
                if (known == null) {
                    throw e;
                }
            }
        }
        if (known == null) {
            throw new LoginFailed(LoginProblem.UNAVAILABLE, "the provider was away a moment ago", null);
        }
        return known;
    }

    private Published ask() throws LoginFailed {
        try {
            URI address = URI.create(config.issuer().replaceAll("/$", "") + "/.well-known/openid-configuration");
            OIDCProviderMetadata metadata = OIDCProviderMetadata.parse(content(address));
            if (!metadata.getIssuer().getValue().equals(config.issuer())) {
                throw unavailable("it calls itself " + metadata.getIssuer() + ", not " + config.issuer(), null);
            }
            URI login = metadata.getAuthorizationEndpointURI();
            URI keys = metadata.getJWKSetURI();
            if (login == null
                    || !"https".equals(login.getScheme())
                    || metadata.getTokenEndpointURI() == null
                    || keys == null) {
                throw unavailable("it tells no https address for logins, or none for tokens and keys", null);
            }
            return new Published(metadata, JWKSet.parse(content(keys)), System.nanoTime());
        } catch (ParseException | java.text.ParseException e) {
            throw unavailable("what it tells of itself cannot be read", e);
        }
    }

    private String content(URI address) throws LoginFailed {
        HTTPResponse response = sent(new HTTPRequest(HTTPRequest.Method.GET, address));
        String body = response.getBody();
        if (!response.indicatesSuccess() || body == null) {
            throw unavailable(address + " answered " + response.getStatusCode(), null);
        }
        return body;
    }

    private HTTPResponse sent(HTTPRequest request) throws LoginFailed {
        try {
            return request.send(http);
        } catch (IOException e) {
            throw unavailable(request.getURI() + " failed: " + e.getMessage(), e);
        }
    }

    private static LoginFailed unavailable(String message, @Nullable Throwable cause) {
        return new LoginFailed(LoginProblem.UNAVAILABLE, message, cause);
    }

    private static LoginFailed invalid(String message, @Nullable Throwable cause) {
        return new LoginFailed(LoginProblem.INVALID, message, cause);
    }
}
