package dev.nightshift.backup.stored;

import com.github.luben.zstd.Zstd;
import dev.nightshift.kernel.Failure;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The content of a stream, its objects decrypted and decompressed in parallel and handed out in order. Damage comes out as
 * {@link DamageException} naming the object, before a single byte of the damaged block is given.
 */
final class BlockReader extends InputStream {
    private final ObjectContext context;
    private final Function<String, InputStream> source;
    private final String folder;
    private final List<StoredObject> objects;
    private final ExecutorService workers;
    private final Thread reader;
    private final BlockingQueue<Block> free;
    private final BlockingQueue<Future<@Nullable Block>> ordered = new LinkedBlockingQueue<>();
    private final int limit;
    private int made;
    private @Nullable Block current;
    private int at;
    private boolean ended;

    BlockReader(ObjectContext context, Store store, String folder, List<StoredObject> objects, int threads) {
        this(context, store::read, folder, objects, threads);
    }

    /** @param source opens an object by the folder with its name */
    BlockReader(
            ObjectContext context,
            Function<String, InputStream> source,
            String folder,
            List<StoredObject> objects,
            int threads) {
        this.context = context;
        this.source = source;
        this.folder = folder;
        this.objects = List.copyOf(objects);
        this.limit = 2 * threads + 2;
        this.free = new ArrayBlockingQueue<>(limit);
        this.workers = Executors.newFixedThreadPool(threads, work -> BlockPipeline.thread(work, "open"));
        this.reader = BlockPipeline.thread(this::readAll, "read");
        reader.start();
    }

    private void readAll() {
        try {
            for (StoredObject object : objects) {
                readObject(object);
            }
            ordered.add(workers.submit(() -> null));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (IOException | RuntimeException e) {
            ordered.add(CompletableFuture.failedFuture(e));
        }
    }

    private void readObject(StoredObject object) throws IOException, InterruptedException {
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(source.apply(folder + object.name()), 1 << 16))) {
            ObjectHeader header = ObjectHeader.parse(in.readNBytes(ObjectHeader.BYTES));
            SecretKeySpec key = context.objectKey(header, object.name());
            byte[] associated = context.associatedData(header, object.name());
            int longest = Block.sealedBound(header.blockBytes());
            long content = 0;
            int length = in.readInt();
            for (long number = 0; length >= 0; number++) {
                if (length < ObjectHeader.TAG_BYTES || length > longest) {
                    throw new DamageException("block " + number + " has an impossible length");
                }
                Block block = take(header.blockBytes());
                in.readFully(block.content, 0, length);
                block.length = length;
                block.number = number;
                int next = nextLength(in);
                block.last = next < 0;
                length = next;
                content += header.blockBytes();
                ordered.add(workers.submit(() -> open(object, header, key, associated, block)));
            }
            if (object.contentBytes() > content || object.contentBytes() <= content - header.blockBytes() - 1) {
                throw new DamageException("it holds another amount of data than the manifest says");
            }
        } catch (EOFException e) {
            throw named(object, new DamageException("it is cut off", e));
        } catch (DamageException e) {
            throw named(object, e);
        } catch (Failure.NotFound e) {
            throw named(object, new DamageException("it is missing", e));
        }
    }

    /** The next block's length; -1 at the end of the object. */
    private static int nextLength(DataInputStream in) throws IOException {
        int first = in.read();
        if (first < 0) {
            return -1;
        }
        int length = first << 24 | in.readUnsignedByte() << 16 | in.readUnsignedShort();
        if (length < 0) {
            throw new DamageException("a block has an impossible length");
        }
        return length;
    }

    /** A block from those given back, or a new one while fewer than the limit are about. */
    private Block take(int blockBytes) throws InterruptedException {
        while (true) {
            Block block = made < limit ? free.poll() : free.take();
            if (block == null) {
                made++;
                return new Block(blockBytes);
            }
            if (block.content.length == Block.sealedBound(blockBytes)) {
                return block;
            }
            made--; // another object had blocks of another size
        }
    }

    private static Block open(
            StoredObject object, ObjectHeader header, SecretKeySpec key, byte[] associated, Block block)
            throws DamageException {
        try {
            Cipher cipher = AesGcm.cipher();
            AesGcm.init(cipher, Cipher.DECRYPT_MODE, key, header.nonce(block.number, block.last), associated);
            int plain = cipher.doFinal(block.content, 0, block.length, block.scratch, 0);
            if (header.compressed()) {
                block.length =
                        (int) Zstd.decompressByteArray(block.content, 0, header.blockBytes(), block.scratch, 0, plain);
            } else {
                System.arraycopy(block.scratch, 0, block.content, 0, plain);
                block.length = plain;
            }
        } catch (GeneralSecurityException e) {
            throw named(object, new DamageException("block " + block.number + " does not decrypt", e));
        } catch (RuntimeException e) {
            throw named(object, new DamageException("block " + block.number + " does not decompress", e));
        }
        if (block.length > header.blockBytes() || (!block.last && block.length != header.blockBytes())) {
            throw named(object, new DamageException("block " + block.number + " has a wrong length"));
        }
        return block;
    }

    private static DamageException named(StoredObject object, DamageException damage) {
        return new DamageException("The object " + object.name() + ": " + damage.getMessage(), damage);
    }

    private boolean advance() throws IOException {
        Block done = current;
        if (done != null && at < done.length) {
            return true;
        }
        current = null;
        if (done != null && !free.offer(done)) {
            throw new IllegalStateException("More blocks came back than were given.");
        }
        while (!ended) {
            Block next = next();
            ended = next == null;
            if (next != null && next.length > 0) {
                current = next;
                at = 0;
                return true;
            }
        }
        return false;
    }

    private @Nullable Block next() throws IOException {
        try {
            return ordered.take().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while a backup was read.");
        } catch (ExecutionException e) {
            ended = true;
            Throwable cause = e.getCause();
            if (cause instanceof Failure failure) {
                throw failure;
            }
            throw cause instanceof DamageException damage ? damage : new IOException(cause);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        if (!advance()) {
            return -1;
        }
        Block block = Objects.requireNonNull(current);
        int take = Math.min(count, block.length - at);
        System.arraycopy(block.content, at, into, from, take);
        at += take;
        return take;
    }

    @Override
    public void close() {
        ended = true;
        reader.interrupt();
        workers.shutdownNow();
    }
}
