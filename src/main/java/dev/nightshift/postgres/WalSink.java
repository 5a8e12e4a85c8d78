package dev.nightshift.postgres;

import java.io.IOException;
import java.io.InputStream;

/** Takes the write-ahead log as it is streamed, in the thread that asked for it. */
public interface WalSink {
    /** Log from this position on: read exactly this many bytes. Without a gap from one call to the next. */
    void write(Lsn position, InputStream in, int length) throws IOException;

    /** Up to where everything is safe on disk; the server may forget what lies before. */
    Lsn flushed();

    /** Whether enough was received; asked after every message, and at least every few seconds. */
    boolean complete();
}
