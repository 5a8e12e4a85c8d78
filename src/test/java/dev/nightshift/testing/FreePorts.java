package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.stream.Stream;

/** Ports of this machine that nothing listens on just now. */
public final class FreePorts {
    private FreePorts() {}

    public static int one() {
        return different(1).get(0);
    }

    /** The system gives out each port once while these sockets are open. */
    public static List<Integer> different(int count) {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Integer> ports = count > 1 ? different(count - 1) : List.of();
            return Stream.concat(ports.stream(), Stream.of(socket.getLocalPort()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
