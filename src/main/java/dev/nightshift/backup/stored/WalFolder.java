package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ProjectKeys;
import dev.nightshift.vault.WrappedKey;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.UUID;

/**
 * The folder of a log archive in a store, as its first object {@code archive.json} describes it: whose log it is, and the data
 * key that its objects are encrypted under, wrapped by the project's.
 *
 * @param projectName as people call it, when the archive was begun
 * @param instanceName as people call it, likewise
 * @param id of the archive; what a backup's id is to a backup
 * @param systemIdentifier of the cluster; another one begins another archive
 * @param segmentBytes of the server's log
 */
public record WalFolder(
        ProjectId project,
        String projectName,
        String instanceName,
        UUID id,
        String systemIdentifier,
        int segmentBytes,
        Instant createdAt,
        WrappedKey key) {
    /** The object's name in the archive's folder. */
    public static final String NAME = "archive.json";

    private static final String FORMAT = "nightshift-log";
    static final int VERSION = 1;

    /** {@code <project>/<instance>/log-<id>}. */
    public String folder() {
        return projectName + "/" + instanceName + "/log-" + id;
    }

    /**
     * Stores the description; the archive exists from then on. One that is there already is left as it is.
     *
     * @throws Failure.Retryable if the store cannot take it now, or has not got it afterwards
     */
    public SealedFolder begin(Store store, ProjectKeys keys) {
        ObjectContext context = new ObjectContext(project, id, keys.open(key, id));
        byte[] text = SignedText.write(json(), context, VERSION);
        String name = folder() + "/" + NAME;
        if (store.size(name).isEmpty()) {
            try (Store.Upload upload = store.create(name)) {
                upload.write(text, 0, text.length);
                upload.commit();
            }
            // Without its data key no object behind it opens
            store.requireStored(name, text.length);
        }
        return new SealedFolder(store, folder(), context);
    }

    /**
     * Reads the description and checks that it was written with these keys and not changed since.
     *
     * @param folder in the store; empty if the store is the archive's folder itself
     * @throws Failure.NotFound if there is none
     * @throws Failure.Fatal if it was changed, is of a newer version, or needs other keys
     * @throws Failure.Retryable if the store cannot be read now
     */
    public static Opened open(Store store, String folder, BackupKeys keys) {
        String object = folder.isEmpty() ? NAME : folder + "/" + NAME;
        String name = store + "/" + object;
        byte[] text = SignedText.read(store, object);
        WalFolder found = parse(text, name);
        DataKey key = authenticate(found, text, name, keys);
        return new Opened(found, new SealedFolder(store, folder, new ObjectContext(found.project(), found.id(), key)));
    }

    /**
     * Copies the description to another store, so that objects can be copied behind it. One of the same archive that is there
     * already is left as it is: it may wrap the data key another way.
     *
     * @return the archive in the other store
     * @throws Failure.NotFound if the source has none
     * @throws Failure.Fatal if the source's was changed or needs other keys, or another one is in its place
     * @throws Failure.Retryable if one of the stores cannot be used now
     */
    public static Opened copy(Store from, Store to, String folder, BackupKeys keys) {
        String object = folder + "/" + NAME;
        byte[] text = SignedText.read(from, object);
        WalFolder found = parse(text, from + "/" + object);
        authenticate(found, text, from + "/" + object, keys);
        if (to.size(object).isEmpty()) {
            try (Store.Upload upload = to.create(object)) {
                upload.write(text, 0, text.length);
                upload.commit();
                to.requireStored(object, text.length);
            } catch (Failure.Conflict e) {
                // Another run has put one there meanwhile: it is looked at as any other
            }
        }
        String reason;
        try {
            Opened there = open(to, folder, keys);
            if (there.description().id().equals(found.id())
                    && there.description().segmentBytes() == found.segmentBytes()) {
                return there;
            }
            reason = "it is of the archive " + there.description().id() + ".";
        } catch (Failure.Unusable e) {
            throw e; // the store refuses, which says nothing of the description
        } catch (Failure.Fatal e) {
            reason = String.valueOf(e.getMessage());
        }
        throw new Failure.Fatal(
                "The description " + object + " in " + to + " is left as it is, and no log copied: " + reason,
                "Look which of the two is right. Where it is the one in " + from
                        + ", delete the other, and run the job copy again.",
                null);
    }

    /**
     * Checks that whoever holds the project's keys wrote these very bytes.
     *
     * @return the archive's data key
     * @throws Failure.Fatal if they were changed, or the keys are another project's
     */
    static DataKey authenticate(WalFolder found, byte[] text, String name, BackupKeys keys) {
        if (!keys.project().equals(found.project())) {
            throw new Failure.Fatal(
                    name + " is of project " + found.project() + ", the keys are of project " + keys.project() + ".",
                    "Give the keys of the project whose log it is.",
                    null);
        }
        DataKey key = keys.open(found.key(), found.id());
        SignedText.check(text, name, new ObjectContext(found.project(), found.id(), key), VERSION);
        return key;
    }

    /** An archive with the means to read and write its objects. */
    public record Opened(WalFolder description, SealedFolder folder) {}

    private JsonObject json() {
        return Json.createObjectBuilder()
                .add("format", FORMAT)
                .add("formatVersion", VERSION)
                .add("project", project.toString())
                .add("projectName", projectName)
                .add("instanceName", instanceName)
                .add("archive", id.toString())
                .add("systemIdentifier", systemIdentifier)
                .add("walSegmentBytes", segmentBytes)
                .add("createdAt", createdAt.toString())
                .add(SignedText.KEY, SignedText.json(key))
                .build();
    }

    static WalFolder parse(byte[] bytes, String name) {
        try (var reader = Json.createReader(new ByteArrayInputStream(bytes))) {
            JsonObject json = reader.readObject();
            if (!FORMAT.equals(json.getString("format", ""))) {
                throw new IllegalArgumentException("it describes no archive of Nightshift");
            }
            if (json.getInt("formatVersion") != VERSION) {
                throw new IllegalArgumentException(
                        "it is of version " + json.getInt("formatVersion") + ", which is newer than this");
            }
            JsonObject key = json.getJsonObject("key");
            return new WalFolder(
                    new ProjectId(UUID.fromString(json.getString("project"))),
                    json.getString("projectName"),
                    json.getString("instanceName"),
                    UUID.fromString(json.getString("archive")),
                    json.getString("systemIdentifier"),
                    json.getInt("walSegmentBytes"),
                    Instant.parse(json.getString("createdAt")),
                    new WrappedKey(key.getString("id"), key.getString("wrapped")));
        } catch (JsonException
                | IllegalArgumentException
                | DateTimeException
                | ClassCastException
                | NullPointerException e) {
            throw SignedText.damaged(name, e.getMessage() == null ? "a member is missing" : e.getMessage(), e);
        }
    }
}
