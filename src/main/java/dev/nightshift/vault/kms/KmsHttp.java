package dev.nightshift.vault.kms;

import dev.nightshift.kernel.BoundedExchange;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Trust;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** How a service is asked over HTTP: for a limited time and to a limited length, again where that may help, and never after a redirect. */
final class KmsHttp {
    /** Of one attempt. */
    static final Duration LONGEST = Duration.ofSeconds(5);

    private static final int ATTEMPTS = 3;
    private static final Duration FIRST_WAIT = Duration.ofMillis(250);
    private static final int MOST_BYTES = 64 * 1024;

    private final String variable;
    private final HttpClient client;
    private final Duration longest;

    /** What is asked, as often as it takes. */
    interface Question {
        /** Made anew for each attempt: what opens the service may have been renewed. */
        HttpRequest request();

        /** Whether another attempt may get another answer. */
        boolean isPassing(HttpResponse<byte[]> answer);
    }

    /** @param rootCertificate who alone may have signed the service's certificate; empty for whom the JVM knows */
    KmsHttp(String variable, Optional<Path> rootCertificate, Duration longest) {
        this.variable = variable;
        this.longest = longest;
        try {
            this.client = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(rootCertificate.isEmpty() ? Trust.usual() : Trust.in(rootCertificate.get()))
                    .connectTimeout(longest)
                    .followRedirects(HttpClient.Redirect.NEVER) // what opens the service would go along
                    .build();
        } catch (IOException | GeneralSecurityException e) {
            throw new Failure.Fatal(
                    "The certificates of NIGHTSHIFT_KMS_ROOT_CERTIFICATE cannot be read.",
                    "It must be a PEM file that this user can read.",
                    e);
        }
    }

    /**
     * The last of three answers, or the first that need not be asked for again.
     *
     * @param unreached what to say if there is none
     * @throws Failure.Retryable if there is none
     */
    HttpResponse<byte[]> asked(Question question, String unreached) {
        Duration wait = FIRST_WAIT;
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ATTEMPTS;
            HttpRequest request = question.request();
            try {
                HttpResponse<byte[]> answer = BoundedExchange.send(client, request, longest, MOST_BYTES);
                if (last || !question.isPassing(answer)) {
                    return answer;
                }
            } catch (IOException e) {
                if (last || Thread.currentThread().isInterrupted()) {
                    throw Kms.away(variable, unreached, e);
                }
            }
            pause(wait);
            wait = wait.multipliedBy(2);
        }
    }

    private void pause(Duration most) {
        try {
            Thread.sleep(most.toMillis() / 2 + ThreadLocalRandom.current().nextLong(most.toMillis() / 2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Kms.away(variable, "was not waited for", e);
        }
    }

    static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }
}
