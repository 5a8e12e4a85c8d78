package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.util.Arrays;
import org.apache.opendal.OpenDALException;
import org.apache.opendal.Operator;
import org.apache.opendal.OperatorOutputStream;
import org.apache.opendal.WriteOptions;
import org.jspecify.annotations.Nullable;

/**
 * An object on its way into a bucket: gathered in memory and sent when it is committed, in parts side by side. One that grows
 * past what is gathered, a log segment of 64 MB or the list of a million files, is sent part after part as it comes.
 *
 * <p>OpenDAL knows no way to give up what was begun: closing its stream makes an object of what was sent so far. So a stream
 * is closed to commit, and for nothing else; one that failed is left behind, with some memory and, at the server, parts that
 * belong to no object.
 */
final class RemoteUpload implements Store.Upload {
    /** An object of the size that the store wants, and what encryption adds to it. */
    private static final int GATHERED = RemoteStore.PARTS_IN_FLIGHT * RemoteStore.PART + (1 << 20);

    private static final int FIRST = 64 << 10;

    /** 10,000 parts are S3's most. */
    private static final int STREAMED_PART = 16 << 20;

    /** Nothing that a backup stores as one object comes near it. */
    private static final long LARGEST = 64L << 30;

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
    private final String name;
    private byte[] gathered = new byte[FIRST];
    private long length;
    private @Nullable OperatorOutputStream stream;
    private boolean ended;

    RemoteUpload(RemoteStore store, Operator operator, RemoteCalls calls, String name) {
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
        if (stream == null && length + count <= GATHERED) {
            gather(bytes, from, count);
        } else {
            send(bytes, from, count);
        }
        length += count;
    }

    private void gather(byte[] bytes, int from, int count) {
        int needed = Math.toIntExact(length) + count;
        if (needed > gathered.length) {
            gathered = Arrays.copyOf(gathered, Math.min(GATHERED, Math.max(needed, gathered.length * 2)));
        }
        System.arraycopy(bytes, from, gathered, Math.toIntExact(length), count);
    }

    private void send(byte[] bytes, int from, int count) {
        try {
            OperatorOutputStream to = stream;
            if (to == null) {
                to = operator.createOutputStream(name, STREAMED_PART);
                stream = to;
                to.write(gathered, 0, Math.toIntExact(length));
                gathered = new byte[0];
            }
            to.write(bytes, from, count);
        } catch (IOException | OpenDALException e) {
            ended = true;
            throw calls.of("write " + name, e);
        }
    }

    @Override
    public void commit() {
        if (ended) {
            throw new IllegalStateException("The upload of " + name + " is over.");
        }
        ended = true;
        boolean inParts = length > RemoteStore.PART;
        // Only what goes in one request is refused by the server itself: tried with s3proxy
        if (inParts && store.size(name).isPresent()) {
            throw new Failure.Conflict(
                    "The object " + name + " exists in the " + store + "; stored objects never change.", null);
        }
        try {
            OperatorOutputStream open = stream;
            if (open == null) {
                put(Arrays.copyOf(gathered, Math.toIntExact(length)), inParts);
            } else {
                open.close();
            }
        } catch (IOException | OpenDALException e) {
            throw calls.of("write " + name, e);
        } catch (Failure.NotFound e) {
            throw lost(e);
        }
        if (inParts && store.size(name).orElse(-1) != length) {
            throw lost(null);
        }
    }

    private void put(byte[] content, boolean inParts) {
        gathered = new byte[0];
        try {
            calls.run(
                    "write " + name,
                    RemoteStore.patience(length),
                    () -> operator.write(name, content, inParts ? PARTS : WHOLE));
        } catch (Failure.Conflict e) {
            // Where the answer to the first try was lost, the second one meets what the first has written
            if (inParts || store.size(name).orElse(-1) != length || !isStored(content)) {
                throw e;
            }
        }
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
        gathered = new byte[0];
        stream = null; // never closed here: that would commit it
    }
}
