package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
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

    /** Small enough for the collector to treat as any other: arrays from 512 KiB on go straight to the old generation. */
    private static final int CHUNK = 256 << 10;

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
    private final List<byte[]> gathered = new ArrayList<>();
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
            gather(bytes, from, count);
        } else {
            send(bytes, from, count);
        }
        length += count;
    }

    /** Twice as much is reserved: for the one array that is sent of what is gathered, and OpenDAL's copy of that. */
    private synchronized boolean hasRoom(int needed) {
        int more = ended ? 0 : (needed + CHUNK - 1) / CHUNK - gathered.size();
        int memoryOfMore = 2 * more * (CHUNK / UNIT);
        if (more > 0) {
            if (!memory.tryAcquire(memoryOfMore)) {
                return false;
            }
            reserved += memoryOfMore;
            for (int i = 0; i < more; i++) {
                gathered.add(new byte[CHUNK]);
            }
        }
        return true;
    }

    private synchronized void gather(byte[] bytes, int from, int count) {
        int at = Math.toIntExact(length);
        for (int done = 0; done < count && !ended; ) {
            int within = (at + done) % CHUNK;
            int part = Math.min(count - done, CHUNK - within);
            System.arraycopy(bytes, from + done, gathered.get((at + done) / CHUNK), within, part);
            done += part;
        }
    }

    /** What was gathered in one array, and nothing gathered any more. */
    private synchronized byte[] content() {
        int size = Math.toIntExact(length);
        if ((long) gathered.size() * CHUNK < size) {
            throw new Failure.Retryable("The upload of " + name + " was given up.", null, null);
        }
        byte[] content = new byte[size];
        for (int at = 0; at < size; at += CHUNK) {
            System.arraycopy(gathered.get(at / CHUNK), 0, content, at, Math.min(CHUNK, size - at));
        }
        gathered.clear();
        return content;
    }

    private synchronized void release() {
        gathered.clear();
        memory.release(reserved);
        reserved = 0;
    }

    private void send(byte[] bytes, int from, int count) {
        try {
            OperatorOutputStream to = stream;
            if (to == null) {
                to = timed(() -> operator.createOutputStream(name, STREAMED_PART));
                stream = to;
                write(to, content());
                release();
            }
            // A copy: what the caller does with its buffer after the time is over must not be sent
            write(to, Arrays.copyOfRange(bytes, from, from + count));
        } catch (Failure e) {
            ended = true;
            throw e;
        }
    }

    private void write(OperatorOutputStream to, byte[] bytes) {
        timed(() -> {
            to.write(bytes);
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
        boolean inParts = length > RemoteStore.ONE_REQUEST || stream != null;
        // Only what goes in one request is refused by the server itself (tried with s3proxy), and by Ceph 16.2 not even
        // that where a bucket keeps versions
        if ((inParts || store.deletions().mayKeepVersions()) && isThere()) {
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

    private boolean isThere() {
        try {
            return store.size(name).isPresent();
        } catch (Failure.Unusable e) {
            store.list(name); // refused as well it says why in the server's words, which no answer to a HEAD holds
            throw e;
        }
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
            OptionalLong there = store.size(name);
            if (there.isEmpty()) {
                // Whoever takes it for stored would let go of the only other copy
                throw new Failure.Retryable(
                        "The " + store + " refuses the object " + name + " as one that exists, and it is not there.",
                        RemoteStore.CONTRADICTION,
                        e);
            }
            // Where the answer to the first try was lost, the second one meets what the first has written
            if (inParts || there.getAsLong() != length || !isStored(content)) {
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
