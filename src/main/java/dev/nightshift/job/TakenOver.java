package dev.nightshift.job;

/**
 * The target is no longer this attempt's: the node was declared lost and woke up, the run was declared dead, or the work was
 * given up after a stop. The work ends without a word in the ledger; it is no failure of the target.
 */
public final class TakenOver extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TakenOver(int attempt) {
        super("The target is no longer that of attempt " + attempt + ": it was given up, or another attempt has it.");
    }
}
