package dev.nightshift.backup.remote;

import dev.nightshift.google.AccessToken;
import dev.nightshift.google.ServiceAccount;
import dev.nightshift.kernel.Clock;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens of Google's by the login that a store has, for what OpenDAL does not ask: its own are not to be had from it. A key file
 * signs a request for one; a workload's identity is exchanged (RFC 8693, as OpenDAL asks it). Nothing that a service answers
 * is repeated: it may hold what it was sent.
 */
final class GoogleAccess {
    private static final String SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";

    /** An exchanged token that is to become a service account's needs this one. */
    private static final String IMPERSONATING = "https://www.googleapis.com/auth/cloud-platform";

    /** Google's own longest; what an answer says beyond that is not believed. */
    private static final Duration USUAL = Duration.ofHours(1);

    /** Where an answer does not say how long its token serves. */
    private static final Duration UNSAID = Duration.ofMinutes(1);

    private static final int MOST_BYTES = 64 << 10;

    private final ServiceRequests requests;
    private final Clock clock;
    private volatile @Nullable Held held;

    /** The token that was given last, and the login that it was asked with. */
    private record Held(String login, AccessToken token) {
        @Override
        public String toString() {
            return token.toString();
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
        Held known = held;
        if (known == null || !known.login().equals(login) || !known.token().serves(clock.now())) {
            known = new Held(login, fresh(login));
            held = known;
        }
        return Optional.of(known.token().token());
    }

    private AccessToken fresh(String login) throws Unanswered {
        JsonObject json = json(new String(Base64.getDecoder().decode(login), StandardCharsets.UTF_8), "its login");
        String type = json.getString("type", "");
        try {
            return switch (type) {
                case "service_account" -> access(signedFor(json));
                case "external_account" -> exchanged(json);
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
        if (!RemoteAddress.isSafe(ServiceAccount.tokens(key))) {
            throw new Unanswered("the token_uri of its key file is no https:// address", false);
        }
        return answered(ServiceAccount.of(key).question(SCOPE, clock.now()));
    }

    /** Its addresses are checked where the login is read. */
    private AccessToken exchanged(JsonObject json) throws Unanswered {
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
            return access(exchanged);
        }
        JsonObject wanted = Json.createObjectBuilder()
                .add("scope", Json.createArrayBuilder().add(SCOPE))
                .build();
        JsonObject answer = answered(posted(impersonation, wanted)
                .header("Authorization", "Bearer " + exchanged.getString("access_token"))
                .build());
        try {
            return access(
                    answer.getString("accessToken"),
                    Duration.between(clock.now(), Instant.parse(answer.getString("expireTime"))));
        } catch (DateTimeException e) {
            return access(answer.getString("accessToken"), UNSAID);
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

    private AccessToken access(JsonObject answer) {
        return access(answer.getString("access_token"), Duration.ofSeconds(answer.getInt("expires_in", (int)
                UNSAID.toSeconds())));
    }

    /** @param life one that has ended, 0 or less, serves for what is asked now */
    private AccessToken access(String token, Duration life) {
        Duration most = life.compareTo(USUAL) > 0 ? USUAL : life.isNegative() ? Duration.ZERO : life;
        return AccessToken.of(token, most, clock.now());
    }

    private static JsonObject json(String text, String what) throws Unanswered {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        } catch (JsonException e) {
            throw new Unanswered(what + " is no JSON", false); // without the cause: its text may hold what it met
        }
    }
}
