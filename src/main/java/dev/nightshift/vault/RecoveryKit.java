package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A project's keys and what belongs to them in a file that opens by a passphrase alone: JSON whose last member is the encrypted
 * content, and whose every byte before that is authenticated with it. Reads with the JDK alone. The decision record on keys has the
 * form.
 */
public final class RecoveryKit {
    /** What the file's {@code format} member says. */
    public static final String FORMAT = "nightshift-recovery-kit";

    /** Characters of a passphrase, at least: five random words, or twenty random letters, are harder to guess than short ones. */
    public static final int SHORTEST = 20;

    public static final int LONGEST = 1000;

    /** A kit of a thousand servers has some hundred kilobytes. */
    private static final int MOST_BYTES = 16 << 20;

    private static final int VERSION = 1;

    /** OWASP's Password Storage Cheat Sheet of 2023 for PBKDF2-HMAC-SHA256. */
    private static final int ROUNDS = 600_000;

    /** Twenty times as many still end within a minute; a header that asks for more would keep a reader busy for ever. */
    private static final int MOST_ROUNDS = 20 * ROUNDS;

    private static final String KDF = "PBKDF2-HMAC-SHA256";
    private static final String CIPHER = "AES-256-GCM";
    private static final String BEFORE_CONTENT = ",\"content\":\"";
    private static final String AFTER_CONTENT = "\"}\n";
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int CHECK_BYTES = 8;
    private static final List<String> READ_ME = List.of(
            "This file opens every backup and archived log of the project, with its passphrase. Keep both apart, offline,"
                    + " and apart from the backups.",
            "Without Nightshift: java -jar nightshift-decoder.jar --list <store folder> <this file> lists what a store holds;"
                    + " java -jar nightshift-decoder.jar <store folder>/<project>/<server>/<backup id> <this file> <new folder>"
                    + " decodes one. The decoder asks for the passphrase.",
            "Then: mkdir -m 700 data; tar -xf <new folder>/base.tar -C data; cp <new folder>/backup_manifest data/;"
                    + " cp <new folder>/pg_wal/* data/pg_wal/; start it with PostgreSQL of the same major version. java -jar"
                    + " nightshift-decoder.jar --help has the rest.",
            "With an empty Nightshift: import this file, define the stores again, register the servers, run"
                    + " rebuild-catalogue.",
            "In any language: the key is HKDF-SHA256(PBKDF2-HMAC-SHA256(passphrase in UTF-8 and NFC, salt, iterations, 32 bytes),"
                    + " no salt, \"nightshift:recovery-kit-key:v1\", 32 bytes); content is AES-256-GCM with its tag at the end; the"
                    + " associated data is every byte of this file before the comma before the member content.");

    private final String text;
    private final JsonObject header;
    private final int headerLength;

    private RecoveryKit(String text, JsonObject header, int headerLength) {
        this.text = text;
        this.header = header;
        this.headerLength = headerLength;
    }

    /**
     * What a kit holds.
     *
     * @param primary which of the keys wraps what is new
     * @param about the project, its servers and stores, for people and for an import
     */
    public record Content(ExportedKeys keys, String primary, JsonObject about) {
        /** The key ids, never the keys. */
        @Override
        public String toString() {
            return "Content[" + keys + "]";
        }
    }

