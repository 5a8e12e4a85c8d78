package dev.nightshift.access.openid;

import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.http.HTTPRequestSender;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPRequest;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;

/**
 * Asks the provider over HTTPS, for a limited time and to a limited length, and follows no redirect: a provider that is
 * slow, broken or hostile holds up one login and nothing else.
 */
final class BoundedHttp implements HTTPRequestSender {
    static final Duration LONGEST = Duration.ofSeconds(10);

    /** Providers with many keys or claims stay far below. */
    static final int MOST_BYTES = 1024 * 1024;

    private final HttpClient client;
    private final Duration longest;

    BoundedHttp(SSLContext trust, Duration longest) {
        this.longest = longest;
        this.client = HttpClient.newBuilder()
                .sslContext(trust)
                .connectTimeout(longest)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    @Override
    public ReadOnlyHTTPResponse send(ReadOnlyHTTPRequest asked) throws IOException {
        if (!"https".equals(asked.getURI().getScheme())) {
            throw new IOException("It is not an https address: " + asked.getURI());
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(asked.getURI()).timeout(longest);
        asked.getHeaderMap().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        String body = asked.getBody();
        request.method(
                asked.getMethod().name(),
                body == null
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
        HttpResponse<byte[]> response = answer(client.sendAsync(request.build(), info -> new UpTo(MOST_BYTES)));
        HTTPResponse answered = new HTTPResponse(response.statusCode());
        try {
            String type = response.headers().firstValue("Content-Type").orElse(null);
            if (type != null) {
                answered.setContentType(type);
            }
        } catch (ParseException e) {
            throw new IOException("Its answer has no content type that can be read.", e);
        }
        answered.setBody(new String(response.body(), StandardCharsets.UTF_8));
        return answered;
    }

    /** The request's own timeout ends with the headers. */
    private HttpResponse<byte[]> answer(CompletableFuture<HttpResponse<byte[]>> asked) throws IOException {
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
        private Flow.@org.jspecify.annotations.Nullable Subscription subscription;

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
