package dev.nightshift.vault.kms;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KmsConfigTest {
    @Test
    void nothingIsSetByItself() {
        assertEquals(Optional.empty(), with(KmsConfig.IN_USE, Map.of()));
        KmsConfig config = with(
                        KmsConfig.NEW, Map.of("nightshift.new.master.key.uri", "vault+http://[::1]/transit/key"))
                .orElseThrow();
        assertEquals("NIGHTSHIFT_NEW_MASTER_KEY_URI", config.variable());
        assertEquals(Optional.empty(), config.token());
        assertEquals(Optional.empty(), config.tokenFile());
        assertEquals(Optional.empty(), config.namespace());
        assertEquals(Optional.empty(), config.rootCertificate());
    }

    @ParameterizedTest
    @CsvSource({
        "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab, true",
        "aws-kms://arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/nights, true",
        "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab, true",
        "vault://vault.example.org:8200/transit/nightshift, false",
        "vault://vault.example.org/team/a/transit/night.shift-1, false",
    })
    void aKeysPlaceIsTakenApart(String uri, boolean aws) {
        assertEquals(aws, with(uri).isAws());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aws-kms://arn:aws:kms:eu-central-1:1:key/x",
                "aws-kms://arn:aws:s3:eu-central-1:111122223333:key/x",
                "vault://host/key",
                "vault://user:password@host/transit/key",
                "vault://host/transit/../sys/key",
                "vault://host/transit/key?x=1",
                "vault+http://vault.example.org/transit/key",
                "https://host/transit/key",
                "gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k",
            })
    void anyOtherIsRefusedByTheVariablesName(String uri) {
        Failure refused = assertThrows(Failure.Invalid.class, () -> with(uri));
        assertTrue(refused.getMessage().startsWith("NIGHTSHIFT_MASTER_KEY_URI "), refused.getMessage());
        assertFalse(refused.getMessage().contains("password"), refused.getMessage());
    }

    @Test
    void aTransitEngineNeedsOneTokenWhichIsNotShown() {
        Map<String, String> uri = Map.of("nightshift.master.key.uri", "vault://host/transit/key");
        assertTrue(assertThrows(Failure.Invalid.class, () -> with(KmsConfig.IN_USE, uri))
                .getMessage()
                .startsWith("NIGHTSHIFT_KMS_TOKEN or NIGHTSHIFT_KMS_TOKEN_FILE is needed"));
        Map<String, String> both = Map.of(
                "nightshift.master.key.uri",
                "vault://host/transit/key",
                "nightshift.kms.token",
                "hvs.secret",
                "nightshift.kms.token.file",
                "/token");
        assertThrows(Failure.Invalid.class, () -> with(KmsConfig.IN_USE, both));
        Map<String, String> relative =
                Map.of("nightshift.master.key.uri", "vault://host/transit/key", "nightshift.kms.token.file", "token");
        assertTrue(assertThrows(Failure.Invalid.class, () -> with(KmsConfig.IN_USE, relative))
                .getMessage()
                .startsWith("NIGHTSHIFT_KMS_TOKEN_FILE must be an absolute path"));
        assertFalse(with("vault://host/transit/key").toString().contains("hvs."));
    }

    private static KmsConfig with(String uri) {
        return with(KmsConfig.IN_USE, Map.of("nightshift.master.key.uri", uri, "nightshift.kms.token", "hvs.secret"))
                .orElseThrow();
    }

    private static Optional<KmsConfig> with(String prefix, Map<String, String> settings) {
        return KmsConfig.of(prefix, name -> Optional.ofNullable(settings.get(name)));
    }
}
