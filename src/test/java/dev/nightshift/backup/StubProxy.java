package dev.nightshift.backup;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What stands between a host and Nightshift, and answers every request the same by itself. */
final class StubProxy implements AutoCloseable {
    private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

    private final ServerSocket socket;
    private final String head;
    private final String body;

    private StubProxy(ServerSocket socket, String head, String body) {
        this.socket = socket;
        this.head = head;
        this.body = body;
        Thread thread = new Thread(this::serve, "stub-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    /** An empty head: it hangs up. */
    static StubProxy answering(String head, String body) throws IOException {
        return new StubProxy(new ServerSocket(0, 10, InetAddress.getLoopbackAddress()), head, body);
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }

    private void serve() {
        while (!socket.isClosed()) {
            try (Socket caller = socket.accept()) {
                answer(caller);
            } catch (IOException e) {
                // It was closed, or the caller has gone
            }
        }
    }

    private void answer(Socket caller) throws IOException {
        InputStream in = caller.getInputStream();
        StringBuilder request = new StringBuilder();
        while (!request.toString().endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return;
            }
            request.append((char) next);
        }
        Matcher length = LENGTH.matcher(request);
        if (length.find()) {
            in.skipNBytes(Long.parseLong(length.group(1)));
        }
        if (head.isEmpty()) {
            return;
        }
        OutputStream out = caller.getOutputStream();
        String content = head.startsWith("204") ? "" : body;
        out.write(("HTTP/1.1 " + head + "\r\nContent-Length: " + content.length() + "\r\nConnection: close\r\n\r\n"
                        + content)
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
