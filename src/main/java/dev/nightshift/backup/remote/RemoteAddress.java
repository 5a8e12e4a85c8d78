package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Failure;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a store lies at its provider. The secret that opens it is never a part of this.
 *
 * @param bucket at Azure the container
 * @param endpoint the service's address; null for the provider's own
 * @param region of S3; null where an endpoint is given, for most that speak S3 do not care
 * @param prefix the folder within the bucket, with forward slashes; empty for all of it
 * @param account S3's access key id, empty where that changes with the secret; Azure's account name; empty for Google, whose
 *     key names its account itself
 * @param checksums whether each upload carries one: a bucket of S3 that locks what is stored takes none without
 */
public record RemoteAddress(
        Provider provider,
        String bucket,
        @Nullable String endpoint,
        @Nullable String region,
        String prefix,
        String account,
        boolean checksums) {
    /** Who keeps it. */
    public enum Provider {
        S3("s3"),
        AZBLOB("azblob"),
        GCS("gcs");

        private final String scheme;

        Provider(String scheme) {
            this.scheme = scheme;
        }

        /** What OpenDAL calls it. */
        String scheme() {
            return scheme;
        }
    }

    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]");
    private static final Pattern PREFIX =
            Pattern.compile("([A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?");
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");
    private static final Pattern ACCOUNT = Pattern.compile("[A-Za-z0-9_.-]{1,128}");
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

    /** What those that speak S3 expect where nobody told them a region. */
    private static final String USUAL_REGION = "us-east-1";

    /** @throws Failure.Invalid naming the field that cannot be right */
    public RemoteAddress {
        require(
                "bucket",
                BUCKET.matcher(bucket).matches(),
                "a bucket's name has lower-case letters, digits, . _ and -");
        require(
                "prefix",
                prefix.length() <= 200 && PREFIX.matcher(prefix).matches(),
                "a prefix is like nightshift/prod, of letters, digits, . _ and -, at most 200 characters");
        if (endpoint != null) {
            checkEndpoint(endpoint);
        }
        require("region", region == null || REGION.matcher(region).matches(), "a region is like eu-central-1");
        switch (provider) {
            case S3 -> {
                require("region", region != null || endpoint != null, "S3 of AWS needs its region, like eu-central-1");
                require(
                        "account",
                        account.isEmpty() || ACCOUNT.matcher(account).matches(),
                        "it is the id of an access key, or empty where the secret holds that too");
            }
            case AZBLOB -> {
                require("account", ACCOUNT.matcher(account).matches(), "Azure needs the name of the storage account");
                require("region", region == null, "Azure has none");
            }
            case GCS -> {
                require("account", account.isEmpty(), "Google's key names its account itself");
                require("region", region == null, "Google Cloud Storage has none");
            }
        }
    }

    /** One that asks for no checksums. */
    public RemoteAddress(
            Provider provider,
            String bucket,
            @Nullable String endpoint,
            @Nullable String region,
            String prefix,
            String account) {
        this(provider, bucket, endpoint, region, prefix, account, false);
    }

    private static void require(String field, boolean right, String rule) {
        if (!right) {
            throw new Failure.Invalid(field, "The field " + field + " cannot be used: " + rule + ".");
        }
    }

    /** Over a network only by TLS: what opens a store would be read along the way. */
    private static void checkEndpoint(String endpoint) {
        try {
            URI address = new URI(endpoint);
            String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
            String host = address.getHost();
            require(
                    "endpoint",
                    host != null
                            && address.getRawUserInfo() == null
                            && address.getRawQuery() == null
                            && address.getRawFragment() == null
                            && endpoint.length() <= 300,
                    "it is an address like https://minio.example.org:9000, without login and query");
            require(
                    "endpoint",
                    scheme.equals("https") || (scheme.equals("http") && LOOPBACK.contains(host)),
                    "it begins with https://; http:// only for this machine, by 127.0.0.1, [::1] or localhost");
        } catch (URISyntaxException e) {
            throw new Failure.Invalid("endpoint", "The field endpoint is no address.");
        }
    }

    /** Whether what may be read by nobody else can be sent there. */
    static boolean isSafe(String address) {
        try {
            checkEndpoint(address);
            return true;
        } catch (Failure.Invalid e) {
            return false;
        }
    }

    /** The host that is connected to, where a person named it; null for the provider's own. */
    @Nullable
    String host() {
        return endpoint == null ? null : URI.create(endpoint).getHost();
    }

    /**
     * As OpenDAL takes it. What it would find by itself, in the environment, in files or at a cloud's metadata service, is
     * switched off: a store that is opened by somebody else's credentials is not the one that was meant.
     *
     * @param secret see {@link RemoteLogin}; null where the server asks for none
     * @param now for a secret that expires
     */
    Map<String, String> settings(@Nullable String secret, Instant now) {
        Map<String, String> settings = new HashMap<>();
        settings.put("root", "/" + prefix);
        switch (provider) {
            case S3 -> {
                settings.put("bucket", bucket);
                settings.put("region", region == null ? USUAL_REGION : region);
                settings.put("disable_config_load", "true");
                settings.put("disable_ec2_metadata", "true");
                if (checksums) {
                    settings.put("checksum_algorithm", "crc32c");
                }
                put(settings, "endpoint", endpoint);
            }
            case AZBLOB -> {
                settings.put("container", bucket);
                settings.put("endpoint", endpoint == null ? "https://" + account + ".blob.core.windows.net" : endpoint);
            }
            case GCS -> {
                settings.put("bucket", bucket);
                settings.put("disable_config_load", "true");
                settings.put("disable_vm_metadata", "true");
                put(settings, "endpoint", endpoint);
                if (secret == null) {
                    settings.put("allow_anonymous", "true");
                }
            }
        }
        if (secret != null) {
            RemoteLogin.add(settings, provider, account, secret, now);
        }
        return settings;
    }

    private static void put(Map<String, String> settings, String key, @Nullable String value) {
        if (value != null) {
            settings.put(key, value);
        }
    }
}
