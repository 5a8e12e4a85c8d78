package dev.nightshift.sandbox;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Whether an error of a session says that the server ran out of something of this machine. */
final class Exhaustion {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);
    private static final int LOOKS = 10;

    /** Classes of SQLSTATE: insufficient resources, a broken connection, a server that shuts down. */
    private static final String RESOURCES = "53";

    private static final String CONNECTION = "08";
    private static final String INTERVENTION = "57P";

    private Exhaustion() {}

    /** @param log the end of the server's, asked where the session only broke */
    static Optional<NotPossibleHere> of(SQLException e, Supplier<String> log) {
        String state = String.valueOf(e.getSQLState());
        String message = String.valueOf(e.getMessage()).replaceFirst("^ERROR: {1,2}", "");
        Optional<NotPossibleHere> said = ServerLog.exhausted(message);
        if (said.isPresent()) {
            return said;
        }
        if (state.startsWith(RESOURCES)) {
            return Optional.of(new NotPossibleHere(
                    message,
                    "Give proofs more of it: NIGHTSHIFT_PROOF_MEMORY_GIGABYTES, or room where NIGHTSHIFT_DATA lies."));
        }
        return state.startsWith(CONNECTION) || state.startsWith(INTERVENTION) ? asLogged(log) : Optional.empty();
    }

    /** The server writes why a process of it ended just after its session broke. */
    private static Optional<NotPossibleHere> asLogged(Supplier<String> log) {
        for (int look = 0; ; look++) {
            Optional<NotPossibleHere> logged = ServerLog.exhausted(log.get());
            if (logged.isPresent() || look == LOOKS) {
                return logged;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return logged;
            }
        }
    }
}
