package dev.nightshift.vault.kms;

import com.google.crypto.tink.Aead;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A symmetric key of Google Cloud KMS: two calls of its REST API, encrypt and decrypt. The associated data is bound there. Checksums go
 * along both ways, and an answer whose sums do not fit, or that does not say that those of the request did, is asked for again
 * (cloud.google.com/kms/docs/data-integrity-guidelines).
 */
final class GoogleKms implements Aead {
    private static final String GOOGLES = "https://cloudkms.googleapis.com";
    static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);
    private static final String UNREACHED = "cannot be reached";

    private final KmsConfig config;
    private final KmsHttp http;
    private final GoogleLogin login;
    private final String key;

    GoogleKms(KmsConfig config, KmsHttp http, GoogleLogin login) {
        this.config = config;
        this.http = http;
        this.login = login;
        Matcher uri = KmsConfig.GOOGLE.matcher(config.uri());
        if (!uri.matches()) {
            throw new IllegalArgumentException(config + " is checked where it is read.");
        }
        this.key = uri.group("key");
    }

    static GoogleKms at(KmsConfig config) {
        KmsHttp elsewhere = new KmsHttp(config.variable(), Optional.empty(), KmsHttp.LONGEST);
        return new GoogleKms(
                config,
                new KmsHttp(config.variable(), config.rootCertificate(), KmsHttp.LONGEST),
                new GoogleLogin(config, elsewhere, Clock.system(), GoogleLogin.METADATA));
    }

    @Override
    public byte[] encrypt(byte[] plaintext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        JsonObject answer = answered(
                "encrypt",
                "plaintext",
                plaintext,
                associatedData,
                json -> json.getBoolean("verifiedPlaintextCrc32c", false)
                        && (isEmpty(associatedData)
                                || json.getBoolean("verifiedAdditionalAuthenticatedDataCrc32c", false))
                        && fits(json, "ciphertext"));
        String wrapped = answer.getString("name", "");
        if (!wrapped.contains(
                key.substring(key.indexOf("/locations/")) + "/cryptoKeyVersions/")) { // it may number the project
            throw notGoogles();
        }
        return bytes(answer, "ciphertext");
    }

    @Override
    public byte[] decrypt(byte[] ciphertext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        JsonObject answer =
                answered("decrypt", "ciphertext", ciphertext, associatedData, json -> fits(json, "plaintext"));
        return bytes(answer, "plaintext");
    }

    private static boolean isEmpty(byte @Nullable [] bytes) {
        return bytes == null || bytes.length == 0;
    }

    /** A 64-bit number is text in Google's JSON. */
    private boolean fits(JsonObject answer, String name) {
        JsonValue sum = answer.get(name + "Crc32c");
        String said = sum instanceof JsonString text
                ? text.getString()
                : sum instanceof JsonNumber number ? number.toString() : "";
        return said.equals(sum(bytes(answer, name)));
    }

    private static String sum(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return Long.toString(sum.getValue());
    }

    private byte[] bytes(JsonObject answer, String name) {
        try {
            return Base64.getDecoder().decode(answer.getString(name));
        } catch (ClassCastException | NullPointerException | IllegalArgumentException e) {
            throw notGoogles(); // without the cause, which may hold the bytes
        }
    }

    private JsonObject answered(
            String operation, String name, byte[] value, byte @Nullable [] associatedData, Predicate<JsonObject> whole)
            throws GeneralSecurityException {
        JsonObjectBuilder fields = Json.createObjectBuilder()
                .add(name, Base64.getEncoder().encodeToString(value))
                .add(name + "Crc32c", sum(value));
        if (associatedData != null && associatedData.length > 0) {
            fields.add("additionalAuthenticatedData", Base64.getEncoder().encodeToString(associatedData))
                    .add("additionalAuthenticatedDataCrc32c", sum(associatedData));
        }
        Wrapping question = new Wrapping(
                URI.create(config.endpoint().orElse(GOOGLES) + "/v1/" + key + ":" + operation),
                fields.build().toString(),
                whole);
        HttpResponse<byte[]> answer = http.asked(question, UNREACHED);
        if (answer.statusCode() != 200) {
            throw refused(operation, answer.statusCode(), KmsHttp.text(answer));
        }
        JsonObject json = json(answer);
        if (!whole.test(json)) {
            throw Kms.away(
                    config.variable(), "was asked or answered wrongly on the way: a checksum does not fit", null);
        }
        return json;
    }

    private final class Wrapping implements KmsHttp.Question {
        private final URI address;
        private final String body;
        private final Predicate<JsonObject> whole;
        private String token = "";
        private boolean renewed;

        Wrapping(URI address, String body, Predicate<JsonObject> whole) {
            this.address = address;
            this.body = body;
            this.whole = whole;
        }

        @Override
        public HttpRequest request() {
            token = login.token();
            return HttpRequest.newBuilder(address)
                    .header("Authorization", "Bearer " + token)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
        }

        @Override
        public boolean isPassing(HttpResponse<byte[]> answer) {
            if (answer.statusCode() == 401) {
                login.refused(token);
                boolean first = !renewed;
                renewed = true;
                return first;
            }
            return answer.statusCode() == 200
                    ? !whole.test(json(answer))
                    : PASSING.contains(answer.statusCode()) || isDamaged(answer.statusCode(), KmsHttp.text(answer));
        }
    }

    /** It found that a checksum of the request does not fit. */
    private static boolean isDamaged(int status, String text) {
        return status == 400 && message(text).toLowerCase(Locale.ROOT).contains("checksum");
    }

    private JsonObject json(HttpResponse<byte[]> answer) {
        try (var reader = Json.createReader(new StringReader(KmsHttp.text(answer)))) {
            return reader.readObject();
        } catch (JsonException e) {
            throw notGoogles(); // without the cause, which may hold a part of it
        }
    }

    private Failure notGoogles() {
        return Kms.away(config.variable(), "does not answer as Google's does", null);
    }

    /** Google's words, to tell cases apart; they are not repeated. */
    private static String message(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject().getJsonObject("error").getString("message", "");
        } catch (JsonException | ClassCastException | NullPointerException e) {
            return "";
        }
    }

    private Failure refused(String operation, int status, String text) throws GeneralSecurityException {
        String message = message(text);
        if (PASSING.contains(status)) {
            return Kms.away(config.variable(), "answers with " + status, null);
        }
        if (isDamaged(status, text)) {
            return Kms.away(config.variable(), "finds the request changed on its way: a checksum does not fit", null);
        }
        if (status >= 300 && status < 400) {
            return Kms.elsewhere(config.variable());
        }
        if (status == 400 && operation.equals("decrypt") && message.startsWith("Decryption failed")) {
            throw new GeneralSecurityException("The key of " + config.variable() + " does not open this.");
        }
        if (status == 400 && message.contains("current state is")) {
            return inState(message.substring(message.indexOf("current state is")));
        }
        if (status == 401) {
            return new Failure.Retryable(
                    "The KMS of " + config.variable() + " refuses the access token.",
                    "See whether the service account is enabled. Another token is asked for.",
                    null);
        }
        if (status == 403) {
            return forbidden(text);
        }
        if (text.contains("concerns location")) {
            return new Failure.Unusable(
                    "The key of " + config.variable() + " lies in no location that this endpoint of the KMS serves.",
                    "Correct the location in the variable, or the endpoint.",
                    null);
        }
        if (status == 404) {
            return Kms.unknown(config.variable());
        }
        return new Failure.Unusable(
                "The KMS of " + config.variable() + " refuses the request with " + status + ".",
                "The key must be one of the purpose ENCRYPT_DECRYPT.",
                null);
    }

    private Failure inState(String state) {
        String name = "A version of the key of " + config.variable();
        if (state.contains("DESTROY_SCHEDULED")) {
            return new Failure.Unusable(
                    name + " is about to be destroyed.", "Restore it in the KMS, and enable it.", null);
        }
        if (state.contains("DESTROYED")) {
            return new Failure.Unusable(
                    name + " was destroyed: what it wrapped opens no more.",
                    "If it is the primary version, make another one primary. What it wrapped opens by recovery kits.",
                    null);
        }
        if (state.contains("PENDING")) {
            return Kms.away(config.variable(), "is still making a version of the key", null);
        }
        return new Failure.Unusable(name + " is disabled.", "Enable it in the KMS.", null);
    }

    private Failure forbidden(String text) {
        if (text.contains("SERVICE_DISABLED") || text.contains("has not been used in project")) {
            return new Failure.Unusable(
                    "Cloud KMS is switched off in a project that the key of " + config.variable() + " is used from.",
                    "Enable cloudkms.googleapis.com in the service account's project, and in the key's.",
                    null);
        }
        if (text.contains("SCOPE_INSUFFICIENT")) {
            return new Failure.Unusable(
                    "The machine's access token may not be used with the KMS of " + config.variable() + ".",
                    "Give the machine the access scope cloud-platform or cloudkms.",
                    null);
        }
        return new Failure.Unusable(
                "The service account may not use the key of " + config.variable() + ", or there is no such key.",
                "Grant it roles/cloudkms.cryptoKeyEncrypterDecrypter on the key; see whether the variable names the right one.",
                null);
    }
}
