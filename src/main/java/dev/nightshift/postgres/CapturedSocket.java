package dev.nightshift.postgres;

import java.net.Socket;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands the driver's socket over: the driver connects and logs in (SCRAM, TLS, everything it knows), the two factories
 * named in its properties leave the socket here, and the replication session goes on with it. By a key in the properties,
 * as the driver may connect in a thread of its own.
 */
final class CapturedSocket implements AutoCloseable {
    private static final String PROPERTY = "nightshift.captured";
    private static final Map<String, CapturedSocket> WAITING = new ConcurrentHashMap<>();
    private final String key = UUID.randomUUID().toString();
    private volatile @Nullable Socket socket;

    CapturedSocket(Properties properties) {
        properties.setProperty(PROPERTY, key);
        WAITING.put(key, this);
    }

    /** Called by the factories: first with the plain socket, then with the TLS one around it. */
    static Socket leave(@Nullable String key, Socket socket) {
        CapturedSocket waiting = key == null ? null : WAITING.get(key);
        if (waiting != null) {
            waiting.socket = socket;
        }
        return socket;
    }

    static @Nullable String key(Properties properties) {
        return properties.getProperty(PROPERTY);
    }

    /** The outermost socket of the connection that was made last. */
    Socket socket() {
        Socket captured = socket;
        if (captured == null) {
            throw new IllegalStateException("The driver made no socket through our factory.");
        }
        return captured;
    }

    @Override
    public void close() {
        WAITING.remove(key);
    }
}
