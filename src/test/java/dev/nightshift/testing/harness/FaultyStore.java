package dev.nightshift.testing.harness;

import dev.nightshift.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Stands between Nightshift and a server that speaks S3, counts the requests, and answers those that a test chooses as a store
 * that is away, refuses, lies or is damaged does. All others pass as they are.
 */
public final class FaultyStore implements AutoCloseable {
    private static final Pattern LENGTH = Pattern.compile("(?im)^content-length: *(\\d+)\\r?$");
    private static final Pattern CONTENTS = Pattern.compile("<Contents>.*?</Contents>", Pattern.DOTALL);

    /** What becomes of a request. */
    public enum Fault {
        /** The connection ends without an answer. */
        DROPPED(0, ""),
        BROKEN(500, "InternalError"),
        UNAVAILABLE(503, "SlowDown"),
        REFUSED(403, "AccessDenied"),
        /** Whether it is there or not. */
        MISSING(404, "NoSuchKey"),
        /** That an object is there, whether it is or not. */
        EXISTS(412, "PreconditionFailed"),
        /** Half of the answer's body comes. */
        CUT(0, ""),
        /** One bit of the answer's body is another one. */
        FLIPPED(0, ""),
        /** A listing leaves its last object out that is no description. */
        SHORTENED(0, ""),
        /** No answer, and the connection stays. */
        SILENT(0, ""),
        /** The server does what it was asked for, and its answer is lost. */
        UNHEARD(0, ""),
        /** Said to be done, and the server was never asked: of a PUT or DELETE. */
        SWALLOWED(0, "");

        private final int status;
        private final String code;

        Fault(int status, String code) {
            this.status = status;
            this.code = code;
        }
    }

    /**
     * A request as it came.
     *
     * @param number from 1 on, since the last {@link #heal}
     * @param target path and query, decoded
     */
    public record Request(int number, String method, String target) {
        /** Of the names in a bucket. */
        public boolean isList() {
            return method.equals("GET") && target.contains("list-type=2");
        }

        /** HEAD, LIST, GET, PUT, POST or DELETE. */
        public String kind() {
            return isList() ? "LIST" : method;
        }

        /** Of an object whose name has this in it. */
        public boolean isOf(String word) {
            return !isList() && target.contains(word);
        }
    }

    private final ServerSocket listener;
    private final URI server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final List<Request> requests = new ArrayList<>();
    private Fault fault = Fault.DROPPED;
    private Predicate<Request> which = request -> false;
    private int left;
    private int failed;

    private FaultyStore(ServerSocket listener, URI server) {
        this.listener = listener;
        this.server = server;
    }

