package dev.nightshift.testing.harness;

import dev.nightshift.testing.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Stands between Nightshift and a source, and is as bad as a network can be: it cuts connections after a number of bytes
 * that chance says, is slow, and zeroes a page on its way.
 */
public final class CuttingProxy implements AutoCloseable {
    /** Longer than the pieces of one message are apart. */
    private static final int IDLE_MILLIS = 200;

    private static final int BUFFER_BYTES = 1 << 16;

    private final ServerSocket listener;
    private List<Integer> targets;
    private int accepted;
    private final Random random;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final Set<Link> old = new HashSet<>();
    private final List<String> cuts = new ArrayList<>();
    private int toCome;
    private boolean onlyNew;
    private long within;
    private long left;
    private volatile Duration delay = Duration.ZERO;
    private volatile boolean mute;
    private volatile byte @Nullable [] page;
    private final AtomicInteger zeroed = new AtomicInteger();

    private CuttingProxy(ServerSocket listener, int target, Random random) {
        this.listener = listener;
        this.targets = List.of(target);
        this.random = random;
    }

    /** A connection of a client, and ours to the server for it. */
    private static final class Link {
        private final Socket client;
        private final Socket server;
        private final AtomicInteger ended = new AtomicInteger();

        Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        /** As a router that went away does: no last words. */
        void cut() {
            for (Socket socket : List.of(client, server)) {
                try {
                    socket.setSoLinger(true, 0);
                } catch (IOException e) {
                    continue; // it is closed already
                }
                close(socket);
            }
        }

        /** Answers whether the other direction had ended before. */
        boolean end() {
            boolean both = ended.incrementAndGet() == 2;
            if (both) {
                close(client);
                close(server);
            }
            return both;
        }

        private static void close(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Listens on a free port of this machine, for a server on this machine; lets everything pass until it is told otherwise.
     *
     * @param random of {@link Seed#of}
     */
    public static CuttingProxy to(int port, Random random) {
        try {
            ServerSocket listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
            CuttingProxy proxy = new CuttingProxy(listener, port, random);
            thread("proxy-" + port, proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Whoever connects from now on comes to this server, or to these in turn: another machine took the address over. */
    public synchronized void turnTo(Integer... ports) {
        targets = List.of(ports);
        accepted = 0;
    }

    private synchronized int target() {
        return targets.get(accepted++ % targets.size());
    }

    /** Cuts so many times, each after at most so many bytes, both directions and all connections counted together. */
    public synchronized void cut(int times, long mostBytes) {
        toCome = times;
        onlyNew = false;
        within = mostBytes;
        left = next();
    }

    /** Cuts once, exactly so many bytes from now. */
    public synchronized void cutAt(long bytes) {
        cut(1, 1);
        left = bytes; // not by chance
    }

    /** The same as {@link #cut}, but only connections that are made from now on count, and are cut, each by itself. */
    public synchronized void cutNew(int times, long mostBytes) {
        cut(times, mostBytes);
        onlyNew = true;
        old.clear();
        old.addAll(links);
    }

    /** Cuts all connections that there are now. */
    public synchronized void cutNow() {
        cuts.add("cut " + (cuts.size() + 1) + " of all " + links.size() + " connections");
        System.out.println("Proxy: " + cuts.get(cuts.size() - 1));
        links.forEach(Link::cut);
    }

    /** How often was cut so far, and where. */
    public synchronized List<String> cuts() {
        return List.copyOf(cuts);
    }

    /** Lets each piece of a stream wait; zero for full speed. */
    public void slow(Duration each) {
        delay = each;
    }

    /** From now on nothing that is said arrives, in no direction, though all connections stay: a server that hangs. */
    public void mute() {
        mute = true;
    }

    /** From now on, sends zeroes for these bytes wherever a server sends them. */
    public void zero(byte[] content) {
        page = content.clone();
    }

    /** How many times that was done. */
    public int zeroed() {
        return zeroed.get();
    }

    /** Half of all cuts come early, in the few bytes of logins and queries, which an even choice would hardly meet. */
    private long next() {
        return random.nextBoolean()
                ? random.nextLong(within)
                : (long) Math.exp(random.nextDouble() * Math.log((double) within));
    }

    /** How many of these bytes still pass, if the cut is among them; -1 if they all do. */
    private synchronized int cutWithin(int count, Link link) {
        if (onlyNew && old.contains(link)) {
            return -1;
        }
        if (toCome == 0 || left > count) {
            left -= count;
            return -1;
        }
        int passing = (int) left;
        boolean all = !onlyNew && random.nextBoolean();
        cuts.add("cut " + (cuts.size() + 1) + " of " + (all ? links.size() + " connections" : "one connection")
                + " after " + passing + " of " + count + " bytes");
        if (within > 1) {
            System.out.println("Proxy: " + cuts.get(cuts.size() - 1)); // chance chose it
        }
        toCome--;
        left = next();
        if (all) {
            links.stream().filter(other -> !other.equals(link)).forEach(Link::cut);
        }
        return passing;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server;
                try {
                    server = new Socket(listener.getInetAddress(), target());
                } catch (IOException e) {
                    client.close(); // the server is away: so says the connection's end
                    continue;
                }
                Link link = new Link(client, server);
                links.add(link);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                server.setSoTimeout(IDLE_MILLIS);
                thread("to-server", () -> pump(link, client, server, null));
                byte[] wanted = page;
                ZeroedPage zeroes = wanted == null ? null : new ZeroedPage(wanted);
                thread("to-client", () -> pump(link, server, client, zeroes));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void pump(Link link, Socket from, Socket to, @Nullable ZeroedPage zeroes) {
        try {
            if (pump(link, from.getInputStream(), to.getOutputStream(), zeroes)) {
                to.shutdownOutput(); // what was said before is still heard
            } else {
                link.cut();
            }
        } catch (IOException e) {
            link.cut(); // one side broke it: so it is broken for the other
        } finally {
            if (link.end()) {
                links.remove(link);
            }
        }
    }

    /** Until one side ends it, or it is cut: then false. */
    private boolean pump(Link link, InputStream in, OutputStream out, @Nullable ZeroedPage zeroes) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        while (true) {
            int count;
            try {
                count = in.read(buffer);
            } catch (SocketTimeoutException e) {
                if (zeroes != null) {
                    out.write(zeroes.rest());
                }
                continue;
            }
            if (count < 0) {
                return true;
            }
            if (mute) {
                continue;
            }
            if (!delay.isZero()) {
                Eventually.sleep(delay);
            }
            int passing = cutWithin(count, link);
            if (passing >= 0) {
                out.write(buffer, 0, passing);
                return false;
            }
            if (zeroes == null) {
                out.write(buffer, 0, count);
            } else {
                out.write(zeroes.pass(buffer, count));
                zeroed.addAndGet(zeroes.takeHits());
            }
        }
    }

    private static void thread(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            links.forEach(Link::cut);
        }
    }
}
