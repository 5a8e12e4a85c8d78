package dev.nightshift.postgres;

import java.io.IOException;

/** The server answered a replication command with an error; the session is in order again and may go on. */
final class ServerError extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient ServerMessage message;

    ServerError(ServerMessage message) {
        super(message.toString());
        this.message = message;
    }

    String sqlState() {
        return message.sqlState();
    }
}
