package dev.nightshift.backup.stored;

/** Hears how a backup, a verification or a restore gets on. Called from its threads: return soon, throw nothing. */
public interface BackupProgress {
    /** What is being done. */
    enum Phase {
        /** Waiting for the server's checkpoint. */
        CHECKPOINT,
        /** Copying files. */
        COPY,
        /** Measuring rows on the source. */
        EVIDENCE,
        /** Waiting for the log to come to its position. */
        LOG,
        /** Comparing the objects' hashes. */
        HASH,
        /** Decrypting and decoding archives, comparing every file with the server's list; or a dump to its end. */
        FILES,
        /** Walking the records of the log. */
        RECORDS
    }

    /** A listener that does not care. */
    BackupProgress NONE = new BackupProgress() {
        @Override
        public void phase(Phase phase) {}

        @Override
        public void bytes(long done, long estimated) {}

        @Override
        public void note(String message) {}
    };

    /** A phase begins. */
    void phase(Phase phase);

    /** Bytes of this phase; the estimate may be too small while the cluster grows. A few times per second at most. */
    void bytes(long done, long estimated);

    /** Something that a person who reads the run's log will want to know; a sentence, without secrets. */
    void note(String message);
}
