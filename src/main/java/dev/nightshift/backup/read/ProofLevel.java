package dev.nightshift.backup.read;

/** How far a backup is proven; each level includes those before it. People read the name, never more than was passed. */
public enum ProofLevel {
    /** Every object is there with its size. */
    STORED,
    /** Every object's SHA-256 is right. */
    INTACT,
    /** Decrypted and decoded to the end, every file as the server listed it, the log without a gap to the position. */
    READABLE,
    /** A server started from it and reached the expected position; its indexes and heaps were checked. */
    RESTORED,
    /** Rows and aggregates equal those taken when the backup was. */
    MATCHED
}
