package dev.nightshift.backup.stored;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A store whose objects are read no faster than a limit has it; all else is as in the store itself. */
public final class PacedStore extends ForwardingStore {
    /** In small steps, so that several readers share a low rate evenly, and each one's progress is seen. */
    private static final int STEP = 64 << 10;

    private final RateLimit limit;
    private final Runnable check;

    /** @param check run several times a second while a reader waits, by its thread; what it throws ends the reading */
    public PacedStore(Store store, RateLimit limit, Runnable check) {
        super(store);
        this.limit = limit;
        this.check = check;
    }

    private final class Paced extends FilterInputStream {
        Paced(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int one = in.read();
            if (one >= 0) {
                limit.take(1, check);
            }
            return one;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            int read = in.read(into, from, Math.min(count, STEP));
            if (read > 0) {
                limit.take(read, check);
            }
            return read;
        }
    }

    @Override
    public InputStream read(String name) {
        return new Paced(store.read(name));
    }
}
