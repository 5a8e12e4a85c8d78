package dev.nightshift.cli;

import org.jspecify.annotations.Nullable;

/** Why a command cannot go on: one line for whoever called it, what to do about it, and the code that it ends with. */
final class Trouble extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final ExitCode code;
    private final @Nullable String remedy;

    Trouble(ExitCode code, String message, @Nullable String remedy) {
        super(message);
        this.code = code;
        this.remedy = remedy;
    }

    ExitCode code() {
        return code;
    }

    /** One line: what happened, and the remedy if there is one. */
    String line() {
        return Words.plain(getMessage() + (remedy == null ? "" : " " + remedy));
    }
}
