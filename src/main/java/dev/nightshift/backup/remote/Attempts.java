package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.function.IntPredicate;

/** How what OpenDAL does not ask of a service is asked of it: again where that may help, after a pause that grows. */
final class Attempts {
    static final int MOST = 3;

    /** What to do where a service does not answer as it should. */
    static final String MEND = "Look at the store's service and the network to it.";

    private static final Duration CONNECTED = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECTED)
            .followRedirects(HttpClient.Redirect.NEVER) // what opens the store would go along
            .build();

    private final String title;
    private final IntPredicate passes;

    /**
     * Of one store.
     *
     * @param title the store's, for people
     * @param passes the statuses after which another attempt may get another answer
     */
    Attempts(String title, IntPredicate passes) {
        this.title = title;
        this.passes = passes;
    }

    /** One attempt: its request is made anew, for what opens the store may have been renewed. */
    interface Exchange<X extends Exception> {
        HttpResponse<byte[]> made() throws IOException, InterruptedException, X;
    }

    /** Whether such an answer may be another one by itself. */
    boolean passes(HttpResponse<?> answer) {
        return passes.test(answer.statusCode());
    }

    /**
     * The first answer that is no passing trouble, or else the last one.
     *
     * @param doing for people, should there be none
     * @throws Failure.Retryable if there is none
     * @throws X as the exchange does
     */
    <X extends Exception> HttpResponse<byte[]> asked(String doing, Exchange<X> exchange) throws X {
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == MOST;
            try {
                HttpResponse<byte[]> answer = exchange.made();
                if (last || !passes(answer)) {
                    return answer;
                }
            } catch (InterruptedException e) {
                throw interrupted(doing, e);
            } catch (IOException e) {
                if (last || Thread.currentThread().isInterrupted()) {
                    throw new Failure.Retryable(
                            "The " + title + " cannot be reached: "
                                    + e.getClass().getSimpleName() + " (" + doing + ").",
                            MEND,
                            e);
                }
            }
            pause(doing, attempt);
        }
    }

    /** @param attempt the one that was made last, from 1 */
    void pause(String doing, int attempt) {
        try {
            Thread.sleep(PAUSE.multipliedBy(attempt).toMillis());
        } catch (InterruptedException e) {
            throw interrupted(doing, e);
        }
    }

    private Failure interrupted(String doing, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Failure.Retryable("Interrupted while waiting for the " + title + " (" + doing + ").", null, e);
    }
}
