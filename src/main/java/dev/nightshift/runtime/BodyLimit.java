package dev.nightshift.runtime;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.ext.Provider;
import jakarta.ws.rs.ext.ReaderInterceptor;
import jakarta.ws.rs.ext.ReaderInterceptorContext;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Stops reading a request's body when it is larger than any that a person or a script would send. */
@Provider
@ApplicationScoped
public class BodyLimit implements ReaderInterceptor {
    /** The largest bodies are lists of a thousand databases, some 100 kB. */
    static final int MOST_BYTES = 1_000_000;

    @Override
    public Object aroundReadFrom(ReaderInterceptorContext context) throws IOException {
        context.setInputStream(new Limited(context.getInputStream(), MOST_BYTES));
        return context.proceed();
    }

    /** The body went past the limit. Unchecked, so that no parser takes it for a fault in the body's syntax. */
    static final class TooLarge extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLarge(int most) {
            super("The body is larger than " + most + " bytes.");
        }
    }

    static final class Limited extends FilterInputStream {
        private final int most;
        private int seen;

        Limited(InputStream in, int most) {
            super(in);
            this.most = most;
        }

        @Override
        public int read() throws IOException {
            int value = in.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            count(Math.max(count, 0));
            return count;
        }

        private void count(int more) {
            seen += more;
            if (seen > most) {
                throw new TooLarge(most);
            }
        }
    }
}
