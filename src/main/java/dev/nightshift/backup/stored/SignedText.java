package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.WrappedKey;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * JSON whose last member is {@code mac}, an HMAC-SHA256 over every byte before it. So it can be read without a key, by people
 * and by scripts, and nobody without the key can change it unseen.
 */
final class SignedText {
    /** The member that holds the data key, wrapped. */
    static final String KEY = "key";

    /** The manifest of millions of files is far smaller. */
    private static final int MOST_BYTES = 256 << 20;

    private static final int CODE_BYTES = 32;
    private static final String BEFORE_CODE = ",\"mac\":\"";
    private static final String AFTER_CODE = "\"}\n";
    private static final int TAIL = BEFORE_CODE.length() + 2 * CODE_BYTES + AFTER_CODE.length();

    private SignedText() {}

    /**
     * The bytes that are stored.
     *
     * @throws Failure.NotFound if there is no such object
     * @throws Failure.Retryable if the store cannot be read now
     * @throws Failure.Fatal if it is larger than any that Nightshift writes
     */
    static byte[] read(Store store, String name) {
        return read(store, name, MOST_BYTES);
    }

    /** The same with another limit. */
    static byte[] read(Store store, String name, int most) {
        try (InputStream in = store.read(name)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new Failure.Fatal(
                        name + " in " + store + " is larger than " + new Bytes(most) + ", which no description is.",
                        "Look who else writes to the store, and move it away.",
                        null);
            }
            return bytes;
        } catch (IOException e) {
            throw new Failure.Retryable(
                    name + " cannot be read from " + store + ": " + e.getMessage() + ".", "Check the store.", e);
        }
    }

    /** The bytes to store. */
    static byte[] write(JsonObject json, ObjectContext context, int version) {
        String text = json.toString();
        byte[] content = text.substring(0, text.length() - 1).getBytes(StandardCharsets.UTF_8);
        byte[] code = context.manifestCode(version, content, content.length);
        String tail = BEFORE_CODE + HexFormat.of().formatHex(code) + AFTER_CODE;
        byte[] all = Arrays.copyOf(content, content.length + TAIL);
        System.arraycopy(tail.getBytes(StandardCharsets.US_ASCII), 0, all, content.length, TAIL);
        return all;
    }

    /**
     * The same text with its data key wrapped by another key, and everything else as it is, members included that this version does
     * not know.
     *
     * @param bytes that were checked
     */
    static byte[] rewrapped(byte[] bytes, WrappedKey key, ObjectContext context, int version) {
        try (var reader = Json.createReader(new ByteArrayInputStream(bytes))) {
            JsonObjectBuilder other = Json.createObjectBuilder();
            reader.readObject().forEach((name, value) -> {
                if (name.equals(KEY)) {
                    other.add(KEY, json(key));
                } else if (!name.equals("mac")) {
                    other.add(name, value);
                }
            });
            return write(other.build(), context, version);
        }
    }

    /** The member {@link #KEY}. */
    static JsonObjectBuilder json(WrappedKey key) {
        return Json.createObjectBuilder().add("id", key.keyId()).add("wrapped", key.wrapped());
    }

    /**
     * Checks that whoever holds the key wrote these very bytes.
     *
     * @param name how errors call it
     * @throws Failure.Fatal if they were changed
     */
    static void check(byte[] bytes, String name, ObjectContext context, int version) {
        int length = bytes.length - TAIL;
        String tail = length < 0 ? "" : new String(bytes, length, TAIL, StandardCharsets.ISO_8859_1);
        if (!tail.startsWith(BEFORE_CODE) || !tail.endsWith(AFTER_CODE)) {
            throw damaged(name, "its end is not as it was written", null);
        }
        byte[] code = context.manifestCode(version, bytes, length);
        byte[] found =
                tail.substring(BEFORE_CODE.length(), TAIL - AFTER_CODE.length()).getBytes(StandardCharsets.US_ASCII);
        if (!MessageDigest.isEqual(HexFormat.of().formatHex(code).getBytes(StandardCharsets.US_ASCII), found)) {
            throw damaged(name, "it was changed after it was written", null);
        }
    }

    static Failure damaged(String name, String what, @Nullable Throwable cause) {
        return new Failure.Fatal(name + " cannot be trusted: " + what + ".", "Use another copy of the backup.", cause);
    }
}
