package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.apache.opendal.OpenDALException;

/**
 * Has OpenDAL's calls done on threads of their own, so that none is waited for without end, and says in our words what went
 * wrong. Its asynchronous calls would need no threads, but answer only where its classes belong to the system's class loader,
 * which those of an application do not: its own threads do not find them (tried in Open Liberty).
 */
final class RemoteCalls implements AutoCloseable {
    private static final int LONGEST = 300;

    /** OpenDAL's own text goes on with addresses, headers and stacks. */
    private static final Pattern REST = Pattern.compile("\\n\\s*(Context|Backtrace):.*", Pattern.DOTALL);

    private static final Pattern SOURCE = Pattern.compile("\\nSource:\\s*\\n\\s*(?<source>[^\\n]*)");
    private static final Pattern ADDRESS = Pattern.compile("\\s*(for url )?\\(?https?://[^\\s)]*\\)?");
    private static final Pattern SERVERS =
            Pattern.compile("(?s).*?=> \\w+ ?\\{.*?code: \"(?<code>[^\"]*)\".*?message: \"(?<message>[^\"]*)\".*");

    /** OpenDAL's words for a token service that refuses a workload's identity. */
    private static final String EXCHANGE = "exchange token failed";

    /** What Azure's codes begin with for a blob that a policy or a hold keeps: HTTP 409, as for one that exists. */
    static final String IMMUTABLE = "BlobImmutableDueTo";

    static final String PLACE = "Check the store's bucket, endpoint and region.";

    /** The store as people know it, within a sentence. */
    private final String title;

    private final Duration longest;
    private final ExecutorService threads;

    RemoteCalls(String title) {
        this(title, Duration.ofDays(1));
    }

    /** @param longest that any call is waited for, however long it may take by its size */
    RemoteCalls(String title, Duration longest) {
        this.title = title;
        this.longest = longest;
        this.threads = Executors.newCachedThreadPool(work -> BlockPipeline.thread(work, "store"));
    }

    /** Has it begun on another thread. */
    <T> Future<T> begin(Callable<T> call) {
        try {
            return threads.submit(call);
        } catch (RejectedExecutionException e) {
            throw new Failure.Retryable("The " + title + " is being closed.", null, e);
        }
    }

    /** Has it done, with {@link #await}. */
    <T> T call(String doing, Duration most, Callable<T> call) {
        return await(doing, most, begin(call));
    }

    /** The same for what answers nothing. */
    void run(String doing, Duration most, Runnable call) {
        await(doing, most, begin(Executors.callable(call)));
    }

    /**
     * The answer.
     *
     * @param doing what was tried, within a sentence: {@code "read a/b"}
     * @throws Failure by kind
     */
    <T> T await(String doing, Duration most, Future<T> answer) {
        Duration wait = most.compareTo(longest) < 0 ? most : longest;
        try {
            return answer.get(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw of(doing, e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new Failure.Retryable(
                    "The " + title + " did not answer within " + wait.toSeconds() + " s (" + doing + ").",
                    "Look at the store's service and the network to it.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Retryable("Interrupted while waiting for the " + title + " (" + doing + ").", null, e);
        }
    }

    /** What a failure of OpenDAL means; any other that it threw on the way may pass as well. */
    Failure of(String doing, Throwable failure) {
        if (failure instanceof Failure known) {
            return known;
        }
        if (!(failure instanceof OpenDALException thrown)) {
            return new Failure.Retryable("The " + title + " failed (" + doing + "): " + failure, null, failure);
        }
        String text = String.valueOf(thrown.getMessage());
        String words = words(text);
        String what = "The " + title + " cannot be used: " + words + " (" + doing + ").";
        if (text.contains("ContainerNotFound")) { // Azure's; for S3's OpenDAL has a code of its own
            return new Failure.Unusable(what, PLACE, null);
        }
        if (text.contains(IMMUTABLE) && doing.startsWith("delete ")) {
            return new Failure.Unusable("The " + title + " refuses: " + words + " (" + doing + ").", null, null);
        }
        // Its own exception would bring the full text into every log
        return switch (thrown.getCode()) {
            case NotFound -> new Failure.NotFound("There is no such object in the " + title + " (" + doing + ").");
            case AlreadyExists, ConditionNotMatch ->
                new Failure.Conflict(
                        "The object exists in the " + title + "; stored objects never change (" + doing + ").", null);
            case PermissionDenied ->
                // Of the store, and not of what lies in it: nobody takes it for damage
                new Failure.Unusable(
                        "The " + title + " refuses: " + words + " (" + doing + ").",
                        "Check the store's account, its secret and this machine's clock, and that it may read, write, list"
                                + " and delete there.",
                        null);
            case ConfigInvalid -> new Failure.Unusable(what, PLACE, null);
            case Unexpected ->
                text.startsWith("Unexpected (permanent)")
                        // As expired tokens, and what a proxy says: of the service, and not of what lies there
                        ? new Failure.Unusable(
                                what, "Check the store's endpoint and region, and what its service says of it.", null)
                        : new Failure.Retryable(what, "Look at the store's service and the network to it.", null);
            case RateLimited ->
                new Failure.Retryable(what, "The service is asked too often: run fewer backups at once.", null);
            default -> new Failure.Unusable(what, null, null);
        };
    }

    /** The server's own words where it said some, else the client's; without addresses, which can hold signatures. */
    static String words(String text) {
        if (text.contains(EXCHANGE)) {
            return "its token is not exchanged"; // what the service says of it may hold the token
        }
        var server = SERVERS.matcher(text);
        if (server.matches()) {
            return cut(server.group("code") + ", " + server.group("message"));
        }
        var source = SOURCE.matcher(text);
        String said =
                source.find() ? source.group("source") : REST.matcher(text).replaceFirst("");
        return cut(ADDRESS.matcher(said).replaceAll("").replaceFirst("^\\w+ \\(\\w+\\) at [\\w:]* (=> )?", ""));
    }

    static String cut(String text) {
        String line = text.replaceAll("\\s+", " ").replaceFirst("[.\\s]+$", "");
        return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
    }

    /** What still goes on ends when its connection does. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
