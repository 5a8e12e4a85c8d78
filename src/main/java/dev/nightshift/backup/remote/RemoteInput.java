package dev.nightshift.backup.remote;

import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.opendal.AsyncOperator;

/** An object from its beginning, by ranges: while one is read, the next ones are on their way. */
final class RemoteInput extends InputStream {
    private static final int AHEAD = 2;

    private final AsyncOperator operator;
    private final RemoteFailures failures;
    private final String name;
    private final long bytes;
    private final ArrayDeque<CompletableFuture<byte[]>> coming = new ArrayDeque<>();
    private long asked;
    private byte[] range = new byte[0];
    private int at;

    /** Asks for the first ranges. */
    RemoteInput(AsyncOperator operator, RemoteFailures failures, String name, long bytes) {
        this.operator = operator;
        this.failures = failures;
        this.name = name;
        this.bytes = bytes;
        ask();
    }

    private void ask() {
        while (asked < bytes && coming.size() < AHEAD) {
            int count = (int) Math.min(RemoteStore.PART, bytes - asked);
            coming.add(operator.read(name, asked, count));
            asked += count;
        }
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int count) {
        Objects.checkFromIndexSize(from, count, into.length);
        if (count == 0) {
            return 0;
        }
        if (at == range.length && !next()) {
            return -1;
        }
        int taken = Math.min(count, range.length - at);
        System.arraycopy(range, at, into, from, taken);
        at += taken;
        return taken;
    }

    private boolean next() {
        CompletableFuture<byte[]> answer = coming.poll();
        if (answer == null) {
            return false;
        }
        range = failures.await("read " + name, RemoteStore.patience(RemoteStore.PART), answer);
        at = 0;
        ask();
        return true;
    }

    /** What is still on its way is dropped when it comes. */
    @Override
    public void close() {
        coming.clear();
        asked = bytes;
        range = new byte[0];
        at = 0;
    }
}
