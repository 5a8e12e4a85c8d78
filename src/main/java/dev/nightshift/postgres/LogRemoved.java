package dev.nightshift.postgres;

/** The server has removed log that it was asked for. The session is in order, and can be asked for another position. */
public final class LogRemoved extends Exception {
    private static final long serialVersionUID = 1L;
    private static final String UNDEFINED_FILE = "58P01";

    private final transient ServerError refusal;

    LogRemoved(ServerError refusal) {
        super(refusal.getMessage(), refusal);
        this.refusal = refusal;
    }

    ServerError refusal() {
        return refusal;
    }

    static boolean is(ServerError refusal) {
        return UNDEFINED_FILE.equals(refusal.sqlState());
    }
}