    /**
     * A kit's text.
     *
     * @param projectName as people call it; it stands in the clear, as the project's id does
     * @throws Failure.Invalid if the passphrase is too short or too long
     */
    public static String seal(Content content, String projectName, Instant at, String passphrase) {
        requireLength(passphrase);
        SecureRandom random = new SecureRandom();
        byte[] salt = new byte[KEY_BYTES];
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(salt);
        random.nextBytes(nonce);
        byte[] secret = derive(passphrase, salt, ROUNDS);
        JsonArrayBuilder readMe = Json.createArrayBuilder();
        READ_ME.forEach(readMe::add);
        String open = Json.createObjectBuilder()
                .add("format", FORMAT)
                .add("version", VERSION)
                .add("readMe", readMe)
                .add("project", content.keys().project().toString())
                .add("projectName", projectName)
                .add("madeAt", at.toString())
                .add(
                        "kdf",
                        Json.createObjectBuilder()
                                .add("algorithm", KDF)
                                .add("iterations", ROUNDS)
                                .add("salt", Base64.getEncoder().encodeToString(salt))
                                .add("check", Base64.getEncoder().encodeToString(check(secret))))
                .add(
                        "cipher",
                        Json.createObjectBuilder()
                                .add("algorithm", CIPHER)
                                .add("nonce", Base64.getEncoder().encodeToString(nonce)))
                .build()
                .toString();
        String authenticated = open.substring(0, open.length() - 1);
        byte[] plain = json(content).toString().getBytes(StandardCharsets.UTF_8);
        try {
            byte[] sealed =
                    cipher(Cipher.ENCRYPT_MODE, secret, nonce, authenticated).doFinal(plain);
            return authenticated + BEFORE_CONTENT + Base64.getEncoder().encodeToString(sealed) + AFTER_CONTENT;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK encrypts with AES/GCM.", e);
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    private static JsonObject json(Content content) {
        JsonObjectBuilder keys;
        try (var reader = Json.createReader(new StringReader(content.keys().toJson()))) {
            keys = Json.createObjectBuilder(reader.readObject());
        }
        return Json.createObjectBuilder()
                .add("keys", keys)
                .add("primary", content.primary())
                .add("about", content.about())
                .build();
    }

    /** @throws Failure.Invalid for {@code passphrase} */
    private static void requireLength(String passphrase) {
        if (passphrase.length() < SHORTEST || passphrase.length() > LONGEST) {
            throw new Failure.Invalid(
                    "passphrase",
                    "A passphrase has " + SHORTEST + " to " + LONGEST
                            + " characters: take five or more words that nobody would guess.");
        }
    }

    /** Whether a file's text is a kit, whole or not. */
    public static boolean isKit(String text) {
        return text.startsWith("{\"format\":\"" + FORMAT + "\"");
    }

    /**
     * Reads a kit without opening it.
     *
     * @throws Failure.Fatal if the file cannot be read, or is none
     */
    public static RecoveryKit read(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw damaged(file.toString(), "it is too large for one", null);
            }
            return parse(Files.readString(file, StandardCharsets.UTF_8), file.toString());
        } catch (IOException e) {
            throw new Failure.Fatal("The recovery kit " + file + " cannot be read.", "Give the kit's file.", e);
        }
    }

    /**
     * Reads a kit's text without opening it.
     *
     * @param name how errors call it
     * @throws Failure.Fatal if it is none of a version known here, or not whole
     */
    public static RecoveryKit parse(String text, String name) {
        if (!isKit(text)) {
            throw damaged(name, "it does not begin as one", null);
        }
        int at = text.lastIndexOf(BEFORE_CONTENT);
        if (at < 0 || !text.endsWith(AFTER_CONTENT)) {
            throw damaged(name, "it is cut off: its end is missing", null);
        }
        try (var reader = Json.createReader(new StringReader(text.substring(0, at) + "}"))) {
            JsonObject header = reader.readObject();
            if (header.getInt("version") != VERSION) {
                throw damaged(
                        name, "it is of version " + header.getInt("version") + ", which is newer than this", null);
            }
            var kit = new RecoveryKit(text, header, at);
            kit.project();
            kit.madeAt();
            return kit;
        } catch (JsonException
                | IllegalArgumentException
                | DateTimeException
                | ClassCastException
                | NullPointerException e) {
            throw damaged(name, "its header was altered", e);
        }
    }

    private static Failure.Fatal damaged(String name, String what, @Nullable Throwable cause) {
        return new Failure.Fatal(
                name + " is no whole recovery kit: " + what + ".", "Use another copy of the kit.", cause);
    }

