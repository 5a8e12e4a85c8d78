package dev.nightshift.postgres;

/** The server cannot send what changed since that backup, or not so that it can be trusted: a full one is what is left. */
public final class NotIncremental extends Exception {
    private static final long serialVersionUID = 1L;

    NotIncremental(ServerError refusal) {
        super(refusal.getMessage(), refusal);
    }

    /** Because of what is known of the server. */
    public NotIncremental(String why) {
        super(why);
    }

    /**
     * Whether the refusal is about the backup before it: summaries of the log that are gone or incomplete and a timeline that
     * is none of this server's are 55000, a summary file that vanished is 58P01, and a list that the server cannot use has
     * no code of its own (basebackup_incremental.c).
     */
    static boolean is(ServerError refusal) {
        String state = refusal.sqlState();
        return state.equals("55000") || state.equals("58P01") || state.equals("XX000");
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
