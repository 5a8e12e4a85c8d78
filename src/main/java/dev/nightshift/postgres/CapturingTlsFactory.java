package dev.nightshift.postgres;

import java.io.IOException;
import java.net.Socket;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.ssl.LibPQFactory;
import org.postgresql.util.PSQLException;

/** The driver's {@code sslfactory} for replication sessions: libpq's rules; public because the driver makes it by name. */
public final class CapturingTlsFactory extends LibPQFactory {
    private final @Nullable String key;

    /**
     * Made by the driver.
     *
     * @throws PSQLException if a certificate file cannot be used
     */
    public CapturingTlsFactory(Properties properties) throws PSQLException {
        super(properties);
        this.key = CapturedSocket.key(properties);
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        return CapturedSocket.leave(key, super.createSocket(socket, host, port, autoClose));
    }
}
