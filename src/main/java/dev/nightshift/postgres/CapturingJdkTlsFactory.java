package dev.nightshift.postgres;

import java.io.IOException;
import java.net.Socket;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.ssl.DefaultJavaSSLFactory;

/** As {@link CapturingTlsFactory}, trusting what the JDK trusts, where no root certificate is configured. */
public final class CapturingJdkTlsFactory extends DefaultJavaSSLFactory {
    private final @Nullable String key;

    public CapturingJdkTlsFactory(Properties properties) {
        super(properties);
        this.key = CapturedSocket.key(properties);
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        return CapturedSocket.leave(key, super.createSocket(socket, host, port, autoClose));
    }
}
