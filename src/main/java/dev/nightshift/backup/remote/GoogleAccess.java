package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Clock;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens of Google's by the login that a store has, for what OpenDAL does not ask: its own are not to be had from it. A key file
 * signs a request for one (RFC 7523); a workload's identity is exchanged (RFC 8693, as OpenDAL asks it). Nothing that a service answers
 * is repeated: it may hold what it was sent.
 */
final class GoogleAccess {
    private static final String SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";

    /** An exchanged token that is to become a service account's needs this one. */
    private static final String IMPERSONATING = "https://www.googleapis.com/auth/cloud-platform";

    private static final String TOKENS = "https://oauth2.googleapis.com/token";
    private static final Duration ASSERTED = Duration.ofMinutes(10);

    /** What is asked now is answered by then. */
    private static final Duration BEFORE_ITS_END = Duration.ofMinutes(3);

    /** Google's own longest; what an answer says beyond that is not believed. */
    private static final Duration USUAL = Duration.ofHours(1);

    /** Where an answer does not say how long its token serves. */
    private static final Duration UNSAID = Duration.ofMinutes(1);

    private static final int MOST_BYTES = 64 << 10;

    private final ServiceRequests requests;
    private final Clock clock;
    private volatile @Nullable Access held;

    /**
     * One that was given.
     *
     * @param login what it was asked with
     * @param until when another one is asked for
     */
    private record Access(String login, String token, Instant until) {
        @Override
        public String toString() {
            return "Access[until " + until + "]";
        }
    }

    GoogleAccess(ServiceRequests requests, Clock clock) {
        this.requests = requests;
        this.clock = clock;
    }

    /**
     * A token that has a while to go; empty where the server asks for no login.
     *
     * @param settings as OpenDAL takes them, see {@link RemoteAddress#settings}
     * @throws Unanswered if that login gives none here
     * @throws Failure.Retryable if the service that gives it cannot be reached
     */
    Optional<String> token(Map<String, String> settings) throws Unanswered {
        String given = settings.get("token");
        String login = settings.get("credential");
        if (given != null || login == null) {
            return Optional.ofNullable(given);
        }
        Access known = held;
        if (known == null || !known.login().equals(login) || !clock.now().isBefore(known.until())) {
            known = fresh(login);
            held = known;
        }
        return Optional.of(known.token());
    }

    private Access fresh(String login) throws Unanswered {
        JsonObject json = json(new String(Base64.getDecoder().decode(login), StandardCharsets.UTF_8), "its login");
        String type = json.getString("type", "");
        try {
            return switch (type) {
                case "service_account" -> access(login, signedFor(json));
                case "external_account" -> exchanged(login, json);
                default ->
                    throw Unanswered.by(
                            "a login of the type " + type + " is used by OpenDAL alone",
                            "Give the store a key file, or the JSON of a workload's identity (type external_account), which may"
                                    + " name the account to impersonate.");
            };
        } catch (ClassCastException | NullPointerException | IllegalArgumentException | GeneralSecurityException e) {
            throw new Unanswered(
                    "the JSON of its login is not whole", false); // without the cause, which may hold a part
        }
    }

