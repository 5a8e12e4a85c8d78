package dev.nightshift.backup.stored;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.WrappedKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a stored backup; the last object written, so that a folder without it is no backup. The catalogue can
 * be rebuilt from the manifests of a store alone.
 *
 * @param formatVersion of the stored form
 * @param projectName as people call it
 * @param instanceName as people call it
 * @param kind {@code full}
 * @param key the backup's data key, wrapped by the project's
 * @param objects all others of the backup, parts of a stream in their order
 */
public record Manifest(
        int formatVersion,
        ProjectId project,
        String projectName,
        String instanceName,
        UUID backup,
        String kind,
        Instant startedAt,
        Instant finishedAt,
        Source source,
        Position position,
        Checksums checksums,
        List<Tablespace> tablespaces,
        Figures figures,
        WrappedKey key,
        List<StoredObject> objects) {
    /** The object's name in the backup's folder. */
    public static final String NAME = "manifest.json";

    /** The {@code formatVersion} that is written now. */
    public static final int CURRENT_VERSION = 1;

    /** The {@code kind} of a backup that needs no other. */
    public static final String FULL = "full";

    public Manifest {
        tablespaces = List.copyOf(tablespaces);
        objects = List.copyOf(objects);
    }

    /**
     * The server that was backed up.
     *
     * @param serverVersion as it says: {@code 18.4}
     */
    public record Source(String systemIdentifier, int timeline, String serverVersion, int major, int walSegmentBytes) {}

    /**
     * Where recovery begins, where it has to come at least, and where it is expected to come.
     *
     * @param start of the log that is needed
     * @param stop the backup is consistent from here on
     * @param expected recovery of the stored log must reach this: the restore point's end, or the stop position
     * @param restorePoint its name; null where the role may not create one
     * @param refusal why there is no restore point or its segment was not ended, in the server's words
     * @param logEnd of the log that is stored
     */
    public record Position(
            Lsn start,
            Lsn stop,
            Lsn expected,
            @Nullable String restorePoint,
            @Nullable String refusal,
            Lsn logEnd) {}

    /**
     * What the server said of its page checksums while it sent them.
     *
     * @param enabled whether the cluster has them
     * @param failures whether some were wrong: the copy is complete, its source is damaged
     * @param warnings the server's words
     */
    public record Checksums(boolean enabled, boolean failures, List<String> warnings) {
        public Checksums {
            warnings = List.copyOf(warnings);
        }
    }

    /**
     * A tablespace beside the data folder.
     *
     * @param location absolute on the source; relative for one inside the data folder
     */
    public record Tablespace(String oid, String location, long estimatedBytes) {
        /** Whether it lies inside the data folder and needs no link. */
        public boolean inPlace() {
            return !location.startsWith("/");
        }
    }

    /**
     * What it took.
     *
     * @param bytesRead of the files, before any compression
     * @param bytesStored of all objects but the manifest
     * @param checkpoint until the server began to send
     * @param copy of the files
     * @param log from the last file to the last of the log
     */
    public record Figures(long bytesRead, long bytesStored, Duration checkpoint, Duration copy, Duration log) {}

    /** Where a backup lies in its store: {@code <project>/<instance>/<backup>}. */
    public static String folder(String projectName, String instanceName, UUID backup) {
        return projectName + "/" + instanceName + "/" + backup;
    }

    /** Where this one lies. */
    public String folder() {
        return folder(projectName, instanceName, backup);
    }

    /** The objects that hold this, in the order of the list. */
    public List<StoredObject> objects(StoredObject.Kind kind) {
        return objects.stream().filter(object -> object.kind() == kind).toList();
    }

    /** The parts of this stream, in their order; empty if there is none. */
    public List<StoredObject> stream(String stream) {
        return objects.stream().filter(object -> object.stream().equals(stream)).toList();
    }

    /** Names of the archives' streams, the data folder's among them, in the order in which they were sent. */
    public List<String> archives() {
        return objects(StoredObject.Kind.ARCHIVE).stream()
                .map(StoredObject::stream)
                .distinct()
                .toList();
    }
}
