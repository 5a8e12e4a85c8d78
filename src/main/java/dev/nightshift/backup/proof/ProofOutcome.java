package dev.nightshift.backup.proof;

/** How one level of a proof came out. */
public enum ProofOutcome {
    PASSED,
    /** Something is wrong with the backup. */
    FAILED,
    /** A level before it was not passed, or it was not asked for. */
    NOT_CHECKED,
    /** This machine cannot do it; that says nothing about the backup. */
    NOT_POSSIBLE
}
