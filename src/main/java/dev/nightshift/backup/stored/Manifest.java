package dev.nightshift.backup.stored;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.WrappedKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a stored backup; the last object written, so that a folder without it is no backup. The catalogue can
 * be rebuilt from the manifests of a store alone.
 *
 * @param formatVersion of the stored form
 * @param projectName as people call it
 * @param instanceName as people call it
 * @param lineage which kind it is, and which other backup it needs
 * @param key the backup's data key, wrapped by the project's
 * @param objects all others of the backup, parts of a stream in their order
 * @param dump which database it is of; null for a physical backup, which holds the whole instance
 */
public record Manifest(
        int formatVersion,
        ProjectId project,
        String projectName,
        String instanceName,
        UUID backup,
        Lineage lineage,
        Instant startedAt,
        Instant finishedAt,
        Source source,
        Position position,
        Checksums checksums,
        List<Tablespace> tablespaces,
        Figures figures,
        WrappedKey key,
        List<StoredObject> objects,
        @Nullable Dump dump) {
    /** The object's name in the backup's folder. */
    public static final String NAME = "manifest.json";

    /** The {@code formatVersion} of a backup that needs no other. */
    public static final int FULL_VERSION = 1;

    /** The {@code formatVersion} of one that does: a reader of version 1 would take it for a full one. */
    public static final int PARENT_VERSION = 2;

    /** The {@code formatVersion} of a logical one: a reader of version 2 would look for a cluster in it. */
    public static final int DUMP_VERSION = 3;

    /** What a backup needs to be restored, and what it holds. */
    public enum Kind {
        /** No other. */
        FULL,
        /** The newest one before it. */
        INCREMENTAL,
        /** The full one before it. */
        DIFFERENTIAL,
        /** No other: one database as pg_dump writes it, definitions and rows. */
        LOGICAL,
        /** The same without the rows. */
        SCHEMA,
        /** The same without the definitions. */
        DATA;

        /** Whether it holds the files of a whole instance, so that log can be replayed on it. */
        public boolean physical() {
            return this == FULL || changes();
        }

        /** Whether it holds only what changed since another one. */
        public boolean changes() {
            return this == INCREMENTAL || this == DIFFERENTIAL;
        }

        /** As it stands in manifest.json and in a run's parameters. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The kind of this word; empty if it is none. */
        public static Optional<Kind> of(String word) {
            return Arrays.stream(values())
                    .filter(kind -> kind.word().equals(word))
                    .findFirst();
        }
    }

    /**
     * Where a backup stands.
     *
     * @param parent the backup whose files its changes are to; null for a full one
     * @param fullBecause why it is a full one although another kind was asked for; null if it is what was asked for
     */
    public record Lineage(
            Kind kind, @Nullable UUID parent, @Nullable String fullBecause) {
        /** A full one that was asked for. */
        public static final Lineage FULL = new Lineage(Kind.FULL, null, null);

        public Lineage {
            if (kind.changes() == (parent == null)) {
                throw new IllegalArgumentException("a " + kind.word() + " backup has "
                        + (parent == null ? "no parent, but needs one" : "a parent, but needs none"));
            }
        }

        /** The {@code formatVersion} of such a backup's manifest. */
        public int version() {
            return !kind.physical() ? DUMP_VERSION : parent == null ? FULL_VERSION : PARENT_VERSION;
        }
    }

    /**
     * The database that a logical backup holds.
     *
     * @param database its name in Nightshift
     * @param dbname as the server calls it
     * @param tool version of the pg_dump that wrote it: {@code "15.18"}
     * @param toolMajor of it; pg_restore of no older one reads it
     * @param selection what was chosen
     * @param carried the same with all partitions of the tables in it, and what inherits from them
     */
    public record Dump(
            String database,
            String dbname,
            String tool,
            int toolMajor,
            DumpSelection selection,
            DumpSelection carried) {
        /** The stream of what pg_dump wrote, in its custom format. */
        public static final String STREAM = "database.dump";

        /** The saved file that tells of roles, settings and extensions. */
        public static final String ROLES = "database.json";
    }

    /** A physical one. */
    public Manifest(
            int formatVersion,
            ProjectId project,
            String projectName,
            String instanceName,
            UUID backup,
            Lineage lineage,
            Instant startedAt,
            Instant finishedAt,
            Source source,
            Position position,
            Checksums checksums,
            List<Tablespace> tablespaces,
            Figures figures,
            WrappedKey key,
            List<StoredObject> objects) {
        this(
                formatVersion,
                project,
                projectName,
                instanceName,
                backup,
                lineage,
                startedAt,
                finishedAt,
                source,
                position,
                checksums,
                tablespaces,
                figures,
                key,
                objects,
                null);
    }

    public Manifest {
        if (lineage.kind().physical() != (dump == null)) {
            throw new IllegalArgumentException("a " + lineage.kind().word() + " backup says "
                    + (dump == null ? "not which database it is of" : "of which database it is, but holds all"));
        }
        if (formatVersion != lineage.version()) {
            throw new IllegalArgumentException(
                    "a " + lineage.kind().word() + " backup is never of version " + formatVersion);
        }
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
     * Where recovery begins, where it has to come at least, and where it is expected to come. Of a logical backup all are where
     * the log was when its snapshot was taken: nothing is replayed on it.
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
