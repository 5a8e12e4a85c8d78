package dev.nightshift.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One request and its whole answer, for a limited time and to a limited length. */
public final class BoundedExchange {
    private BoundedExchange() {}

    /**
     * Asks, and waits for the answer's last byte; the request's own timeout would end with the headers.
     *
     * @throws IOException if there is no answer, it takes longer, or is longer; or if this thread is interrupted, which it stays
     */
    public static HttpResponse<byte[]> send(HttpClient client, HttpRequest request, Duration longest, int mostBytes)
            throws IOException {
        CompletableFuture<HttpResponse<byte[]>> asked = client.sendAsync(request, info -> new UpTo(mostBytes));
        try {
            return asked.get(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            asked.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted.", e);
        } catch (TimeoutException e) {
            asked.cancel(true);
            throw new IOException("It did not answer within " + longest.toSeconds() + " s.", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    /** Collects an answer and gives up at the first byte too many. */
    private static final class UpTo implements HttpResponse.BodySubscriber<byte[]> {
        private final int most;
        private final ByteArrayOutputStream collected = new ByteArrayOutputStream();
        private final CompletableFuture<byte[]> body = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        UpTo(int most) {
            this.most = most;
        }

        @Override
        public CompletionStage<byte[]> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                if (collected.size() + buffer.remaining() > most) {
                    if (subscription != null) {
                        subscription.cancel();
                    }
                    body.completeExceptionally(new IOException("Its answer is longer than " + most + " bytes."));
                    return;
                }
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                collected.writeBytes(bytes);
            }
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(collected.toByteArray());
        }
    }
}
