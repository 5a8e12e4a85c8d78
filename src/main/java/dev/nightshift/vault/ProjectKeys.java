package dev.nightshift.vault;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.util.SecretBytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A project's two keysets: one wraps the data keys of its backups, the other seals its small secrets, so that exporting
 * the first for a recovery does not give away database passwords. Rotation adds a key to the first and keeps the old ones, until
 * nothing is wrapped by them any more.
 */
public final class ProjectKeys implements BackupKeys {
    private static final String BACKUPS = "backups";
    private static final String SECRETS = "secrets";
    private final ProjectId project;
    private final KeysetHandle backups;
    private final KeysetHandle secrets;

    private ProjectKeys(ProjectId project, KeysetHandle backups, KeysetHandle secrets) {
        this.project = project;
        this.backups = backups;
        this.secrets = secrets;
    }

    /** New keys for a new project. */
    public static ProjectKeys generate(ProjectId project) {
        try {
            AeadConfig.register();
            return new ProjectKeys(
                    project,
                    KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM, RegistryConfiguration.get()),
                    KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM, RegistryConfiguration.get()));
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    /**
     * Opens what {@link #wrap} gave.
     *
     * @throws Failure.Fatal if another master key wrapped it, or another project's keys, or it was changed
     */
    public static ProjectKeys unwrap(ProjectId project, String wrapped, MasterKey master) {
        try (var reader = Json.createReader(new StringReader(wrapped))) {
            AeadConfig.register();
            JsonObject json = reader.readObject();
            String by = json.getString("master", "");
            if (!by.equals(master.fingerprint())) {
                throw new Failure.Fatal(
                        "The keys of project " + project + " are wrapped by the master key " + by + ", not by "
                                + master.fingerprint() + ".",
                        "Start with the master key whose fingerprint is " + by + ".",
                        null);
            }
            return new ProjectKeys(project, open(project, BACKUPS, json, master), open(project, SECRETS, json, master));
        } catch (JsonException | GeneralSecurityException | ClassCastException | NullPointerException e) {
            master.prove(); // else it is not the project's fault
            throw new Failure.Fatal(
                    "The keys of project " + project + " cannot be opened: they were changed or are another project's.",
                    "Restore them from a copy of the repository database.",
                    e);
        }
    }

    /**
     * The text that the repository stores; opens with the same master key and for the same project only. It was opened again, and the
     * key that did so proved to be the installation's, before this returns: what is stored may replace the last copy.
     *
     * @throws Failure.Fatal if the master key was replaced by another one
     */
    public String wrap(MasterKey master) {
        String wrapped = sealed(master);
        unwrap(project, wrapped, master);
        master.prove();
        return wrapped;
    }

    private String sealed(MasterKey master) {
        return Json.createObjectBuilder()
                .add("version", 1)
                .add("master", master.fingerprint())
                .add(BACKUPS, seal(backups, BACKUPS, master))
                .add(SECRETS, seal(secrets, SECRETS, master))
                .build()
                .toString();
    }

    /** The same keys with a new first one for backups: it wraps from now on, the old ones still open. */
    public ProjectKeys rotated() {
        return new ProjectKeys(project, withNewPrimary(backups), secrets);
    }

    /**
     * The keys of a recovery kit for a project that the repository does not know any more, with new ones for secrets.
     *
     * @param primary which of them wraps from now on
     */
    public static ProjectKeys of(ExportedKeys kit, String primary) {
        ProjectKeys fresh = generate(kit.project());
        KeysetHandle.Builder all = KeysetHandle.newBuilder();
        kit.material().forEach((id, key) -> {
            KeysetHandle.Builder.Entry entry = entry(id, key);
            all.addEntry(id.equals(primary) ? entry.makePrimary() : entry);
        });
        return new ProjectKeys(kit.project(), built(all), fresh.secrets);
    }

    /**
     * The same keys and those of a recovery kit that they lack.
     *
     * @param primary which wraps from now on; one of either
     */
    ProjectKeys with(ExportedKeys kit, String primary) {
        List<String> known = ids();
        KeysetHandle.Builder all = KeysetHandle.newBuilder(backups);
        kit.material().forEach((id, key) -> {
            if (!known.contains(id)) {
                KeysetHandle.Builder.Entry entry = entry(id, key);
                all.addEntry(id.equals(primary) ? entry.makePrimary() : entry);
            }
        });
        return new ProjectKeys(project, built(all), secrets);
    }

    /** The same keys but for one that does not wrap: what it wrapped opens no more. */
    ProjectKeys without(String id) {
        KeysetHandle.Builder rest = KeysetHandle.newBuilder(backups);
        for (int i = backups.size() - 1; i >= 0; i--) {
            if (keyId(backups.getAt(i).getId()).equals(id)) {
                rest.deleteAt(i);
            }
        }
        return new ProjectKeys(project, built(rest), secrets);
    }

