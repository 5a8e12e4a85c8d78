package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import org.apache.opendal.Operator;
import org.apache.opendal.OperatorOutputStream;
import org.apache.opendal.WriteOptions;
import org.jspecify.annotations.Nullable;

/**
 * An object on its way into a bucket: gathered in memory and sent when it is committed, in parts side by side. One that grows
 * past what is gathered, a log segment of 64 MB or the list of a million files, is sent part after part as it comes; so is
 * any for which there is no memory left, because many are on their way.
 *
 * <p>OpenDAL knows no way to give up what was begun: closing its stream makes an object of what was sent so far. So a stream
 * is closed to commit, and for nothing else; one that failed is left behind, with some memory and, at the server, parts that
 * belong to no object.
 */
final class RemoteUpload implements Store.Upload {
    /** An object of the size that the store wants, and what encryption adds to it. */
    private static final int GATHERED = RemoteStore.PARTS_IN_FLIGHT * RemoteStore.PART + (1 << 20);

    private static final int FIRST = 64 << 10;

    /** S3 takes no smaller ones than 5 MiB, and 10,000 at most. */
    private static final int STREAMED_PART = 6 << 20;

    /** Nothing that a backup stores as one object comes near it. */
    private static final long LARGEST = 32L << 30;

    /** Memory is counted by so much. */
    private static final int UNIT = 1024;

    private static final WriteOptions WHOLE =
            WriteOptions.builder().ifNotExists(true).build();
    private static final WriteOptions PARTS = WriteOptions.builder()
            .ifNotExists(true)
            .chunk(RemoteStore.PART)
            .concurrent(RemoteStore.PARTS_IN_FLIGHT)
            .build();

    private final RemoteStore store;
    private final Operator operator;
    private final RemoteCalls calls;
    private final Semaphore memory;
    private final String name;
    private byte[] gathered = new byte[FIRST];
    private int reserved;
    private long length;
    private @Nullable OperatorOutputStream stream;
    private volatile boolean ended;

    /** @param memory kilobytes that all uploads together may gather */
    RemoteUpload(RemoteStore store, Operator operator, RemoteCalls calls, Semaphore memory, String name) {
        this.memory = memory;
        this.store = store;
        this.operator = operator;
        this.calls = calls;
        this.name = name;
    }

    @Override
    public void write(byte[] bytes, int from, int count) {
        if (ended) {
            throw new IllegalStateException("The upload of " + name + " is over.");
        }
        if (length + count > LARGEST) {
            ended = true;
            throw new Failure.Fatal(
                    "The object " + name + " grows past " + (LARGEST >> 30) + " GiB, the most that is stored as one.",
                    null,
                    null);
        }
        if (stream == null && length + count <= GATHERED && hasRoom(Math.toIntExact(length) + count)) {
            System.arraycopy(bytes, from, gathered, Math.toIntExact(length), count);
        } else {
            send(bytes, from, count);
        }
        length += count;
    }

    /** Grows what it gathers in; twice as much is reserved, for the copy of the right length that is sent. */
    private synchronized boolean hasRoom(int needed) {
        if (!ended && needed > gathered.length) {
            int larger = Math.min(GATHERED, Math.max(needed, gathered.length * 2));
            int more = 2 * (larger - gathered.length) / UNIT + 1;
            if (!memory.tryAcquire(more)) {
                return false;
            }
            reserved += more;
            gathered = Arrays.copyOf(gathered, larger);
        }
        return true;
    }

    private synchronized void release() {
        gathered = new byte[0];
        memory.release(reserved);
        reserved = 0;
    }

    private void send(byte[] bytes, int from, int count) {
        try {
            OperatorOutputStream to = stream;
            if (to == null) {
                to = timed(() -> operator.createOutputStream(name, STREAMED_PART));
                stream = to;
                write(to, gathered, 0, Math.toIntExact(length));
                release();
            }
            write(to, bytes, from, count);
        } catch (Failure e) {
            ended = true;
            throw e;
        }
    }

    /** Of a copy: what the caller does with its buffer after the time is over must not be sent. */
    private void write(OperatorOutputStream to, byte[] bytes, int from, int count) {
        byte[] copy = Arrays.copyOfRange(bytes, from, from + count);
        timed(() -> {
            to.write(copy);
            return true;
        });
    }

    private <T> T timed(Callable<T> call) {
        return calls.call("write " + name, RemoteStore.patience(length), call);
    }

    @Override
    public void commit() {
        if (ended) {
            throw new IllegalStateException("The upload of " + name + " is over.");
        }
        ended = true;
        boolean inParts = length > RemoteStore.PART || stream != null;
        // Only what goes in one request is refused by the server itself: tried with s3proxy
        if (inParts && store.size(name).isPresent()) {
            throw new Failure.Conflict(
                    "The object " + name + " exists in the " + store + "; stored objects never change.", null);
        }
        try {
            OperatorOutputStream open = stream;
            if (open == null) {
                put(content(), inParts);
            } else {
                timed(() -> {
                    open.close();
                    return true;
                });
            }
        } catch (Failure.NotFound e) {
            throw lost(e);
        }
        if (inParts && store.size(name).orElse(-1) != length) {
            throw lost(null);
        }
    }

    private synchronized byte[] content() {
        if (gathered.length < length) {
            throw new Failure.Retryable("The upload of " + name + " was given up.", null, null);
        }
        return Arrays.copyOf(gathered, Math.toIntExact(length));
    }

    /** The memory counts for as long as the call has it, which may be longer than it is waited for. */
    private void put(byte[] content, boolean inParts) {
        int held = taken();
        try {
            timed(() -> {
                try {
                    operator.write(name, content, inParts ? PARTS : WHOLE);
                    return true;
                } finally {
                    memory.release(held);
                }
            });
        } catch (Failure.Conflict e) {
            // Where the answer to the first try was lost, the second one meets what the first has written
            if (inParts || store.size(name).orElse(-1) != length || !isStored(content)) {
                throw e;
            }
        }
    }

    private synchronized int taken() {
        int held = reserved;
        reserved = 0;
        return held;
    }

    private boolean isStored(byte[] content) {
        byte[] found =
                calls.call("read " + name, RemoteStore.patience(length), () -> operator.read(name, 0, content.length));
        return Arrays.equals(found, content);
    }

    private Failure.Retryable lost(@Nullable Failure cause) {
        return new Failure.Retryable(
                "The object " + name + " is not in the " + store + " as it was written.",
                "Look who else writes to the store, and deletes what is being written.",
                cause);
    }

    @Override
    public void close() {
        ended = true;
        release();
        stream = null; // never closed here: that would commit it
    }
}
