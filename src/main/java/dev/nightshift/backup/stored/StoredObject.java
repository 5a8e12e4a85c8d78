package dev.nightshift.backup.stored;

/**
 * One object of a stored backup, as its manifest lists it.
 *
 * @param name within the backup's folder: {@code base.tar/0001}
 * @param kind what it holds
 * @param stream objects with the same one are parts of one stream, in the order of the list
 * @param bytes as stored
 * @param contentBytes before encryption and compression by block
 * @param sha256 of the stored bytes, lower-case hexadecimal
 */
public record StoredObject(String name, Kind kind, String stream, long bytes, long contentBytes, String sha256) {
    /** What an object holds. */
    public enum Kind {
        /** A tar archive of the data folder or a tablespace; compressed by the server if the stream ends in .zst. */
        ARCHIVE,
        /** The server's backup_manifest. */
        SERVER_MANIFEST,
        /** A segment of the write-ahead log, or a timeline's history. */
        WAL,
        /** Settings and access rules of the server, saved beside the data. */
        SETTINGS,
        /** What the rows of a database were at a position, to compare a restored copy with. */
        EVIDENCE,
        /** What pg_dump wrote of one database, in its custom format, not compressed. */
        DUMP
    }
}
