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
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What opens a store, lasting or for some hours: at S3 a secret access key, or the JSON that AWS's tools hand out (AccessKeyId,
 * SecretAccessKey, SessionToken, Expiration: docs.aws.amazon.com, "Sourcing credentials with an external process"); at Azure an
 * account key, or a shared access signature; at Google the text of a key file, an OAuth 2.0 access token, or the JSON of a workload
 * identity (type external_account: google.aip.dev/auth/4117), whose token is read from its file again and again.
 */
final class RemoteLogin {
    /** A signed JSON Web Token, as Kubernetes puts it into a file: it proves who somebody is, and opens no store by itself. */
    private static final Pattern IDENTITY = Pattern.compile("eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*");

    /** What OpenDAL reads of Google's; for any other it would ask without a login. */
    private static final Set<String> OF_GOOGLE =
            Set.of("service_account", "impersonated_service_account", "external_account");

    /** Of a credential_source, beside a file: OpenDAL would take them first. */
    private static final Set<String> OTHER_SOURCES = Set.of("url", "executable", "environment_id");

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
        if (IDENTITY.matcher(secret.strip()).matches()) {
            throw useless(
                    "it is an identity token, which has to be exchanged for a login first",
                    switch (provider) {
                        case S3 ->
                            "Let AWS's own tool do that, and write what it gets into the file: aws configure export-credentials"
                                    + " --format process";
                        case AZBLOB ->
                            "Let Azure's own tool do that, and write a shared access signature into the file: az storage"
                                    + " container generate-sas --as-user --auth-mode login";
                        case GCS ->
                            "Give the JSON of gcloud iam workload-identity-pools create-cred-config, which names the token's"
                                    + " file";
                    });
        }
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
                    checkGoogle(json(secret));
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

    /** What OpenDAL would pass over in silence is said. */
    private static void checkGoogle(JsonObject json) {
        String type = json.getString("type", "");
        if (!OF_GOOGLE.contains(type)) {
            throw useless(
                    "the type of its JSON is none that is taken",
                    "Give a service account's key file, or the JSON of a workload identity (type external_account)");
        }
        checkExchange(json, "service_account_impersonation_url", false);
        if (!type.equals("external_account")) {
            return;
        }
        if (!(json.get("credential_source") instanceof JsonObject source)
                || source.getString("file", "").isEmpty()
                || OTHER_SOURCES.stream().anyMatch(source::containsKey)) {
            throw useless(
                    "its credential_source names no file, or something else too",
                    "Have the workload's token written into a file: tokens from addresses, programs and AWS are not taken");
        }
        checkExchange(json, "token_url", true);
    }

    /** A token goes there: over a network only by TLS. */
    private static void checkExchange(JsonObject json, String name, boolean needed) {
        String address = json.getString(name, "");
        if (address.isEmpty() ? needed : !RemoteAddress.isSafe(address)) {
            throw useless(
                    "its " + name + " is no address that a token may be sent to",
                    "It begins with https://; http:// only for this machine, by 127.0.0.1, [::1] or localhost");
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