    private JsonObject signedFor(JsonObject key) throws GeneralSecurityException, Unanswered {
        String tokens = key.getString("token_uri", TOKENS);
        if (!RemoteAddress.isSafe(tokens)) {
            throw new Unanswered("the token_uri of its key file is no https:// address", false);
        }
        String email = key.getString("client_email");
        String keyId = key.getString("private_key_id", "");
        byte[] pem = Base64.getDecoder().decode(key.getString("private_key").replaceAll("-----[A-Z ]+-----|\\s", ""));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pem)));
        Instant now = clock.now();
        String claims = part(Json.createObjectBuilder()
                        .add("alg", "RS256")
                        .add("typ", "JWT")
                        .add("kid", keyId)
                        .build())
                + "."
                + part(Json.createObjectBuilder()
                        .add("iss", email)
                        .add("aud", tokens)
                        .add("scope", SCOPE)
                        .add("iat", now.getEpochSecond())
                        .add("exp", now.plus(ASSERTED).getEpochSecond())
                        .build());
        signature.update(claims.getBytes(StandardCharsets.US_ASCII));
        String assertion = claims + "." + encoded(signature.sign());
        return answered(HttpRequest.newBuilder(URI.create(tokens))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("grant_type="
                        + URLEncoder.encode("urn:ietf:params:oauth:grant-type:jwt-bearer", StandardCharsets.UTF_8)
                        + "&assertion=" + assertion))
                .build());
    }

    private static String part(JsonObject json) {
        return encoded(json.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Its addresses are checked where the login is read. */
    private Access exchanged(String login, JsonObject json) throws Unanswered {
        String impersonation = json.getString("service_account_impersonation_url", "");
        JsonObject asked = Json.createObjectBuilder()
                .add("grantType", "urn:ietf:params:oauth:grant-type:token-exchange")
                .add("requestedTokenType", "urn:ietf:params:oauth:token-type:access_token")
                .add("audience", json.getString("audience"))
                .add("scope", impersonation.isEmpty() ? SCOPE : IMPERSONATING)
                .add("subjectToken", subject(json.getJsonObject("credential_source")))
                .add("subjectTokenType", json.getString("subject_token_type"))
                .build();
        JsonObject exchanged =
                answered(posted(json.getString("token_url"), asked).build());
        if (impersonation.isEmpty()) {
            return access(login, exchanged);
        }
        JsonObject wanted = Json.createObjectBuilder()
                .add("scope", Json.createArrayBuilder().add(SCOPE))
                .build();
        JsonObject answer = answered(posted(impersonation, wanted)
                .header("Authorization", "Bearer " + exchanged.getString("access_token"))
                .build());
        try {
            return access(
                    login,
                    answer.getString("accessToken"),
                    Duration.between(clock.now(), Instant.parse(answer.getString("expireTime"))));
        } catch (DateTimeException e) {
            return access(login, answer.getString("accessToken"), UNSAID);
        }
    }

    private static HttpRequest.Builder posted(String address, JsonObject body) {
        return HttpRequest.newBuilder(URI.create(address))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    }

    /** Read each time: what writes it replaces it. */
    private static String subject(JsonObject source) throws Unanswered {
        String text;
        try (var in = Files.newInputStream(Path.of(source.getString("file")))) {
            text = new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8).strip();
        } catch (IOException | InvalidPathException e) {
            throw new Unanswered("the file with its workload's token cannot be read", false);
        }
        JsonObject format = source.getJsonObject("format");
        return format == null || !format.getString("type", "").equals("json")
                ? text
                : json(text, "its workload's token").getString(format.getString("subject_token_field_name"));
    }

    private JsonObject answered(HttpRequest request) throws Unanswered {
        HttpResponse<byte[]> answer = requests.asked("ask for an access token", () -> request);
        if (answer.statusCode() != 200) {
            throw new Unanswered("its login is given no access token (HTTP " + answer.statusCode() + ")", false);
        }
        return json(ServiceRequests.text(answer), "what should give access tokens");
    }

    private Access access(String login, JsonObject answer) {
        return access(login, answer.getString("access_token"), Duration.ofSeconds(answer.getInt("expires_in", (int)
                UNSAID.toSeconds())));
    }

    /** @param life one that has ended, 0 or less, serves for what is asked now */
    private Access access(String login, String token, Duration life) {
        Duration most = life.compareTo(USUAL) > 0 ? USUAL : life.isNegative() ? Duration.ZERO : life;
        Duration rest = most.dividedBy(2);
        return new Access(
                login, token, clock.now().plus(most).minus(rest.compareTo(BEFORE_ITS_END) < 0 ? rest : BEFORE_ITS_END));
    }

    private static JsonObject json(String text, String what) throws Unanswered {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        } catch (JsonException e) {
            throw new Unanswered(what + " is no JSON", false); // without the cause: its text may hold what it met
        }
    }
}
