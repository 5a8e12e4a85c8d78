package dev.nightshift.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A connected Unix socket in the shape of a {@link Socket}; its channel does not block, so that reads can time out. */
final class UnixSocket extends Socket {
    private final SocketChannel channel;
    private final Selector readable;
    private final Selector writable;
    private volatile int timeoutMillis;

    UnixSocket(UnixDomainSocketAddress address) throws IOException {
        channel = SocketChannel.open(address);
        channel.configureBlocking(false);
        readable = Selector.open();
        writable = Selector.open();
        channel.register(readable, SelectionKey.OP_READ);
        channel.register(writable, SelectionKey.OP_WRITE);
    }

    @Override
    public boolean isConnected() {
        return channel.isConnected();
    }

    @Override
    public boolean isBound() {
        return true;
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }

    @Override
    public void connect(@Nullable SocketAddress endpoint, int timeout) {
        // Connected from the start: the path is known when the socket is made.
    }

    @Override
    public InetAddress getInetAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public synchronized void setSoTimeout(int millis) {
        timeoutMillis = millis;
    }

    @Override
    public synchronized int getSoTimeout() {
        return timeoutMillis;
    }

    @Override
    public void setTcpNoDelay(boolean on) {
        // There is no delay to turn off.
    }

    @Override
    public void setKeepAlive(boolean on) {
        // Both ends are on one machine: a dead peer is noticed at once.
    }

    @Override
    public synchronized void setSendBufferSize(int size) throws SocketException {
        set(() -> channel.setOption(StandardSocketOptions.SO_SNDBUF, size));
    }

    @Override
    public synchronized int getSendBufferSize() {
        return 8192;
    }

    @Override
    public synchronized void setReceiveBufferSize(int size) throws SocketException {
        set(() -> channel.setOption(StandardSocketOptions.SO_RCVBUF, size));
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
        readable.close();
        writable.close();
    }

    @Override
    public InputStream getInputStream() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                return length == 0 ? 0 : receive(ByteBuffer.wrap(buffer, offset, length));
            }
        };
    }

    @Override
    public OutputStream getOutputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] buffer, int offset, int length) throws IOException {
                send(ByteBuffer.wrap(buffer, offset, length));
            }
        };
    }

    private int receive(ByteBuffer buffer) throws IOException {
        int read = channel.read(buffer);
        while (read == 0) {
            if (readable.select(timeoutMillis) == 0 && timeoutMillis > 0 && channel.isOpen()) {
                throw new SocketTimeoutException("Nothing was received for " + timeoutMillis + " ms.");
            }
            if (!channel.isOpen()) {
                throw new SocketException("The socket was closed.");
            }
            readable.selectedKeys().clear();
            read = channel.read(buffer);
        }
        return read;
    }

    private void send(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.write(buffer) == 0) {
                writable.select();
                if (!channel.isOpen()) {
                    throw new SocketException("The socket was closed.");
                }
                writable.selectedKeys().clear();
            }
        }
    }

    private interface Option {
        void set() throws IOException;
    }

    private static void set(Option option) throws SocketException {
        try {
            option.set();
        } catch (IOException e) {
            SocketException failure = new SocketException(e.getMessage());
            failure.initCause(e);
            throw failure;
        }
    }
}
