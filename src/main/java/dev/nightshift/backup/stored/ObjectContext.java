package dev.nightshift.backup.stored;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.DataKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Where an object belongs: nothing opens in another backup, or under another name. The words it is made of are
 * part of the stored form.
 *
 * @param project whose backup it is
 * @param backup the backup's id
 * @param key the backup's data key; each object's own is derived from it
 */
public record ObjectContext(ProjectId project, UUID backup, DataKey key) {

    /** The key of one object: nothing else is ever encrypted under it. */
    SecretKeySpec objectKey(ObjectHeader header, String name) {
        return new SecretKeySpec(key.derive(header.salt(), words("object-key", header.version(), name)), "AES");
    }

    /** What every block of an object is bound to: its place in words, then its header. */
    byte[] associatedData(ObjectHeader header, String name) {
        byte[] words = words("object", header.version(), name).getBytes(StandardCharsets.UTF_8);
        byte[] head = header.bytes();
        byte[] all = new byte[words.length + head.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(head, 0, all, words.length, head.length);
        return all;
    }

    /** HMAC-SHA256 over a manifest's bytes. */
    byte[] manifestCode(int version, byte[] content, int length) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            byte[] secret = key.derive(new byte[0], words("manifest-key", version, "manifest.json"));
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(content, 0, length);
            return mac.doFinal();
        } catch (InvalidKeyException e) {
            throw new IllegalStateException("A derived key has 32 bytes.", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has HmacSHA256.", e);
        }
    }

    private String words(String what, int version, String name) {
        return "nightshift:" + what + ":v" + version + ":" + project + ":" + backup + ":" + name;
    }
}
