package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.ext.Provider;
import jakarta.ws.rs.ext.ReaderInterceptor;
import jakarta.ws.rs.ext.ReaderInterceptorContext;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Stops reading a request's body when it is larger, or nested deeper, than any that a person or a script would send. The
 * parser behind it spends a minute on refusing 100 kB of opening braces.
 */
@Provider
@ApplicationScoped
public class BodyLimit implements ReaderInterceptor {
    /** The largest bodies are lists of a thousand databases, some 100 kB. */
    static final int MOST_BYTES = 1_000_000;

    /** The deepest bodies are three levels deep. */
    static final int MOST_LEVELS = 32;

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
        private final byte[] one = new byte[1];
        private int seen;
        private int levels;
        private boolean text;
        private boolean escaped;

        Limited(InputStream in, int most) {
            super(in);
            this.most = most;
        }

        @Override
        public int read() throws IOException {
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            seen += Math.max(count, 0);
            if (seen > most) {
                throw new TooLarge(most);
            }
            for (int at = offset; at < offset + count; at++) {
                look(buffer[at]);
            }
            return count;
        }

        /** In UTF-8 no byte of another character looks like one of JSON's own. */
        private void look(byte next) {
            if (next == 0) {
                // None stands in JSON's text; this keeps out UTF-16 and UTF-32, in which levels would be counted
                // wrongly
                throw new Failure.Invalid("The request's body is not JSON in UTF-8.");
            }
            if (text) {
                text = escaped || next != '"';
                escaped = !escaped && next == '\\';
            } else if (next == '"') {
                text = true;
            } else if (next == '{' || next == '[') {
                levels++;
                if (levels > MOST_LEVELS) {
                    throw new Failure.Invalid(
                            "The request's body is nested more than " + MOST_LEVELS + " levels deep.");
                }
            } else if (next == '}' || next == ']') {
                levels--;
            }
        }
    }
}
