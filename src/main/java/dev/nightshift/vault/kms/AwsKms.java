package dev.nightshift.vault.kms;

import com.google.crypto.tink.Aead;
import dev.nightshift.kernel.Failure;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.services.kms.KmsClient;

/** A symmetric key of AWS KMS. The associated data is its encryption context, which is bound, and stands in CloudTrail. */
final class AwsKms implements Aead {
    private static final String CONTEXT = "nightshift";
    private static final int ATTEMPTS = 3;
    private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private static final Set<String> CREDENTIALS = Set.of(
            "ExpiredTokenException",
            "ExpiredToken",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "RequestExpired");

    private final String variable;
    private final String arn;
    private final Credentials credentials = new Credentials();
    private final KmsClient client;

    private AwsKms(String variable, String arn, Region region) {
        this.variable = variable;
        this.arn = arn;
        this.client = KmsClient.builder()
                .region(region)
                .credentialsProvider(credentials)
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .overrideConfiguration(override -> override.apiCallAttemptTimeout(LONGEST_ATTEMPT)
                        .apiCallTimeout(LONGEST)
                        .retryStrategy(StandardRetryStrategy.builder()
                                .maxAttempts(ATTEMPTS)
                                .build()))
                .build();
    }

    /** With the credentials that the SDK finds: variables, a web identity, a profile's file, a container's, a machine's. */
    static AwsKms at(KmsConfig config) {
        Matcher uri = KmsConfig.AWS.matcher(config.uri());
        if (!uri.matches()) {
            throw new IllegalArgumentException(config + " is checked where it is read.");
        }
        return new AwsKms(config.variable(), uri.group("arn"), Region.of(uri.group("region")));
    }

    /** What the SDK finds, until it is refused; then it looks again. */
    private static final class Credentials implements AwsCredentialsProvider {
        private DefaultCredentialsProvider found = find();

        private static DefaultCredentialsProvider find() {
            return DefaultCredentialsProvider.builder().build();
        }

        @Override
        public AwsCredentials resolveCredentials() {
            return found().resolveCredentials();
        }

        private synchronized DefaultCredentialsProvider found() {
            return found;
        }

        synchronized void renew() {
            found.close();
            found = find();
        }
    }

    @Override
    public byte[] encrypt(byte[] plaintext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        return asked(kms -> kms.encrypt(request -> request.keyId(arn)
                        .plaintext(SdkBytes.fromByteArray(plaintext))
                        .encryptionContext(context(associatedData)))
                .ciphertextBlob()
                .asByteArray());
    }

    @Override
    public byte[] decrypt(byte[] ciphertext, byte @Nullable [] associatedData) throws GeneralSecurityException {
        return asked(kms -> kms.decrypt(request -> request.keyId(arn)
                        .ciphertextBlob(SdkBytes.fromByteArray(ciphertext))
                        .encryptionContext(context(associatedData)))
                .plaintext()
                .asByteArray());
    }

    private static Map<String, String> context(byte @Nullable [] associatedData) {
        return associatedData == null || associatedData.length == 0
                ? Map.of()
                : Map.of(CONTEXT, new String(associatedData, StandardCharsets.UTF_8));
    }

    private byte[] asked(Function<KmsClient, byte[]> question) throws GeneralSecurityException {
        try {
            return question.apply(client);
        } catch (AwsServiceException e) {
            if (!CREDENTIALS.contains(code(e))) {
                throw refused(e);
            }
        } catch (SdkException e) {
            credentials.renew(); // it may have found none
            throw unanswered(e);
        }
        credentials.renew();
        try {
            return question.apply(client);
        } catch (AwsServiceException e) {
            throw refused(e);
        } catch (SdkException e) {
            throw unanswered(e);
        }
    }

    private static String code(AwsServiceException e) {
        String code = e.awsErrorDetails() == null ? null : e.awsErrorDetails().errorCode();
        return code == null ? "" : code;
    }

    private Failure unanswered(SdkException e) {
        if (e instanceof SdkClientException && String.valueOf(e.getMessage()).contains("credentials")) {
            return new Failure.Retryable(
                    "There are no credentials for the KMS of " + variable + ".",
                    "Give them as the AWS SDK for Java finds them: AWS_ variables, a file, a role of the machine or the pod.",
                    null);
        }
        return Kms.away(variable, "cannot be reached", e);
    }

    /** In our words: answers to a wrong signature repeat what was signed, the session token with it. */
    private Failure refused(AwsServiceException e) throws GeneralSecurityException {
        String code = code(e);
        if (CREDENTIALS.contains(code)) {
            return new Failure.Retryable(
                    "The KMS of " + variable + " refuses the credentials: they have expired, or are not known (" + code
                            + ").",
                    "Renew them; they are read again.",
                    null);
        }
        return switch (code) {
            case "InvalidCiphertextException", "IncorrectKeyException" ->
                throw new GeneralSecurityException("The key of " + variable + " does not open this.");
            case "NotFoundException" -> Kms.unknown(variable);
            case "DisabledException" ->
                new Failure.Fatal("The key of " + variable + " is disabled.", "Enable it in the KMS.", null);
            case "KMSInvalidStateException" ->
                new Failure.Fatal(
                        "The key of " + variable + " cannot be used: it may be about to be deleted.",
                        "Cancel its deletion in the KMS, and enable it.",
                        null);
            case "AccessDeniedException" ->
                new Failure.Fatal(
                        "The credentials may not use the key of " + variable + ".",
                        "Allow them kms:Encrypt and kms:Decrypt on it, by the key's policy or theirs.",
                        null);
            case "InvalidKeyUsageException" ->
                new Failure.Fatal(
                        "The key of " + variable + " is not one that encrypts and decrypts.",
                        "Name a symmetric key for encryption.",
                        null);
            default -> passing(e, code);
        };
    }

    private Failure passing(AwsServiceException e, String code) {
        String what = code.isEmpty() ? Integer.toString(e.statusCode()) : code;
        if (e.isThrottlingException() || e.statusCode() >= 500 || e.isClockSkewException()) {
            return Kms.away(variable, "answers with " + what, null);
        }
        return new Failure.Fatal(
                "The KMS of " + variable + " refuses the request with " + what + ".",
                "The key must be a symmetric one for encryption.",
                null);
    }
}
