package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.ForbiddenAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;

class TargetSocketsTest {
    private static TargetSockets forbidding(String ranges) {
        Properties properties = new Properties();
        properties.setProperty(TargetSockets.FORBIDDEN, ranges);
        return new TargetSockets(properties);
    }

    /** As when a name server answers a second question otherwise than the first. */
    @Test
    void theAddressThatIsConnectedToIsLookedAtWhateverTheNameMeantBefore() throws IOException {
        InetAddress rebound = InetAddress.getByAddress("db.example.com", new byte[] {(byte) 169, (byte) 254, 1, 1});
        try (Socket socket = new TargetSockets(new Properties()).createSocket()) {
            ForbiddenAddress refused = assertThrows(
                    ForbiddenAddress.class, () -> socket.connect(new InetSocketAddress(rebound, 5432), 1000));
            assertTrue(String.valueOf(refused.getMessage()).contains("db.example.com"));
        }
    }

    @Test
    void everyWayOfMakingASocketLooksAtTheAddressAndNothingIsSent() throws IOException {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket server = new ServerSocket(0, 5, here)) {
            int port = server.getLocalPort();
            TargetSockets sockets = forbidding("127.0.0.0/8,::1");
            assertThrows(ForbiddenAddress.class, () -> sockets.createSocket("localhost", port));
            assertThrows(ForbiddenAddress.class, () -> sockets.createSocket("127.1", port));
            assertThrows(ForbiddenAddress.class, () -> sockets.createSocket(here, port));
            assertThrows(ForbiddenAddress.class, () -> sockets.createSocket("localhost", port, here, 0));
            assertThrows(ForbiddenAddress.class, () -> sockets.createSocket(here, port, here, 0));
            try (Socket socket = sockets.createSocket()) {
                assertThrows(ForbiddenAddress.class, () -> socket.connect(new InetSocketAddress(here, port)));
            }
            server.setSoTimeout(200);
            assertThrows(SocketTimeoutException.class, server::accept);
            try (Socket socket = forbidding("none").createSocket(here, port)) {
                assertEquals(port, socket.getPort());
            }
        }
    }

    @Test
    void whatTheOtherSideSaidBeforeItHungUpIsHeardThoughAWriteFailsOverIt() throws Exception {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket server = new ServerSocket(0, 1, here);
                Socket socket = new TargetSockets(new Properties()).createSocket(here, server.getLocalPort())) {
            try (Socket peer = server.accept()) {
                peer.getOutputStream().write("go".getBytes(StandardCharsets.US_ASCII));
            }
            for (int i = 0; i < 20; i++) { // the first makes the other side refuse, the next ones hear of it
                socket.getOutputStream().write(new byte[100]);
                Thread.sleep(5);
            }
            assertEquals("go", new String(socket.getInputStream().readNBytes(2), StandardCharsets.US_ASCII));
            assertThrows(SocketException.class, () -> socket.getOutputStream().write(new byte[100]));
        }
    }

    @Test
    void aVanishedPeerIsNoticedWithinAboutAMinute() throws IOException {
        try (Socket socket = new TargetSockets(new Properties()).createSocket()) {
            assertEquals(true, socket.getOption(StandardSocketOptions.SO_KEEPALIVE));
            assertEquals(30, socket.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
            assertEquals(10, socket.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL));
            assertEquals(3, socket.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT));
        }
    }
}
