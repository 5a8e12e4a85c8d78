package dev.nightshift.job;

/**
 * Another attempt has the target: this node was declared lost and woke up. The work ends without a word in the ledger; it
 * is no failure of the target, which is in other hands.
 */
public final class TakenOver extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TakenOver(int attempt) {
        super("Attempt " + attempt + " of this run was declared lost and another one has taken over.");
    }
}
