package dev.nightshift.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class RecoveryKitTest {
    private static final String PASSPHRASE = "correct horse bättery staple";
    private static final ProjectId PROJECT = new ProjectId(UUID.randomUUID());
    private static final ProjectKeys KEYS = ProjectKeys.generate(PROJECT).rotated();
    private static final JsonObject ABOUT =
            Json.createObjectBuilder().add("servers", "main, quote \" and end").build();
    private static final String KIT = RecoveryKit.seal(
            new RecoveryKit.Content(KEYS.export(), KEYS.keyId(), ABOUT), "shop", Instant.EPOCH, PASSPHRASE);

    private static Failure refused(String kit, String passphrase) {
        return assertThrows(
                Failure.Fatal.class, () -> RecoveryKit.parse(kit, "kit.json").open(passphrase));
    }

    @Test
    void holdsEveryKeyAndOpensWhatAnyOfThemWrapped() {
        RecoveryKit.Content content = RecoveryKit.parse(KIT, "kit.json").open(PASSPHRASE);
        UUID backup = UUID.randomUUID();
        WrappedKey wrapped = KEYS.wrap(KEYS.newDataKey(), backup);
        assertEquals(List.copyOf(KEYS.ids()), List.copyOf(content.keys().ids()));
        assertEquals(KEYS.keyId(), content.primary());
        assertEquals(ABOUT, content.about());
        assertArrayEquals(
                KEYS.open(wrapped, backup).secret(),
                content.keys().open(wrapped, backup).secret());
        ProjectKeys again = ProjectKeys.of(content.keys(), content.primary());
        assertEquals(KEYS.keyId(), again.keyId());
        assertEquals(KEYS.ids(), again.ids());
        again.open(wrapped, backup);
        KEYS.open(again.wrap(again.newDataKey(), backup), backup);
    }

    @Test
    void showsNothingOfTheKeysAndNoPassphrase() {
        for (byte[] key : KEYS.export().material().values()) {
            assertFalse(KIT.contains(Base64.getEncoder().encodeToString(key)));
        }
        KEYS.ids().forEach(id -> assertFalse(KIT.contains(id)));
        assertFalse(KIT.contains(PASSPHRASE) || KIT.contains("main, quote"));
        assertTrue(KIT.contains("\"iterations\":600000") && KIT.contains(PROJECT.toString()));
        assertFalse(KIT.equals(RecoveryKit.seal(
                new RecoveryKit.Content(KEYS.export(), KEYS.keyId(), ABOUT), "shop", Instant.EPOCH, PASSPHRASE)));
    }

    @Test
    void aWrongPassphraseIsSaidToBeOne() {
        Failure wrong = refused(KIT, PASSPHRASE + " ");
        assertTrue(wrong.getMessage().contains("The passphrase does not open"), wrong::getMessage);
        assertFalse(wrong.getMessage().contains(PASSPHRASE));
    }

    @Test
    void whatWasAlteredOrCutOffIsRefused() {
        int content = KIT.lastIndexOf("\"content\":\"") + 11;
        char other = KIT.charAt(content + 40) == 'A' ? 'B' : 'A';
        String changed = KIT.substring(0, content + 40) + other + KIT.substring(content + 41);
        assertTrue(refused(changed, PASSPHRASE).getMessage().contains("was altered"));
        String header = KIT.replace("\"projectName\":\"shop\"", "\"projectName\":\"shap\"");
        assertTrue(refused(header, PASSPHRASE).getMessage().contains("was altered"));
        for (String rounds : List.of("1000", "599999", "2000000000")) {
            assertTrue(refused(KIT.replace("600000", rounds), PASSPHRASE)
                    .getMessage()
                    .contains("was altered"));
        }
        for (int length : List.of(KIT.length() - 1, KIT.length() - 30, content, 200)) {
            Failure cut = refused(KIT.substring(0, length), PASSPHRASE);
            assertTrue(cut.getMessage().contains("is no whole recovery kit"), cut::getMessage);
        }
        assertFalse(RecoveryKit.isKit(KEYS.export().toJson()));
        refused(KIT.replace("\"version\":1", "\"version\":2"), PASSPHRASE);
    }

    @Test
    void aShortPassphraseIsRefused() {
        for (String bad : List.of("", "short", "x".repeat(19), "x".repeat(1001))) {
            assertThrows(
                    Failure.Invalid.class,
                    () -> RecoveryKit.seal(
                            new RecoveryKit.Content(KEYS.export(), KEYS.keyId(), ABOUT), "shop", Instant.EPOCH, bad));
        }
    }

    /** By the words of its own instructions and the JDK, with none of our code. */
    @Test
    void opensByWhatItSaysOfItself() throws Exception {
        int comma = KIT.lastIndexOf(",\"content\":");
        JsonObject kit;
        try (var reader = Json.createReader(new StringReader(KIT))) {
            kit = reader.readObject();
        }
        JsonObject kdf = kit.getJsonObject("kdf");
        byte[] secret = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(
                        PASSPHRASE.toCharArray(),
                        Base64.getDecoder().decode(kdf.getString("salt")),
                        kdf.getInt("iterations"),
                        256))
                .getEncoded();
        byte[] pseudoRandom = hmac(new byte[32], secret);
        byte[] words = "nightshift:recovery-kit-key:v1".getBytes(StandardCharsets.UTF_8);
        byte[] info = Arrays.copyOf(words, words.length + 1);
        info[words.length] = 1;
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(
                Cipher.DECRYPT_MODE,
                new SecretKeySpec(hmac(pseudoRandom, info), "AES"),
                new GCMParameterSpec(
                        128,
                        Base64.getDecoder().decode(kit.getJsonObject("cipher").getString("nonce"))));
        cipher.updateAAD(KIT.substring(0, comma).getBytes(StandardCharsets.UTF_8));
        String plain = new String(
                cipher.doFinal(Base64.getDecoder().decode(kit.getString("content"))), StandardCharsets.UTF_8);
        assertTrue(plain.contains("\"format\":\"nightshift-project-keys\""), "the keys, as they are exported");
        assertTrue(plain.contains(KEYS.keyId()));
    }

    private static byte[] hmac(byte[] key, byte[] text) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text);
    }
}
