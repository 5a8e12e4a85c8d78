package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Failure;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.opendal.Operator;
import org.jspecify.annotations.Nullable;

/** An object from its beginning, by ranges: while one is read, the next ones are on their way. */
final class RemoteInput extends InputStream {
    private static final int AHEAD = 2;

    /** Three of them are in memory for each object that is read. */
    private static final int RANGE = 2 << 20;

    private final Operator operator;
    private final RemoteCalls calls;
    private final String name;
    private final long bytes;
    private final BooleanSupplier there;
    private final ArrayDeque<Future<byte[]>> coming = new ArrayDeque<>();
    private long asked;
    private byte[] range = new byte[0];
    private int at;
    private long given;
    private @Nullable Failure broken;

    /**
     * Asks for the first ranges.
     *
     * @param there whether the object is still there, asked when a range of it is not
     */
    RemoteInput(Operator operator, RemoteCalls calls, String name, long bytes, BooleanSupplier there) {
        this.operator = operator;
        this.calls = calls;
        this.name = name;
        this.bytes = bytes;
        this.there = there;
        ask();
    }

    private void ask() {
        while (asked < bytes && coming.size() < AHEAD) {
            int count = (int) Math.min(RANGE, bytes - asked);
            long from = asked;
            coming.add(calls.begin(() -> operator.read(name, from, count)));
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
        if (broken != null) {
            throw broken;
        }
        Future<byte[]> answer = coming.poll();
        if (answer == null) {
            return false;
        }
        range = new byte[0];
        at = 0;
        byte[] came;
        try {
            came = calls.await("read " + name, RemoteStore.patience(RANGE), answer);
        } catch (Failure.NotFound e) {
            broken = missing(e);
            throw broken;
        } catch (Failure e) {
            broken = e;
            throw e;
        }
        long wanted = Math.min(RANGE, bytes - given);
        if (came.length != wanted) {
            broken = new Failure.Retryable(
                    "Of the object " + name + " " + came.length + " bytes came instead of " + wanted + ".",
                    "Look at the store's service and the network to it.",
                    null);
            throw broken;
        }
        given += came.length;
        range = came;
        ask();
        return true;
    }

    /** What was deleted meanwhile is missing; of what is there the store only says so. */
    private Failure missing(Failure.NotFound said) {
        try {
            return there.getAsBoolean()
                    ? new Failure.Retryable(
                            said.getMessage() + " It says as well that it is there.", RemoteStore.CONTRADICTION, said)
                    : said;
        } catch (Failure e) {
            return e;
        }
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
