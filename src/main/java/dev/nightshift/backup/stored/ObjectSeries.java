package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream on its way into the store: one object, or parts of a given size that are whole objects each. */
public final class ObjectSeries implements AutoCloseable {
    private final BlockPipeline pipeline;
    private final ObjectContext context;
    private final Store store;
    private final String folder;
    private final StoredObject.Kind kind;
    private final String stream;
    private final boolean compress;
    private final long blocksPerPart;
    private final List<ObjectWriter> parts = new ArrayList<>();
    private @Nullable ObjectWriter part;
    private @Nullable Block block;
    private long blocks;

    /**
     * Writes nothing yet.
     *
     * @param context where its objects belong
     * @param folder of the backup, with a slash at its end
     * @param stream its name; the objects' names begin with it
     * @param compress false for content that is compressed already
     * @param partBytes at least one block; 0 for one object however long, named as the stream is
     */
    public ObjectSeries(
            BlockPipeline pipeline,
            ObjectContext context,
            Store store,
            String folder,
            StoredObject.Kind kind,
            String stream,
            boolean compress,
            long partBytes) {
        this.pipeline = pipeline;
        this.context = context;
        this.store = store;
        this.folder = folder;
        this.kind = kind;
        this.stream = stream;
        this.compress = compress;
        this.blocksPerPart = partBytes == 0 ? 0 : Math.max(1, partBytes / pipeline.blockBytes());
    }

    /**
     * Reads exactly so many bytes, straight into the blocks' buffers.
     *
     * @throws EOFException if fewer come
     * @throws IOException as the stream says
     * @throws Failure as the store says, of this block or one before it
     */
    public void fill(InputStream in, int count) throws IOException {
        int left = count;
        while (left > 0) {
            Block current = current();
            int read = in.readNBytes(
                    current.content, current.length, Math.min(left, pipeline.blockBytes() - current.length));
            if (read == 0) {
                throw new EOFException("The connection ended within a message.");
            }
            current.length += read;
            left -= read;
        }
    }

    /**
     * Adds bytes.
     *
     * @throws Failure as the store says, of this block or one before it
     */
    public void write(byte[] bytes) {
        try {
            fill(new ByteArrayInputStream(bytes), bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A block with room. A full one is kept until more comes, for the last block of an object has to know that it is. */
    private Block current() {
        Block current = block;
        if (current != null && current.length == pipeline.blockBytes()) {
            submit(current, blocksPerPart > 0 && blocks + 1 == blocksPerPart);
            current = null;
        }
        if (current == null) {
            current = pipeline.take();
            block = current;
        }
        return current;
    }

    private void submit(Block full, boolean last) {
        ObjectWriter target = part;
        if (target == null) {
            target = open();
            part = target;
        }
        full.number = blocks++;
        full.last = last;
        block = null;
        pipeline.submit(full, target);
        if (last) {
            part = null;
            blocks = 0;
        }
    }

    private ObjectWriter open() {
        String name = blocksPerPart == 0 ? stream : String.format("%s/%04d", stream, parts.size() + 1);
        ObjectHeader header = ObjectHeader.fresh(compress, pipeline.blockBytes());
        ObjectWriter writer = new ObjectWriter(context, name, header, store.create(folder + name));
        parts.add(writer);
        return writer;
    }

    /**
     * Completes the last object and waits until all are in the store; an empty stream is one object with an empty block.
     *
     * @return the objects, in their order
     * @throws Failure as the store says
     */
    public List<StoredObject> finish() {
        Block rest = block;
        submit(rest == null ? pipeline.take() : rest, true);
        pipeline.drain();
        return parts.stream().map(writer -> writer.stored(kind, stream)).toList();
    }

    /** Throws away the object that is not complete. */
    @Override
    public void close() {
        parts.forEach(ObjectWriter::close);
    }
}
