package dev.nightshift.backup.remote;

import dev.nightshift.kernel.BoundedExchange;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;

/** What OpenDAL does not ask of Google's and Azure's services: asked for a limited time, to a limited length, again where that may help. */
final class ServiceRequests {
    private static final int ATTEMPTS = 3;
    private static final Duration CONNECTED = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** What is said of a list whose pages come again. */
    static final String ENDLESS = "its list does not end";

    /** For a whole answer: all attempts together wait for no longer than OpenDAL's calls do. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A page of a thousand objects has less than 1 MB. */
    private static final int MOST_BYTES = 16 << 20;

    private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);

    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECTED)
            .followRedirects(HttpClient.Redirect.NEVER) // what opens the store would go along
            .build();

    private final String title;

    /** @param title the store's, for people */
    ServiceRequests(String title) {
        this.title = title;
    }

    /** Made anew for each attempt: what opens the store may have been renewed. */
    interface Question {
        HttpRequest request() throws Unanswered;
    }

    /**
     * The first answer that is no passing trouble.
     *
     * @param doing for people, should there be none
     * @throws Failure.Retryable if there is none
     * @throws Unanswered as the question says
     */
    HttpResponse<byte[]> asked(String doing, Question question) throws Unanswered {
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ATTEMPTS;
            HttpRequest request = question.request();
            try {
                HttpResponse<byte[]> answer = BoundedExchange.send(CLIENT, request, PATIENCE, MOST_BYTES);
                if (!PASSING.contains(answer.statusCode())) {
                    return answer;
                }
                if (last) {
                    throw new Failure.Retryable(
                            "The " + title + " answers with HTTP " + answer.statusCode() + " (" + doing + ").",
                            "Look at the store's service and the network to it.",
                            null);
                }
            } catch (IOException e) {
                if (last || Thread.currentThread().isInterrupted()) {
                    throw new Failure.Retryable(
                            "The " + title + " cannot be reached: "
                                    + e.getClass().getSimpleName() + " (" + doing + ").",
                            "Look at the store's service and the network to it.",
                            e);
                }
            }
            try {
                Thread.sleep(PAUSE.multipliedBy(attempt).toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure.Retryable(
                        "Interrupted while waiting for the " + title + " (" + doing + ").", null, e);
            }
        }
    }

    static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    /** By the server's clock; the epoch where it has none, so that what has an end is locked. */
    static Instant now(HttpResponse<byte[]> answer) {
        try {
            return ZonedDateTime.parse(
                            answer.headers().firstValue("date").orElse(""), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }
}