    /** Listens on a free port of this machine. */
    public static FaultyStore before(String endpoint) {
        try {
            var store =
                    new FaultyStore(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()), URI.create(endpoint));
            thread(store::accept);
            return store;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String endpoint() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    /** Has so many of the requests that come from now on fail, counted from one again. */
    public synchronized void fail(Fault as, int times, Predicate<Request> requested) {
        heal();
        fault = as;
        which = requested;
        left = times;
    }

    /** All pass again, and nothing was counted yet. */
    public synchronized void heal() {
        left = 0;
        failed = 0;
        requests.clear();
    }

    /** What was asked since the last {@link #fail} or {@link #heal}. */
    public synchronized List<Request> requests() {
        return List.copyOf(requests);
    }

    /** How many of those failed. */
    public synchronized int failed() {
        return failed;
    }

    private synchronized boolean fails(String method, String target) {
        Request request = new Request(requests.size() + 1, method, target);
        requests.add(request);
        boolean fails = left > 0 && which.test(request);
        if (fails) {
            left--;
            failed++;
        }
        return fails;
    }

    private synchronized Fault fault() {
        return fault;
    }

    private static void thread(Runnable work) {
        Thread thread = new Thread(work, "faulty-store");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                thread(() -> serve(client));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    /** One request for each connection: what fails can then be told by its number. */
    private void serve(Socket client) {
        try (client) {
            InputStream in = client.getInputStream();
            String head = head(in);
            if (head.isEmpty()) {
                return;
            }
            byte[] body = in.readNBytes(length(head));
            String[] words = head.split(" ", 3);
            String target = URLDecoder.decode(words[1], StandardCharsets.UTF_8);
            answer(client, words[0], head, body, fails(words[0], target) ? fault() : null);
        } catch (IOException e) {
            // Whoever asked has gone, or the server has: the connection's end says so
        } finally {
            open.remove(client);
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int ends = 0;
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.write(next);
            ends = next == '\n' ? ends + 1 : next == '\r' ? ends : 0;
            if (ends == 2) {
                return head.toString(StandardCharsets.ISO_8859_1);
            }
        }
        return "";
    }

    private static int length(String head) {
        Matcher length = LENGTH.matcher(head);
        return length.find() ? Integer.parseInt(length.group(1)) : 0;
    }

    private void answer(Socket client, String method, String head, byte[] body, @Nullable Fault as) throws IOException {
        if (as == Fault.DROPPED) {
            client.setSoLinger(true, 0);
            return;
        }
        if (as == Fault.SILENT) {
            while (client.getInputStream().read() >= 0) {
                Eventually.sleep(Duration.ofMillis(50)); // until whoever asked has enough of it
            }
            return;
        }
        OutputStream out = client.getOutputStream();
        if (as != null && as.status > 0) {
            String text = method.equals("HEAD")
                    ? ""
                    : "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + as.code
                            + "</Code><Message>As the test said</Message></Error>";
            out.write(("HTTP/1.1 " + as.status + " Failed\r\nContent-Type: application/xml\r\nContent-Length: "
                            + text.length() + "\r\nConnection: close\r\n\r\n" + text)
                    .getBytes(StandardCharsets.ISO_8859_1));
            return;
        }
        if (as == Fault.SWALLOWED) {
            String done = method.equals("DELETE") ? "204 No Content" : "200 OK";
            out.write(("HTTP/1.1 " + done + "\r\nETag: \"" + "0".repeat(32)
                            + "\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            return;
        }
        byte[] answer = asked(head, body);
        if (as == Fault.UNHEARD) {
            client.setSoLinger(true, 0);
            return;
        }
        out.write(as == null ? answer : changed(answer, as));
    }

    /** The server's answer to its end. */
    private byte[] asked(String head, byte[] body) throws IOException {
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            OutputStream out = socket.getOutputStream();
            String closing = head.replaceFirst("(?im)^connection: .*\\r\\n", "")
                    .replaceFirst("\r\n\r\n$", "\r\nConnection: close\r\n\r\n");
            out.write(closing.getBytes(StandardCharsets.ISO_8859_1));
            out.write(body);
            out.flush();
            return socket.getInputStream().readAllBytes();
        }
    }

    private static byte[] changed(byte[] answer, Fault as) {
        String text = new String(answer, StandardCharsets.ISO_8859_1);
        int begin = text.indexOf("\r\n\r\n") + 4;
        int half = begin + (answer.length - begin) / 2;
        switch (as) {
            case CUT -> {
                return Arrays.copyOf(answer, half);
            }
            case FLIPPED -> {
                if (half < answer.length) {
                    answer[half] ^= 1;
                }
                return answer;
            }
            case SHORTENED -> {
                MatchResult last = CONTENTS.matcher(text)
                        .results()
                        .filter(each -> !each.group().contains(".json</Key>"))
                        .reduce((one, next) -> next)
                        .orElse(null);
                if (last == null) {
                    return answer;
                }
                String body = text.substring(begin, last.start()) + text.substring(last.end());
                String head = LENGTH.matcher(text.substring(0, begin))
                        .replaceFirst("Content-Length: " + body.length() + "\r")
                        .replaceFirst("(?im)^transfer-encoding: .*\\r\\n", "");
                return (head + body).getBytes(StandardCharsets.ISO_8859_1);
            }
            default -> throw new IllegalArgumentException("" + as);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
