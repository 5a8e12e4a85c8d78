package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Map;

/**
 * What opens a store, lasting or for some hours: at S3 a secret access key, or the JSON that AWS's tools hand out (AccessKeyId,
 * SecretAccessKey, SessionToken, Expiration: docs.aws.amazon.com, "Sourcing credentials with an external process"); at Azure an
 * account key, or a shared access signature; at Google the text of a key file, or an OAuth 2.0 access token.
 */
final class RemoteLogin {
    private RemoteLogin() {}

    /**
     * Adds what OpenDAL needs.
     *
     * @param account of the store's definition; what the secret says itself comes first
     * @param now what has expired by then opens nothing
     * @throws Failure.Skippable if it opens nothing; the text never holds the secret
     */
    static void add(
            Map<String, String> settings, RemoteAddress.Provider provider, String account, String secret, Instant now) {
        switch (provider) {
            case S3 -> s3(settings, account, secret, now);
            case AZBLOB -> {
                if (secret.contains("sig=")) {
                    settings.put("sas_token", secret.startsWith("?") ? secret.substring(1) : secret);
                } else {
                    settings.put("account_name", account);
                    settings.put("account_key", secret);
                }
            }
            case GCS -> {
                if (secret.startsWith("{")) {
                    settings.put(
                            "credential", Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8)));
                } else {
                    settings.put("token", secret);
                }
            }
        }
    }

    private static void s3(Map<String, String> settings, String account, String secret, Instant now) {
        if (!secret.startsWith("{")) {
            if (account.isEmpty()) {
                throw useless("it is a key without its id", "Give the access key's id as the store's account");
            }
            settings.put("access_key_id", account);
            settings.put("secret_access_key", secret);
            return;
        }
        JsonObject json = json(secret);
        settings.put("access_key_id", text(json, "AccessKeyId"));
        settings.put("secret_access_key", text(json, "SecretAccessKey"));
        if (json.containsKey("SessionToken") && !json.isNull("SessionToken")) {
            settings.put("session_token", text(json, "SessionToken"));
        }
        if (json.containsKey("Expiration") && !json.isNull("Expiration")) {
            String until = text(json, "Expiration");
            try {
                if (!Instant.parse(until.replace("+00:00", "Z")).isAfter(now)) {
                    throw useless("it has expired at " + until, "Let what writes the file renew it in time");
                }
            } catch (DateTimeParseException e) {
                throw useless("its Expiration is no time like 2026-11-30T02:00:00Z", "Mend it");
            }
        }
    }

    private static JsonObject json(String secret) {
        try (JsonReader reader = Json.createReader(new StringReader(secret))) {
            return reader.readObject();
        } catch (JsonException e) {
            throw useless( // without the cause: its text may hold what it met
                    "it begins like JSON, and is none", "Let what writes it replace the file in one step");
        }
    }

    private static String text(JsonObject json, String name) {
        try {
            String text = json.getString(name);
            if (!text.isBlank()) {
                return text;
            }
        } catch (NullPointerException | ClassCastException e) {
            // said below
        }
        throw useless("its JSON has no " + name, "It looks like {\"AccessKeyId\":…,\"SecretAccessKey\":…}");
    }

    private static Failure.Skippable useless(String why, String remedy) {
        return new Failure.Skippable("What should open the store does not: " + why + ".", remedy + ".", null);
    }
}
