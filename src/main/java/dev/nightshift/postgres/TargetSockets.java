package dev.nightshift.postgres;

import dev.nightshift.kernel.ForbiddenAddresses;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.util.Properties;
import javax.net.SocketFactory;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * The driver's {@code socketFactory} for every connection to a target. Its sockets connect to no address that the
 * installation forbids, whatever name led there, and notice a vanished peer within about a minute, however long the
 * statement takes: the usual two hours of Linux would outlast any night. Public because the driver makes it by name.
 */
public final class TargetSockets extends SocketFactory {
    /** Of the driver's properties: {@link ForbiddenAddresses#text}. */
    static final String FORBIDDEN = "nightshift.forbidden";

    /** Of the driver's properties: the host as people entered it, for what is said of it. */
    static final String HOST = "nightshift.host";

    private static final int IDLE_SECONDS = 30;
    private static final int INTERVAL_SECONDS = 10;
    private static final int PROBES = 3;

    private final ForbiddenAddresses forbidden;
    private final @Nullable String entered;
    private final @Nullable String captured;

    public TargetSockets(Properties properties) {
        String text = properties.getProperty(FORBIDDEN);
        this.forbidden = text == null ? ForbiddenAddresses.STANDARD : ForbiddenAddresses.parse(text);
        this.entered = properties.getProperty(HOST);
        this.captured = CapturedSocket.key(properties);
    }

    @Override
    public Socket createSocket() throws IOException {
        return CapturedSocket.leave(captured, kept(new Guarded(forbidden, entered)));
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port), null);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port), null);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
        return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
    }

    private Socket connected(InetSocketAddress to, @Nullable InetSocketAddress from) throws IOException {
        Socket socket = createSocket();
        try {
            if (from != null) {
                socket.bind(from);
            }
            socket.connect(to);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket kept(Socket socket) throws IOException {
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        where(socket, ExtendedSocketOptions.TCP_KEEPIDLE, IDLE_SECONDS);
        where(socket, ExtendedSocketOptions.TCP_KEEPINTERVAL, INTERVAL_SECONDS);
        where(socket, ExtendedSocketOptions.TCP_KEEPCOUNT, PROBES);
        return socket;
    }

    private static void where(Socket socket, SocketOption<Integer> option, int value) throws IOException {
        if (socket.supportedOptions().contains(option)) {
            socket.setOption(option, value);
        }
    }

    /** Looks at the very address that it connects to, so that no second look at the name can come out otherwise. */
    private static final class Guarded extends Socket {
        private final ForbiddenAddresses forbidden;
        private final @Nullable String entered;

        Guarded(ForbiddenAddresses forbidden, @Nullable String entered) {
            this.forbidden = forbidden;
            this.entered = entered;
        }

        @Override
        public void connect(SocketAddress endpoint) throws IOException {
            connect(endpoint, 0);
        }

        @Override
        public void connect(SocketAddress endpoint, int timeout) throws IOException {
            if (!(endpoint instanceof InetSocketAddress address)) {
                throw new IOException("A target has a host and a port.");
            }
            if (address.getAddress() == null) {
                throw new UnknownHostException(address.getHostString());
            }
            forbidden.check(entered == null ? address.getHostString() : entered, address.getAddress());
            super.connect(endpoint, timeout);
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return new LettingTheOtherSideSpeak(super.getOutputStream(), getInputStream());
        }
    }

    /**
     * A server that refuses says why and hangs up, often before we have written all we have to say: in TLS 1.3 it looks at a
     * client certificate when we think that we are through. What it said is worth more than that it is gone, so a write
     * that fails over it is left to the next read, which finds the reason, or else the end.
     */
    private static final class LettingTheOtherSideSpeak extends FilterOutputStream {
        private final InputStream said;

        LettingTheOtherSideSpeak(OutputStream out, InputStream said) {
            super(out);
            this.said = said;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                out.write(bytes, from, length);
            } catch (SocketException e) {
                if (said.available() == 0) {
                    throw e;
                }
            }
        }
    }
}
