package dev.nightshift.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Properties;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/** The driver's {@code socketFactory} for replication sessions; public because the driver makes it by name. */
public final class CapturingSocketFactory extends SocketFactory {
    private final @Nullable String key;

    public CapturingSocketFactory(Properties properties) {
        this.key = CapturedSocket.key(properties);
    }

    @Override
    public Socket createSocket() throws IOException {
        Socket socket = new Socket();
        socket.setKeepAlive(true);
        return CapturedSocket.leave(key, socket);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return CapturedSocket.leave(key, new Socket(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return CapturedSocket.leave(key, new Socket(host, port, local, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return CapturedSocket.leave(key, new Socket(host, port));
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
        return CapturedSocket.leave(key, new Socket(host, port, local, localPort));
    }
}
