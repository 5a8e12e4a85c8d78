package dev.nightshift.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * This machine cannot do what was asked, and that says nothing about the backup: namespaces are denied, the server
 * programs lack a library, a locale or an extension. Never to be reported as a failed proof.
 */
public final class NotPossibleHere extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final @Nullable String remedy;

    public NotPossibleHere(String message, @Nullable String remedy) {
        this(message, remedy, null);
    }

    public NotPossibleHere(String message, @Nullable String remedy, @Nullable Throwable cause) {
        super(message, cause);
        this.remedy = remedy;
    }

    /** What would make it possible, in a sentence; null where that is not known. */
    public @Nullable String remedy() {
        return remedy;
    }
}
