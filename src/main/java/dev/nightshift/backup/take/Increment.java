package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The kind of backup that was asked for, and what there is to take it against.
 *
 * @param kind as asked for
 * @param base null where a full one is taken
 * @param fullBecause why there is no base although the kind needs one
 */
public record Increment(
        Manifest.Kind kind, @Nullable Base base, @Nullable String fullBecause) {
    /** A full backup, as asked for. */
    public static final Increment NONE = new Increment(Manifest.Kind.FULL, null, null);

    /** The server counts changes in blocks of its own size; what reads them later expects the usual one. */
    private static final String USUAL_BLOCK = "8192";

    private static final String USUAL_SEGMENT = "1GB";

    /**
     * The backup whose files the changes are to.
     *
     * @param start of it in the log
     * @param timeline on which it was taken
     * @param checksums whether its cluster had page checksums
     * @param list its backup_manifest
     */
    public record Base(UUID backup, Lsn start, int timeline, boolean checksums, Supplier<byte[]> list) {}

    /** Against this backup. */
    public static Increment to(Manifest.Kind kind, Base base) {
        return new Increment(kind, base, null);
    }

    /** A full one, although another kind was asked for. */
    public static Increment without(Manifest.Kind kind, String reason) {
        return new Increment(kind, null, reason);
    }

    /** A full one, as the server turned out not to know what changed, or not for sure. */
    Increment untold(Base unusable, String reason) {
        return without(kind, "the server cannot tell what changed since backup " + unusable.backup() + ": " + reason);
    }

    /**
     * Whether such a server can take this kind at all.
     *
     * @throws Failure.Skippable if it cannot, with what to do
     */
    void require(ReplicationSession session) {
        if (kind == Manifest.Kind.FULL) {
            return;
        }
        if (session.major() < ReplicationSession.OLDEST_INCREMENTAL) {
            throw new Failure.Skippable(
                    "PostgreSQL " + session.major() + " takes no " + kind.word() + " backups: they need "
                            + ReplicationSession.OLDEST_INCREMENTAL + " or newer.",
                    "Take full backups of this server, the kind full, and archive its log: between two of them a restore"
                            + " then ends at any moment that is asked for.",
                    null);
        }
        if (!session.show("summarize_wal").equals("on")) {
            throw new Failure.Skippable(
                    "The server keeps no summaries of its log, so it cannot tell what changed: summarize_wal is off.",
                    "On the server: ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); then take a full backup for"
                            + " the next ones to build on. Or take full backups.",
                    null);
        }
    }

    /** What is left of it on this server, on this timeline, whose cluster has page checksums or not. */
    Increment on(ReplicationSession session, int timeline, boolean checksums) {
        if (base == null) {
            return this;
        }
        if (base.timeline() != timeline) {
            return untold(base, "it was promoted since, from timeline " + base.timeline() + " to " + timeline);
        }
        if (base.checksums() != checksums) {
            // pg_checksums writes every page past the log, so no summary knows of it
            return without(
                    kind,
                    "page checksums were switched " + (checksums ? "on" : "off") + " since backup " + base.backup()
                            + " was taken");
        }
        String block = session.show("block_size");
        if (!block.equals(USUAL_BLOCK)) {
            return without(kind, "the server's blocks have " + block + " bytes instead of " + USUAL_BLOCK);
        }
        String segment = session.show("segment_size");
        return segment.equals(USUAL_SEGMENT)
                ? this
                : without(kind, "the server's tables are in files of " + segment + " instead of " + USUAL_SEGMENT);
    }

    /** What the manifest says of it. */
    public Manifest.Lineage lineage() {
        return base == null
                ? new Manifest.Lineage(Manifest.Kind.FULL, null, fullBecause)
                : new Manifest.Lineage(kind, base.backup(), null);
    }
}
