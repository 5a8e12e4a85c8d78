package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;

/** Hears how a proof gets on, and can stop it. Called from the proof's threads: return soon, throw nothing. */
public interface ProofWatch {
    /** What a level is doing. */
    enum Step {
        /** Looking at the stored objects, up to the level named. */
        VERIFY,
        /** Decrypting and unpacking into the sandbox; bytes. */
        RESTORE,
        /** The sandbox replays the log; bytes of log. */
        RECOVER,
        /** Rows are compared with the evidence; tables. */
        MATCH,
        /** Indexes and tables are checked; objects. */
        CHECK
    }

    /** Does not care and never stops. */
    ProofWatch NONE = new ProofWatch() {
        @Override
        public void progress(Step step, ProofLevel level, long done, long total) {}

        @Override
        public void note(String message) {}

        @Override
        public boolean stopped() {
            return false;
        }
    };

    /**
     * A step's progress, a few times per second at most.
     *
     * @param total 0 as long as it is not known
     */
    void progress(Step step, ProofLevel level, long done, long total);

    /** For the run's log; a sentence. */
    void note(String message);

    /** Asked often; from the first true on the proof ends as soon as it can. */
    boolean stopped();
}
