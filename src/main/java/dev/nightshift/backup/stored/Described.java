package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ProjectKeys;
import dev.nightshift.vault.WrappedKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A folder of a store that describes itself: a whole backup by its manifest, an archive of a server's log by its
 * {@code archive.json}. Both hold a data key, wrapped by one of the project's keys.
 *
 * @param folder in the store
 * @param id of the backup or of the archive, by the folder's name
 */
public record Described(String folder, UUID id, boolean log) {
    private static final int DEPTH = 3;
    private static final String LOG = "log-";

    /** All of a store, whatever project's they are, sorted; what has no description is not among them. */
    public static List<Described> in(Store store) {
        return store.folders(DEPTH).stream()
                .flatMap(Described::named)
                .filter(each -> store.size(each.object()).isPresent())
                .toList();
    }

    private static Stream<Described> named(String folder) {
        String name = folder.substring(folder.lastIndexOf('/') + 1);
        boolean log = name.startsWith(LOG);
        String id = log ? name.substring(LOG.length()) : name;
        try {
            UUID known = UUID.fromString(id);
            return known.toString().equals(id) ? Stream.of(new Described(folder, known, log)) : Stream.empty();
        } catch (IllegalArgumentException e) {
            return Stream.empty(); // of somebody else
        }
    }

    /** The description's name in the store. */
    public String object() {
        return folder + "/" + (log ? WalFolder.NAME : Manifest.NAME);
    }

    /**
     * Whether it may need one of a project's keys: by the words that stand in it, so that one that cannot be read as a
     * description counts as well.
     *
     * @throws Failure.NotFound if it is gone meanwhile
     * @throws Failure.Retryable if the store cannot be read now
     */
    public boolean mayNeed(Store store, ProjectId project, String keyId) {
        String text = new String(SignedText.read(store, object()), StandardCharsets.ISO_8859_1);
        return text.contains(project.toString()) && text.contains("\"" + keyId + "\"");
    }

    /**
     * Whether it is the description of a log that nothing lies beside: what an archive that was not begun has left.
     *
     * @throws Failure.Retryable if the store cannot be read now
     */
    public boolean isBareLog(Store store) {
        return log && store.list(folder + "/").size() <= 1;
    }

    /**
     * The key that it says it opens by; nothing of it is checked.
     *
     * @throws Failure.NotFound if it is gone
     * @throws Failure.Fatal if it cannot be read as a description
     * @throws Failure.Retryable if the store cannot be read now
     */
    public String keyId(Store store) {
        byte[] text = SignedText.read(store, object());
        String name = store + "/" + object();
        return log
                ? WalFolder.parse(text, name).key().keyId()
                : ManifestText.parse(text, name).key().keyId();
    }

    /**
     * Whether it says that it is of this project. One that cannot be read is, if the project's id stands in it; of others nobody
     * of the project has to hear.
     *
     * @throws Failure.NotFound if it is gone meanwhile
     * @throws Failure.Retryable if the store cannot be read now
     */
    public boolean isOf(Store store, ProjectId project) {
        byte[] text = SignedText.read(store, object());
        try {
            String name = store + "/" + object();
            ProjectId of = log
                    ? WalFolder.parse(text, name).project()
                    : ManifestText.parse(text, name).project();
            return project.equals(of);
        } catch (Failure.Fatal e) {
            return new String(text, StandardCharsets.ISO_8859_1).contains(project.toString());
        }
    }

    /**
     * Wraps its data key by the project's primary key, and reads back what it wrote. The data key itself and everything encrypted
     * under it stay as they are.
     *
     * @param before is called before anything is written
     * @return false if it was wrapped by that one already
     * @throws Failure.NotFound if it is gone
     * @throws Failure.Fatal if it was changed, or none of the keys opens it
     * @throws Failure.Retryable if the store cannot be read or written now, or holds something else afterwards
     */
    public boolean rewrap(Store store, ProjectKeys keys, Runnable before) {
        byte[] text = SignedText.read(store, object());
        Opened opened = open(store, text, keys);
        if (opened.key().keyId().equals(keys.keyId())) {
            return false;
        }
        WrappedKey wrapped = keys.wrap(opened.data(), id);
        byte[] other = SignedText.rewrapped(text, wrapped, opened.context(), opened.version());
        if (!open(store, other, keys).key().equals(wrapped)) {
            throw new IllegalStateException("A description that was wrapped anew says something else.");
        }
        before.run();
        store.replace(object(), other);
        byte[] found = SignedText.read(store, object());
        if (!Arrays.equals(other, found) || !open(store, found, keys).key().equals(wrapped)) {
            throw new Failure.Retryable(
                    object() + " is not in " + store + " as it was written.",
                    "Look who else writes to the store.",
                    null);
        }
        return true;
    }

    private record Opened(WrappedKey key, DataKey data, ObjectContext context, int version) {}

    private Opened open(Store store, byte[] text, BackupKeys keys) {
        String name = store + "/" + object();
        if (log) {
            WalFolder found = WalFolder.parse(text, name);
            requireOwn(found.id(), name);
            DataKey data = WalFolder.authenticate(found, text, name, keys);
            return new Opened(
                    found.key(), data, new ObjectContext(found.project(), found.id(), data), WalFolder.VERSION);
        }
        Manifest found = ManifestText.parse(text, name);
        requireOwn(found.backup(), name);
        DataKey data = ManifestText.authenticate(found, text, name, keys);
        return new Opened(found.key(), data, ManifestText.context(found, data), found.formatVersion());
    }

    private void requireOwn(UUID found, String name) {
        if (!found.equals(id)) {
            throw SignedText.damaged(name, "it is of " + found + ", and lies in the folder of another one", null);
        }
    }
}
