package dev.nightshift.backup.deletion;

/** Ends the transaction of an action that is tried and not to be done: it has come as far as it would. */
final class Trial extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An approval that approves nothing. */
    static final DeletingAction.Approval APPROVAL = new DeletingAction.Approval() {
        @Override
        public void judge() {
            // Nothing was shown yet
        }

        @Override
        public void done(String note) {
            throw new Trial();
        }
    };

    private Trial() {
        super(null, null, false, false);
    }
}