    /** Whose keys it holds, as it says without a passphrase. */
    public ProjectId project() {
        return new ProjectId(UUID.fromString(header.getString("project")));
    }

    public Instant madeAt() {
        return Instant.parse(header.getString("madeAt"));
    }

    /**
     * Opens it.
     *
     * @throws Failure.Fatal if the passphrase is wrong, or the kit was altered
     */
    public Content open(String passphrase) {
        try {
            JsonObject kdf = header.getJsonObject("kdf");
            JsonObject cipher = header.getJsonObject("cipher");
            int rounds = kdf.getInt("iterations");
            if (!KDF.equals(kdf.getString("algorithm"))
                    || !CIPHER.equals(cipher.getString("algorithm"))
                    || rounds < ROUNDS
                    || rounds > MOST_ROUNDS) {
                throw altered(null);
            }
            Base64.Decoder base64 = Base64.getDecoder();
            byte[] secret = derive(passphrase, base64.decode(kdf.getString("salt")), rounds);
            if (!MessageDigest.isEqual(check(secret), base64.decode(kdf.getString("check")))) {
                throw new Failure.Fatal(
                        "The passphrase does not open this recovery kit.",
                        "Give the passphrase that it was made with, on " + madeAt() + "; or its header was altered.",
                        null);
            }
            byte[] sealed = base64.decode(
                    text.substring(headerLength + BEFORE_CONTENT.length(), text.length() - AFTER_CONTENT.length()));
            byte[] nonce = base64.decode(cipher.getString("nonce"));
            byte[] plain = cipher(Cipher.DECRYPT_MODE, secret, nonce, text.substring(0, headerLength))
                    .doFinal(sealed);
            return content(new String(plain, StandardCharsets.UTF_8));
        } catch (GeneralSecurityException
                | JsonException
                | IllegalArgumentException
                | ClassCastException
                | NullPointerException e) {
            throw altered(e);
        }
    }

    private Content content(String plain) {
        try (var reader = Json.createReader(new StringReader(plain))) {
            JsonObject json = reader.readObject();
            ExportedKeys keys = ExportedKeys.parse(json.getJsonObject("keys").toString(), "The recovery kit");
            String primary = json.getString("primary");
            if (!keys.project().equals(project()) || !keys.ids().contains(primary)) {
                throw altered(null);
            }
            return new Content(keys, primary, json.getJsonObject("about"));
        }
    }

    private static Failure.Fatal altered(@Nullable Throwable cause) {
        return new Failure.Fatal(
                "The recovery kit was altered after it was made: it cannot be trusted.",
                "Use another copy of the kit.",
                cause);
    }

    private static byte[] check(byte[] secret) {
        return Hkdf.derive(
                secret, new byte[0], "nightshift:recovery-kit-check:v1".getBytes(StandardCharsets.UTF_8), CHECK_BYTES);
    }

    private static Cipher cipher(int mode, byte[] secret, byte[] nonce, String authenticated)
            throws GeneralSecurityException {
        byte[] key = Hkdf.derive(
                secret, new byte[0], "nightshift:recovery-kit-key:v1".getBytes(StandardCharsets.UTF_8), KEY_BYTES);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(authenticated.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    /** The JDK encodes the characters in UTF-8. */
    private static byte[] derive(String passphrase, byte[] salt, int rounds) {
        char[] characters =
                Normalizer.normalize(passphrase, Normalizer.Form.NFC).toCharArray();
        PBEKeySpec spec = new PBEKeySpec(characters, salt, rounds, KEY_BYTES * Byte.SIZE);
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(spec)
                    .getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has PBKDF2WithHmacSHA256.", e);
        } finally {
            spec.clearPassword();
            Arrays.fill(characters, '\0');
        }
    }

    /** Whose it is, never what opens it. */
    @Override
    public String toString() {
        return "RecoveryKit[" + header.getString("project", "") + "]";
    }
}
