package dev.nightshift.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/**
 * Ports of this machine that nothing listens on just now, and that the system gives to no connection of its own: they are taken
 * up to a minute later, by programs that two JVMs of tests start at once.
 */
public final class FreePorts {
    /** Below the range that Linux gives out by itself. */
    private static final int FIRST = 12_000;

    private static final int END = 32_000;

    private FreePorts() {}

    public static int one() {
        return different(1).get(0);
    }

    public static List<Integer> different(int count) {
        return IntStream.generate(() -> ThreadLocalRandom.current().nextInt(FIRST, END))
                .filter(FreePorts::isFree)
                .distinct()
                .limit(count)
                .boxed()
                .toList();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