    @AccessesPartialKey
    private static KeysetHandle.Builder.Entry entry(String id, byte[] bytes) {
        try {
            int number = Integer.parseUnsignedInt(id, 16);
            AesGcmKey key = AesGcmKey.builder()
                    .setParameters(PredefinedAeadParameters.AES256_GCM)
                    .setIdRequirement(number)
                    .setKeyBytes(SecretBytes.copyFrom(bytes, InsecureSecretKeyAccess.get()))
                    .build();
            return KeysetHandle.importKey(key).withFixedId(number);
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    private static KeysetHandle built(KeysetHandle.Builder keys) {
        try {
            return keys.build();
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    @Override
    public ProjectId project() {
        return project;
    }

    /** Eight hexadecimal digits: the key that wraps new data keys. */
    public String keyId() {
        return keyId(backups.getPrimary().getId());
    }

    /** Of all the keys that open backups, the oldest first. */
    public List<String> ids() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < backups.size(); i++) {
            ids.add(keyId(backups.getAt(i).getId()));
        }
        return ids;
    }

    /** A data key that nothing was encrypted under yet. */
    public DataKey newDataKey() {
        return DataKey.random();
    }

    /** Wraps a backup's data key under the project's primary key. */
    public WrappedKey wrap(DataKey key, UUID backup) {
        try {
            byte[] wrapped = aead(backups).encrypt(key.secret(), Contexts.dataKey(project, backup));
            return new WrappedKey(keyId(), Base64.getEncoder().encodeToString(wrapped));
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    @Override
    public DataKey open(WrappedKey wrapped, UUID backup) {
        try {
            byte[] bytes = Base64.getDecoder().decode(wrapped.wrapped());
            return new DataKey(aead(backups).decrypt(bytes, Contexts.dataKey(project, backup)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Failure.Fatal(
                    "The data key of backup " + backup + ", wrapped by key " + wrapped.keyId()
                            + ", does not open with the keys of project " + project + ".",
                    "Use the keys of the project that took the backup, in a version that still holds this key.",
                    e);
        }
    }

    /**
     * Encrypts a password or the like for the repository.
     *
     * @param object what it belongs to, as in {@code instance:<id>:password}; needed again to open it
     * @return base64
     */
    public String seal(String object, String secret) {
        try {
            byte[] plain = secret.getBytes(StandardCharsets.UTF_8);
            return Base64.getEncoder().encodeToString(aead(secrets).encrypt(plain, Contexts.secret(project, object)));
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    /**
     * Opens what {@link #seal} gave for the same project and object.
     *
     * @throws Failure.Fatal if it was sealed for anything else, or changed
     */
    public String unseal(String object, String sealed) {
        try {
            byte[] bytes = Base64.getDecoder().decode(sealed);
            return new String(aead(secrets).decrypt(bytes, Contexts.secret(project, object)), StandardCharsets.UTF_8);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Failure.Fatal(
                    "The secret of " + object + " in project " + project + " cannot be opened.",
                    "Enter it again: it was changed, or sealed under other keys.",
                    e);
        }
    }

    /** The keys that open the project's backups, in the clear, for a recovery without Nightshift. */
    @AccessesPartialKey
    public ExportedKeys export() {
        Map<String, byte[]> keys = new LinkedHashMap<>();
        for (int i = 0; i < backups.size(); i++) {
            KeysetHandle.Entry entry = backups.getAt(i);
            if (entry.getKey() instanceof AesGcmKey key) {
                keys.put(keyId(entry.getId()), key.getKeyBytes().toByteArray(InsecureSecretKeyAccess.get()));
            }
        }
        return new ExportedKeys(project, keys);
    }

    private static KeysetHandle withNewPrimary(KeysetHandle keys) {
        return built(KeysetHandle.newBuilder(keys)
                .addEntry(KeysetHandle.generateEntryFromParameters(PredefinedAeadParameters.AES256_GCM)
                        .withRandomId()
                        .makePrimary()));
    }

    private String seal(KeysetHandle keys, String purpose, MasterKey master) {
        try {
            return TinkJsonProtoKeysetFormat.serializeEncryptedKeyset(
                    keys, master.aead(), Contexts.projectKeys(project, purpose), RegistryConfiguration.get());
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    private static KeysetHandle open(ProjectId project, String purpose, JsonObject json, MasterKey master)
            throws GeneralSecurityException {
        return TinkJsonProtoKeysetFormat.parseEncryptedKeyset(
                json.getString(purpose),
                master.aead(),
                Contexts.projectKeys(project, purpose),
                RegistryConfiguration.get());
    }

    private static Aead aead(KeysetHandle keys) throws GeneralSecurityException {
        return keys.getPrimitive(RegistryConfiguration.get(), Aead.class);
    }

    private static String keyId(int id) {
        return String.format("%08x", id);
    }

    private static IllegalStateException impossible(GeneralSecurityException e) {
        return new IllegalStateException("AES-256-GCM is part of every JDK and of Tink.", e);
    }

    /** The key ids, never the keys. */
    @Override
    public String toString() {
        return "ProjectKeys[" + project + ", " + keyId() + "]";
    }
}
