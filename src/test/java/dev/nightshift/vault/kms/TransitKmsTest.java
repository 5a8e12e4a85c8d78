package dev.nightshift.vault.kms;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.access.openid.LocalHttps;
import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.TransitStandIn;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransitKmsTest {
    private static final byte[] PLACE = "nightshift:project-key:v1:p:backups".getBytes(StandardCharsets.UTF_8);
    private static final byte[] KEYSET = "k".repeat(20_000).getBytes(StandardCharsets.UTF_8);

    private final TransitStandIn engine =
            TransitStandIn.start().with("key", false).with("derived", true);

    @AfterEach
    void stop() {
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"key", "derived"})
    void whatAnyVersionWrappedOpensInItsPlaceOnly(String key) throws Exception {
        Kms kms = kms(key, Map.of());
        byte[] first = kms.encrypt(KEYSET, PLACE);
        engine.rotate(key);
        byte[] second = kms.encrypt(KEYSET, PLACE);
        assertArrayEquals(KEYSET, kms.decrypt(first, PLACE));
        assertArrayEquals(KEYSET, kms.decrypt(second, PLACE));
        assertTrue(new String(first, StandardCharsets.ISO_8859_1).contains("vault:v1:"));
        assertTrue(new String(second, StandardCharsets.ISO_8859_1).contains("vault:v2:"));
        assertFalse(new String(first, StandardCharsets.ISO_8859_1).contains("kkkk"));
        assertTrue(engine.asked().contains("decrypt " + key + " nightshift:project-key:v1:p:backups"));
        assertThrows(
                GeneralSecurityException.class, () -> kms.decrypt(first, "elsewhere".getBytes(StandardCharsets.UTF_8)));
        first[first.length - 1] ^= 1;
        assertThrows(GeneralSecurityException.class, () -> kms.decrypt(first, PLACE));
        engine.with("other", false);
        Kms other = kms("other", Map.of());
        assertThrows(GeneralSecurityException.class, () -> other.decrypt(second, PLACE));
        engine.closeOlderThan(key, 2);
        first[first.length - 1] ^= 1;
        assertSays(Failure.Fatal.class, "min_decryption_version", () -> kms.decrypt(first, PLACE));
        assertArrayEquals(KEYSET, kms.decrypt(second, PLACE));
    }

    @Test
    void aTokenIsReadFromItsFileEachTimeAndNeverRepeated(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("token"), TransitStandIn.TOKEN + "\n");
        Kms kms = kms("key", Map.of("nightshift.kms.token", "", "nightshift.kms.token.file", file.toString()));
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        engine.token("hvs.renewed");
        Failure refused = assertSays(Failure.Retryable.class, "Renew the token", () -> kms.decrypt(wrapped, PLACE));
        assertFalse(refused.toString().contains("hvs."), refused.toString());
        Files.writeString(file, "hvs.renewed");
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
        Files.writeString(file, "two\nlines");
        assertSays(Failure.Retryable.class, "no token", () -> kms.decrypt(wrapped, PLACE));
        Files.delete(file);
        assertSays(Failure.Retryable.class, "cannot be read", () -> kms.decrypt(wrapped, PLACE));
    }

    @Test
    void aNamespaceGoesAlong() throws Exception {
        engine.namespace("nights");
        assertSays(
                Failure.Fatal.class, "does not know", () -> kms("key", Map.of()).encrypt(KEYSET, PLACE));
        kms("key", Map.of("nightshift.kms.namespace", "nights")).encrypt(KEYSET, PLACE);
    }

    @Test
    void aKeyThatIsGoneIsNamedByItsVariable() {
        engine.remove("key");
        assertSays(
                Failure.Fatal.class,
                "NIGHTSHIFT_MASTER_KEY_URI",
                () -> kms("key", Map.of()).encrypt(KEYSET, PLACE));
    }

    @Test
    void whatPassesIsAskedAgain() throws Exception {
        engine.fail(2, 429, "{\"errors\":[\"too many\"]}");
        kms("key", Map.of()).encrypt(KEYSET, PLACE);
        engine.fail(2, 500, "");
        kms("key", Map.of()).encrypt(KEYSET, PLACE);
    }

    @ParameterizedTest
    @CsvSource({
        "503, '{\"errors\":[\"Vault is sealed\"]}', Unseal it",
        "502, bad gateway, answers with 502",
        "200, <html>, as a transit engine does",
        "200, {\"data\":null}, as a transit engine does",
    })
    void whatDoesNotPassInTimeIsRetryable(int status, String text, String said) {
        engine.fail(99, status, text);
        assertSays(Failure.Retryable.class, said, () -> kms("key", Map.of()).encrypt(KEYSET, PLACE));
    }

    @Test
    void anAnswerThatIsTooLongIsGivenUp() {
        engine.fail(99, 200, "x".repeat(100_000));
        assertSays(
                Failure.Retryable.class,
                "cannot be reached",
                () -> kms("key", Map.of()).encrypt(KEYSET, PLACE));
    }

    /** The token would go along. */
    @Test
    void noRedirectIsFollowed() {
        engine.fail(1, 307, engine.uri("key").replace("vault+", "") + "/elsewhere");
        assertSays(
                Failure.Fatal.class,
                "points elsewhere",
                () -> kms("key", Map.of()).encrypt(KEYSET, PLACE));
        assertTrue(engine.asked().isEmpty());
    }

    @Test
    void anEngineThatIsSlowOrAwayIsSaidToBe() {
        engine.slow(2_000);
        KmsConfig config = config(engine.uri("key"), Map.of());
        Kms impatient = new Kms(new TransitKms(config, Duration.ofMillis(200)));
        assertSays(Failure.Retryable.class, "cannot be reached", () -> impatient.encrypt(KEYSET, PLACE));
        engine.close();
        assertSays(
                Failure.Retryable.class,
                "cannot be reached",
                () -> kms("key", Map.of()).encrypt(KEYSET, PLACE));
    }

    @Test
    void itsCertificateIsCheckedBeforeTheTokenIsSent(@TempDir Path folder) throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (LocalHttps server = new LocalHttps(Certificates.create(folder, "127.0.0.1"))) {
            server.answers("/v1/transit/encrypt/key", exchange -> {
                asked.incrementAndGet();
                LocalHttps.json(exchange, 200, "{\"data\":{\"ciphertext\":\"vault:v1:AA==\"}}");
            });
            String uri = "vault://127.0.0.1:" + server.address().getPort() + "/transit/key";
            Kms believing = Kms.at(config(
                    uri,
                    Map.of(
                            "nightshift.kms.root.certificate",
                            server.rootCertificate().toString())));
            believing.encrypt(KEYSET, PLACE);
            assertEquals(1, asked.get());
            Kms doubting = Kms.at(config(uri, Map.of()));
            assertSays(Failure.Retryable.class, "cannot be reached", () -> doubting.encrypt(KEYSET, PLACE));
            assertEquals(1, asked.get());
        }
    }

    private Kms kms(String key, Map<String, String> more) {
        return Kms.at(config(engine.uri(key), more));
    }

    private static KmsConfig config(String uri, Map<String, String> more) {
        Map<String, String> all = new java.util.HashMap<>(
                Map.of("nightshift.master.key.uri", uri, "nightshift.kms.token", TransitStandIn.TOKEN));
        all.putAll(more);
        return KmsConfig.of(KmsConfig.IN_USE, name -> Optional.ofNullable(all.get(name)))
                .orElseThrow();
    }

    private static <T extends Failure> T assertSays(
            Class<T> type, String said, org.junit.jupiter.api.function.Executable executable) {
        T failure = assertThrows(type, executable);
        String all = failure.getMessage() + " " + failure.remedy();
        assertTrue(all.contains(said), all);
        return failure;
    }
}
