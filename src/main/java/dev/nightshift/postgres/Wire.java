package dev.nightshift.postgres;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the frontend/backend protocol 3 (the manual's chapter 55) on a connection that is logged in. One thread
 * reads; sending is safe from any.
 */
final class Wire {
    /** A message longer than this is no message of a server that is in its right mind; data messages are 32 kB. */
    private static final int LONGEST = 1 << 28;

    /** Of what is sent as COPY. */
    private static final int CHUNK = 1 << 16;

    private final DataInputStream in;
    private final OutputStream out;
    private final Consumer<ServerMessage> notices;
    private volatile long lastHeard = System.nanoTime();
    private byte[] body = new byte[1 << 16];
    private int type;
    private int length;

    Wire(Socket socket, Consumer<ServerMessage> notices) throws IOException {
        this.in = new DataInputStream(new BufferedInputStream(new Listening(socket.getInputStream()), 1 << 16));
        this.out = socket.getOutputStream();
        this.notices = notices;
    }

    /** Notes when the server was last heard: what a watchdog needs where a socket deadline would cut a long silence. */
    private final class Listening extends FilterInputStream {
        Listening(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] bytes, int from, int count) throws IOException {
            int read = super.read(bytes, from, count);
            lastHeard = System.nanoTime();
            return read;
        }
    }

    /** {@link System#nanoTime} of the last bytes from the server. */
    long lastHeard() {
        return lastHeard;
    }

    void query(String command) throws IOException {
        byte[] text = command.getBytes(StandardCharsets.UTF_8);
        send('Q', Arrays.copyOf(text, text.length + 1));
    }

    void send(char kind, byte[] content) throws IOException {
        ByteBuffer message = ByteBuffer.allocate(5 + content.length);
        message.put((byte) kind).putInt(4 + content.length).put(content);
        synchronized (out) {
            out.write(message.array());
            out.flush();
        }
    }

    /** Reads the next message's type and length; notices and changed settings are passed over. The body is yet to read. */
    int next() throws IOException {
        while (true) {
            type = in.readUnsignedByte();
            length = in.readInt() - 4;
            if (length < 0 || length > LONGEST) {
                throw new IOException("The server sent a message of " + length + " bytes; the connection is broken.");
            }
            if (type == 'N') {
                notices.accept(ServerMessage.read(body(), length));
            } else if (type == 'S') {
                body();
            } else {
                return type;
            }
        }
    }

    /** The length of the current message's body. */
    int length() {
        return length;
    }

    /** The body of the current message, in a buffer that the next one overwrites; {@link #length} bytes count. */
    byte[] body() throws IOException {
        if (body.length < length) {
            body = new byte[length];
        }
        in.readFully(body, 0, length);
        return body;
    }

    /** The body as it comes: read exactly {@link #length} bytes. */
    DataInputStream stream() {
        return in;
    }

    ServerError error() throws IOException {
        return new ServerError(ServerMessage.read(body(), length));
    }

    IOException unexpected() {
        return new IOException("The server sent an unexpected message of type '" + (char) type + "'.");
    }

    /** Column names of a row description. */
    List<String> columns() throws IOException {
        ByteBuffer row = ByteBuffer.wrap(body(), 0, length);
        List<String> names = new ArrayList<>();
        for (int count = row.getShort(); count > 0; count--) {
            int from = row.position();
            while (row.get() != 0) {
                // to the end of the name
            }
            names.add(new String(row.array(), from, row.position() - 1 - from, StandardCharsets.UTF_8));
            row.position(row.position() + 18);
        }
        return names;
    }

    /** The values of a data row, in text. */
    List<@Nullable String> row() throws IOException {
        ByteBuffer row = ByteBuffer.wrap(body(), 0, length);
        List<@Nullable String> values = new ArrayList<>();
        for (int count = row.getShort(); count > 0; count--) {
            int bytes = row.getInt();
            if (bytes < 0) {
                values.add(null);
            } else {
                values.add(new String(row.array(), row.position(), bytes, StandardCharsets.UTF_8));
                row.position(row.position() + bytes);
            }
        }
        return values;
    }

    /** Runs a command that takes content as COPY; the server may refuse it at the end. */
    void copyIn(String command, byte[] content) throws IOException {
        query(command);
        ServerError failure = null;
        while (true) {
            switch (next()) {
                case 'G' -> {
                    body();
                    for (int at = 0; at < content.length; at += CHUNK) {
                        send('d', Arrays.copyOfRange(content, at, Math.min(content.length, at + CHUNK)));
                    }
                    send('c', new byte[0]);
                }
                case 'E' -> failure = error();
                case 'C' -> body();
                case 'Z' -> {
                    body();
                    if (failure != null) {
                        throw failure;
                    }
                    return;
                }
                default -> throw unexpected();
            }
        }
    }

    /** Runs a command that answers rows only. */
    List<List<@Nullable String>> rows(String command) throws IOException {
        query(command);
        List<List<@Nullable String>> rows = new ArrayList<>();
        ServerError failure = null;
        while (true) {
            switch (next()) {
                case 'D' -> rows.add(row());
                case 'E' -> failure = error();
                case 'T', 'C', 'I' -> body();
                case 'Z' -> {
                    body();
                    if (failure != null) {
                        throw failure;
                    }
                    return rows;
                }
                default -> throw unexpected();
            }
        }
    }
}
