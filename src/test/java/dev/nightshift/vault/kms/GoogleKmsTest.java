package dev.nightshift.vault.kms;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.access.openid.LocalHttps;
import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.GoogleKmsStandIn;
import dev.nightshift.testing.TestClock;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoogleKmsTest {
    private static final byte[] PLACE = "nightshift:project-key:v1:p:backups".getBytes(StandardCharsets.UTF_8);
    private static final byte[] KEYSET = "k".repeat(20_000).getBytes(StandardCharsets.UTF_8);

    private final TestClock clock = new TestClock();
    private final GoogleKmsStandIn google = GoogleKmsStandIn.start(clock);
    private final String uri = google.key("nights");
    private final Path credentials;

    GoogleKmsTest(@TempDir Path folder) {
        credentials = google.credentials(folder.resolve("credentials.json"));
    }

    @AfterEach
    void stop() {
        google.close();
    }

    @Test
    void whatAnyVersionWrappedOpensInItsPlaceOnly() throws Exception {
        Kms kms = kms(uri);
        byte[] first = kms.encrypt(KEYSET, PLACE);
        google.rotate("nights");
        byte[] second = kms.encrypt(KEYSET, PLACE);
        assertArrayEquals(KEYSET, kms.decrypt(first, PLACE));
        assertArrayEquals(KEYSET, kms.decrypt(second, PLACE));
        assertTrue(google.asked().contains("decrypt nights nightshift:project-key:v1:p:backups"));
        assertEquals(1, google.logins(), "one token for all of it");
        assertThrows(
                GeneralSecurityException.class, () -> kms.decrypt(first, "elsewhere".getBytes(StandardCharsets.UTF_8)));
        Kms other = kms(google.key("other"));
        assertThrows(GeneralSecurityException.class, () -> other.decrypt(first, PLACE));
        first[20] ^= 1;
        assertThrows(GeneralSecurityException.class, () -> kms.decrypt(first, PLACE));
        google.key("nights");
        assertThrows(GeneralSecurityException.class, () -> kms.decrypt(second, PLACE), "replaced under its name");
    }

    @ParameterizedTest
    @CsvSource({"PT1H, PT56M, PT2M", "PT2M, PT59S, PT2S"})
    void aTokenIsRenewedBeforeItEnds(Duration life, Duration serves, Duration more) throws Exception {
        google.life(life);
        Kms kms = kms(uri);
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        clock.advance(serves);
        kms.decrypt(wrapped, PLACE);
        assertEquals(1, google.logins());
        clock.advance(more);
        kms.decrypt(wrapped, PLACE);
        assertEquals(2, google.logins());
    }

    @Test
    void aTokenThatIsRefusedIsAskedForAnewOnce() throws Exception {
        Kms kms = kms(uri);
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        google.revoke();
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
        assertEquals(2, google.logins());
        google.revoke();
        google.enabled(false);
        assertSays(Failure.Retryable.class, "service account and its key are there", () -> kms.decrypt(wrapped, PLACE));
    }

    @Test
    void theMachinesAccountServesWithoutAFile() throws Exception {
        Kms kms = at(config(uri, Map.of("nightshift.kms.credentials.file", "")), google.metadata());
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
        assertEquals("token of the machine", google.asked().get(0));
        clock.advance(Duration.ofHours(1));
        google.enabled(false);
        assertSays(Failure.Retryable.class, "NIGHTSHIFT_KMS_CREDENTIALS_FILE", () -> kms.decrypt(wrapped, PLACE));
        google.close();
        assertSays(Failure.Retryable.class, "has no metadata server", () -> kms.decrypt(wrapped, PLACE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"type\":\"authorized_user\",\"refresh_token\":\"secret-1\"}",
                "{\"type\":\"service_account\",\"private_key\":\"secret-2\"}",
                "{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key_id\":\"b\",\"private_key\":\"c2VjcmV0LTM=\"}",
                "{\"type\":\"service_account\",\"token_uri\":\"http://example.org/token\"}",
                "{\"private_key\": secret-4",
            })
    void aFileThatIsNoKeyIsSaidToBeNoneAndNotRepeated(String text) throws Exception {
        Files.writeString(credentials, text);
        Failure refused = assertSays(Failure.Retryable.class, "The credentials", () -> kms(uri).encrypt(KEYSET, PLACE));
        StringWriter all = new StringWriter();
        refused.printStackTrace(new PrintWriter(all));
        assertFalse(all.toString().contains("secret-") || all.toString().contains("c2Vj"), all.toString());
        assertEquals(0, google.logins());
        google.credentials(credentials);
        kms(uri).encrypt(KEYSET, PLACE);
        Files.delete(credentials);
        assertSays(Failure.Retryable.class, "cannot be read", () -> kms(uri).encrypt(KEYSET, PLACE));
    }

    @Test
    void aKeyThatIsShortOrHasNoNameIsNotAskedWith() throws Exception {
        JsonObject whole;
        try (var reader = Json.createReader(new StringReader(Files.readString(credentials)))) {
            whole = reader.readObject();
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        byte[] weak = generator.generateKeyPair().getPrivate().getEncoded();
        Files.writeString(
                credentials,
                Json.createObjectBuilder(whole)
                        .add("private_key", Base64.getEncoder().encodeToString(weak))
                        .build()
                        .toString());
        assertSays(Failure.Retryable.class, "are no key that can sign", () -> kms(uri).encrypt(KEYSET, PLACE));
        Files.writeString(
                credentials,
                Json.createObjectBuilder(whole).remove("private_key_id").build().toString());
        assertSays(Failure.Retryable.class, "are not the JSON of", () -> kms(uri).encrypt(KEYSET, PLACE));
        assertEquals(0, google.logins());
    }

    @Test
    void anotherAccountsKeyIsRefused(@TempDir Path folder) throws Exception {
        try (GoogleKmsStandIn other = GoogleKmsStandIn.start(clock)) {
            Path foreign = other.credentials(folder.resolve("foreign.json"));
            Files.writeString(credentials, Files.readString(foreign).replace(other.endpoint(), google.endpoint()));
        }
        Failure refused = assertSays(Failure.Retryable.class, "clock is right", () -> kms(uri).encrypt(KEYSET, PLACE));
        StringWriter all = new StringWriter();
        refused.printStackTrace(new PrintWriter(all));
        assertFalse(all.toString().contains("eyJ"), "the assertion: " + all);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unverified", "sum", "request"})
    void whatIsDamagedOnItsWayIsAskedForAgain(String damage) throws Exception {
        Kms kms = kms(uri);
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        google.damage(damage);
        assertSays(Failure.Retryable.class, "a checksum does not fit", () -> kms.encrypt(KEYSET, PLACE));
        if (damage.equals("sum")) {
            assertSays(Failure.Retryable.class, "a checksum does not fit", () -> kms.decrypt(wrapped, PLACE));
        }
        google.damage("");
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
    }

    @ParameterizedTest
    @CsvSource({
        "DISABLED, Enable it",
        "DESTROY_SCHEDULED, Restore it in the KMS",
        "DESTROYED, recovery kits",
    })
    void aVersionThatIsNotEnabledIsNamedByItsState(String state, String remedy) throws Exception {
        Kms kms = kms(uri);
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        google.state("nights", 1, state);
        assertSays(Failure.Fatal.class, remedy, () -> kms.decrypt(wrapped, PLACE));
        google.state("nights", 1, "PENDING_GENERATION");
        assertSays(Failure.Retryable.class, "still making", () -> kms.encrypt(KEYSET, PLACE));
    }

    @Test
    void whatAPersonHasToMendIsFatalAndSaysHow() throws Exception {
        google.allowed(false);
        assertSays(
                Failure.Fatal.class,
                "roles/cloudkms.cryptoKeyEncrypterDecrypter",
                () -> kms(uri).encrypt(KEYSET, PLACE));
        google.allowed(true);
        assertSays(
                Failure.Fatal.class,
                "NIGHTSHIFT_MASTER_KEY_URI",
                () -> kms(GoogleKmsStandIn.uri("gone")).encrypt(KEYSET, PLACE));
        assertSays(
                Failure.Fatal.class,
                "Correct the location",
                () -> kms(uri.replace("europe-west3", "mars")).encrypt(KEYSET, PLACE));
        google.fail(1, 403, "{\"error\":{\"details\":[{\"reason\":\"SERVICE_DISABLED\"}]}}");
        assertSays(Failure.Fatal.class, "Enable cloudkms.googleapis.com", () -> kms(uri).encrypt(KEYSET, PLACE));
        google.fail(1, 403, "{\"error\":{\"details\":[{\"reason\":\"ACCESS_TOKEN_SCOPE_INSUFFICIENT\"}]}}");
        assertSays(Failure.Fatal.class, "access scope", () -> kms(uri).encrypt(KEYSET, PLACE));
        google.fail(1, 302, "http://127.0.0.1:1/elsewhere");
        assertSays(Failure.Fatal.class, "points elsewhere", () -> kms(uri).encrypt(KEYSET, PLACE));
        google.fail(1, 400, "{\"error\":{\"message\":\"no purpose\",\"status\":\"INVALID_ARGUMENT\"}}");
        assertSays(Failure.Fatal.class, "ENCRYPT_DECRYPT", () -> kms(uri).encrypt(KEYSET, PLACE));
    }

    @Test
    void whatPassesIsAskedAgain() throws Exception {
        google.fail(2, 429, "{}");
        kms(uri).encrypt(KEYSET, PLACE);
        google.fail(99, 503, "");
        assertSays(Failure.Retryable.class, "answers with 503", () -> kms(uri).encrypt(KEYSET, PLACE));
        google.fail(1, 200, "<html>");
        assertSays(Failure.Retryable.class, "as Google's does", () -> kms(uri).encrypt(KEYSET, PLACE));
    }

    /** Its words may be a token's. */
    @Test
    void nothingThatGoogleSaysIsRepeated() {
        google.fail(1, 418, "{\"error\":{\"message\":\"Bearer ya29.echo\"}}");
        Failure refused = assertSays(Failure.Fatal.class, "418", () -> kms(uri).encrypt(KEYSET, PLACE));
        StringWriter all = new StringWriter();
        refused.printStackTrace(new PrintWriter(all));
        assertFalse(all.toString().contains("ya29"), all.toString());
    }

    @Test
    void itsCertificateIsCheckedBeforeTheTokenIsSent(@TempDir Path folder) throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (LocalHttps server = new LocalHttps(Certificates.create(folder, "127.0.0.1"))) {
            server.answers("/v1/" + uri.substring("gcp-kms://".length()) + ":encrypt", exchange -> {
                asked.incrementAndGet();
                LocalHttps.json(exchange, 200, "[]");
            });
            Map<String, String> there = Map.of(
                    "nightshift.kms.endpoint",
                    "https://127.0.0.1:" + server.address().getPort());
            assertSays(
                    Failure.Retryable.class,
                    "cannot be reached",
                    () -> at(config(uri, there), google.metadata()).encrypt(KEYSET, PLACE));
            assertEquals(0, asked.get());
            Map<String, String> believing = new HashMap<>(there);
            believing.put(
                    "nightshift.kms.root.certificate", server.rootCertificate().toString());
            assertSays(
                    Failure.Retryable.class,
                    "as Google's does",
                    () -> at(config(uri, believing), google.metadata()).encrypt(KEYSET, PLACE));
            assertEquals(1, asked.get());
        }
    }

    private Kms kms(String uri) {
        return at(config(uri, Map.of()), google.metadata());
    }

    private Kms at(KmsConfig config, String metadata) {
        KmsHttp plain = new KmsHttp(config.variable(), Optional.empty(), KmsHttp.LONGEST);
        KmsHttp http = new KmsHttp(config.variable(), config.rootCertificate(), KmsHttp.LONGEST);
        return new Kms(
                config, new GoogleKms(config, http, new GoogleLogin(config, plain, clock, URI.create(metadata))));
    }

    private KmsConfig config(String uri, Map<String, String> more) {
        Map<String, String> all = new HashMap<>(Map.of(
                "nightshift.master.key.uri", uri,
                "nightshift.kms.endpoint", google.endpoint(),
                "nightshift.kms.credentials.file", credentials.toString()));
        all.putAll(more);
        return KmsConfig.of(KmsConfig.IN_USE, name -> Optional.ofNullable(all.get(name)))
                .orElseThrow();
    }

    private static <T extends Failure> T assertSays(Class<T> type, String said, Executable executable) {
        T failure = assertThrows(type, executable);
        String all = failure.getMessage() + " " + failure.remedy();
        assertTrue(all.contains(said), all);
        return failure;
    }
}
