package dev.nightshift.kernel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What can go wrong, told apart by type alone: the type decides whether a run tries again, goes on with the next target,
 * or stops; the message says what happened to what, and the remedy what a person can do about it.
 */
public abstract sealed class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final @Nullable String remedy;

    private Failure(String message, @Nullable String remedy, @Nullable Throwable cause) {
        super(message, cause);
        this.remedy = remedy;
    }

    /** What happened to what; a failure always has a message. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** What to do, in a sentence; null where only a person who knows the situation can say. */
    public @Nullable String remedy() {
        return remedy;
    }

    /** The circumstances may pass: a connection refused, a lock not had, the repository away. Worth trying again. */
    public static final class Retryable extends Failure {
        private static final long serialVersionUID = 1L;

        public Retryable(String message, @Nullable String remedy, @Nullable Throwable cause) {
            super(message, remedy, cause);
        }
    }

    /** This target or object cannot be done, others can: a missing privilege, a table that vanished. */
    public static final class Skippable extends Failure {
        private static final long serialVersionUID = 1L;

        public Skippable(String message, @Nullable String remedy, @Nullable Throwable cause) {
            super(message, remedy, cause);
        }
    }

    /** Going on would do harm or cannot succeed: wrong key, foreign system identifier, damaged store. */
    public static sealed class Fatal extends Failure {
        private static final long serialVersionUID = 1L;

        public Fatal(String message, @Nullable String remedy, @Nullable Throwable cause) {
            super(message, remedy, cause);
        }
    }

    /** Fatal, and no fault of what was asked for: what it needs outside was misconfigured or taken away. REST answers 503 with the words. */
    public static final class Unusable extends Fatal {
        private static final long serialVersionUID = 1L;

        public Unusable(String message, @Nullable String remedy, @Nullable Throwable cause) {
            super(message, remedy, cause);
        }
    }

    /** A person's input breaks a rule; REST answers 400 and names the field. */
    public static final class Invalid extends Failure {
        private static final long serialVersionUID = 1L;
        private final @Nullable String field;

        public Invalid(String field, String message) {
            super(message, null, null);
            this.field = field;
        }

        /** The request as a whole is wrong. */
        public Invalid(String message) {
            super(message, null, null);
            this.field = null;
        }

        /** The field of the request, as the caller spelled it: {@code "databases[0]"}; null if it is none. */
        public @Nullable String field() {
            return field;
        }
    }

    /** There is no such object, or the caller may not know of it; REST answers 404. */
    public static final class NotFound extends Failure {
        private static final long serialVersionUID = 1L;

        public NotFound(String message) {
            super(message, null, null);
        }
    }

    /** The object's state forbids the request; REST answers 409. */
    public static final class Conflict extends Failure {
        private static final long serialVersionUID = 1L;

        public Conflict(String message, @Nullable String remedy) {
            super(message, remedy, null);
        }
    }
}
