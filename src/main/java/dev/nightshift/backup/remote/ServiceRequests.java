package dev.nightshift.backup.remote;

import dev.nightshift.kernel.BoundedExchange;
import dev.nightshift.kernel.Failure;
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
    /** What is said of a list whose pages come again. */
    static final String ENDLESS = "its list does not end";

    /** For a whole answer: all attempts together wait for no longer than OpenDAL's calls do. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A page of a thousand objects has less than 1 MB. */
    private static final int MOST_BYTES = 16 << 20;

    private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);

    private final String title;
    private final Attempts attempts;

    /** @param title the store's, for people */
    ServiceRequests(String title) {
        this.title = title;
        this.attempts = new Attempts(title, PASSING::contains);
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
        HttpResponse<byte[]> answer = attempts.asked(
                doing, () -> BoundedExchange.send(Attempts.CLIENT, question.request(), PATIENCE, MOST_BYTES));
        if (attempts.passes(answer)) {
            throw new Failure.Retryable(
                    "The " + title + " answers with HTTP " + answer.statusCode() + " (" + doing + ").",
                    Attempts.MEND,
                    null);
        }
        return answer;
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
