package dev.nightshift.runtime;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which of the server's lines a person is to see: those that are marked for people, and errors, a few of them. */
final class ServerOutput {
    /** Begins a line that the application prints for the person at the terminal. */
    static final String MARKER = "nightshift: ";

    private static final int ERRORS_SHOWN = 10;
    /** As the server's two console formats have it: "[ERROR   ] text" and "[time] thread logger   E text". */
    private static final Pattern ERROR = Pattern.compile("\\[ERROR\\s*] (.*)|\\[[^]]+] \\S+ \\S+\\s+E (.*)");

    private static final Pattern FATAL = Pattern.compile(
            "(?:Error: |Unrecognized |Exception in thread |java\\.lang\\.OutOfMemoryError|CWWK\\S+E:).*");

    private final Path log;
    private int errors;

    ServerOutput(Path log) {
        this.log = log;
    }

    /** What to print for this line; empty for most. */
    Optional<String> shown(String line) {
        int marker = line.indexOf(MARKER);
        if (marker == 0 || (marker > 0 && line.startsWith("[") && line.contains("SystemOut"))) {
            return Optional.of(line.substring(marker + MARKER.length()));
        }
        return error(line).flatMap(this::counted);
    }

    private static Optional<String> error(String line) {
        Matcher fatal = FATAL.matcher(line);
        if (fatal.matches()) {
            return Optional.of(line);
        }
        Matcher error = ERROR.matcher(line);
        return error.matches()
                ? Optional.of(error.group(1) != null ? error.group(1) : error.group(2))
                : Optional.empty();
    }

    private Optional<String> counted(String error) {
        errors++;
        if (errors > ERRORS_SHOWN) {
            return Optional.empty();
        }
        String hint = errors == 1
                ? " (whole log: " + log + ")"
                : errors == ERRORS_SHOWN ? " (further errors are in the log only)" : "";
        return Optional.of("Server error: " + error + hint);
    }
}
