package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The content of a recovery file: the keys that open a project's backups, unprotected. Reads with the JDK alone, so that
 * the stand-alone decoder, or a script in any language, can open a backup from what the decision record says.
 */
public final class ExportedKeys implements BackupKeys {
    /** What the file's {@code format} member says. */
    public static final String FORMAT = "nightshift-project-keys";

    private static final int VERSION = 1;
    private static final String WARNING =
            "SECRET. Whoever holds this file can read every backup of the project. Keep it offline, apart from the"
                    + " backups.";
    private static final int PREFIX_BYTES = 5;
    private static final int NONCE_BYTES = 12;
    private final ProjectId project;
    private final Map<String, byte[]> keys;

    ExportedKeys(ProjectId project, Map<String, byte[]> keys) {
        this.project = project;
        this.keys = new LinkedHashMap<>(keys);
    }

    /**
     * Reads a recovery file.
     *
     * @throws Failure.Fatal if the file cannot be read or is no recovery file
     */
    public static ExportedKeys read(Path file) {
        try {
            return parse(Files.readString(file, StandardCharsets.UTF_8), file.toString());
        } catch (IOException e) {
            throw new Failure.Fatal("The key file " + file + " cannot be read.", "Give the exported key file.", e);
        }
    }

    /**
     * Reads the text of a recovery file.
     *
     * @param name how errors call it
     */
    public static ExportedKeys parse(String text, String name) {
        try (var reader = Json.createReader(new StringReader(text))) {
            JsonObject json = reader.readObject();
            if (!FORMAT.equals(json.getString("format")) || json.getInt("version") != VERSION) {
                throw new IllegalArgumentException("another format or version");
            }
            Map<String, byte[]> keys = new LinkedHashMap<>();
            for (JsonObject key : json.getJsonArray("keys").getValuesAs(JsonObject.class)) {
                keys.put(key.getString("id"), Base64.getDecoder().decode(key.getString("key")));
            }
            return new ExportedKeys(new ProjectId(UUID.fromString(json.getString("project"))), keys);
        } catch (JsonException | IllegalArgumentException | ClassCastException | NullPointerException e) {
            throw new Failure.Fatal(
                    name + " is not a key file of Nightshift that this version reads.",
                    "Give the file that the export of the project's keys wrote.",
                    e);
        }
    }

    /** The file's text: JSON, marked as secret. */
    public String toJson() {
        var array = Json.createArrayBuilder();
        keys.forEach((id, key) -> {
            JsonObjectBuilder entry = Json.createObjectBuilder()
                    .add("id", id)
                    .add("algorithm", "AES-256-GCM")
                    .add("key", Base64.getEncoder().encodeToString(key));
            array.add(entry);
        });
        return Json.createObjectBuilder()
                .add("format", FORMAT)
                .add("version", VERSION)
                .add("warning", WARNING)
                .add("project", project.toString())
                .add("keys", array)
                .build()
                .toString();
    }

    /** By id, in the clear. */
    Map<String, byte[]> material() {
        return keys;
    }

    /** Which keys these are. */
    public Set<String> ids() {
        return Collections.unmodifiableSet(keys.keySet());
    }

    @Override
    public ProjectId project() {
        return project;
    }

    @Override
    public DataKey open(WrappedKey wrapped, UUID backup) {
        byte[] key = keys.get(wrapped.keyId());
        if (key == null) {
            throw new Failure.Fatal(
                    "Backup " + backup + " needs the project key " + wrapped.keyId() + ", the key file holds "
                            + keys.keySet() + ".",
                    "Export the project's keys again, or give the file of the project that took the backup.",
                    null);
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(wrapped.wrapped()));
            if (bytes.remaining() < PREFIX_BYTES + NONCE_BYTES || bytes.get() != 1 || !matches(bytes, wrapped)) {
                throw new GeneralSecurityException("unknown layout");
            }
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    new SecretKeySpec(key, "AES"),
                    new GCMParameterSpec(128, bytes.array(), PREFIX_BYTES, NONCE_BYTES));
            cipher.updateAAD(Contexts.dataKey(project, backup));
            int from = PREFIX_BYTES + NONCE_BYTES;
            return new DataKey(cipher.doFinal(bytes.array(), from, bytes.capacity() - from));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Failure.Fatal(
                    "The data key of backup " + backup + " does not open with the key file of project " + project + ".",
                    "Give the key file of the project that took the backup; if it is the right one, the manifest was"
                            + " changed.",
                    e);
        }
    }

    private static boolean matches(ByteBuffer bytes, WrappedKey wrapped) {
        return String.format("%08x", bytes.getInt()).equals(wrapped.keyId());
    }

    /** The key ids, never the keys. */
    @Override
    public String toString() {
        return "ExportedKeys[" + project + ", " + keys.keySet() + "]";
    }
}
