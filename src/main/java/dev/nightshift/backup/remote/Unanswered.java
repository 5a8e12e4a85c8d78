package dev.nightshift.backup.remote;

import org.jspecify.annotations.Nullable;

/** The service does not know the question, or the login may not ask it. */
final class Unanswered extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean unknown;
    private final @Nullable String remedy;

    Unanswered(String why, boolean unknown) {
        this(why, unknown, null);
    }

    private Unanswered(String why, boolean unknown, @Nullable String remedy) {
        super(why);
        this.unknown = unknown;
        this.remedy = remedy;
    }

    /** It cannot be asked with what opens the store. */
    static Unanswered by(String why, String remedy) {
        return new Unanswered(why, false, remedy);
    }

    /** What to do, where it is not to give a login more rights. */
    @Nullable
    String remedy() {
        return remedy;
    }

    /** Whether the service itself says that it has no such thing. */
    boolean isUnknown() {
        return unknown;
    }
}
