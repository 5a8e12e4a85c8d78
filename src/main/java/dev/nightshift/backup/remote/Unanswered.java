package dev.nightshift.backup.remote;

/** The service does not know the question, or the login may not ask it. */
final class Unanswered extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean unknown;

    Unanswered(String why, boolean unknown) {
        super(why);
        this.unknown = unknown;
    }

    /** Whether the service itself says that it has no such thing. */
    boolean isUnknown() {
        return unknown;
    }
}
