package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.apache.opendal.AsyncOperator;
import org.apache.opendal.OpenDALException;
import org.apache.opendal.Operator;
import org.apache.opendal.layer.RetryLayer;
import org.jspecify.annotations.Nullable;

/** OpenDAL's access to a bucket, opened anew as its secret is renewed. */
final class RemoteOperator {
    /** Four more tries, 5 to 9 s of waiting in all; what lasts longer is the run's to wait for. */
    private static final RetryLayer RETRIES = RetryLayer.builder()
            .jitter(true)
            .minDelay(Duration.ofMillis(300))
            .maxDelay(Duration.ofSeconds(10))
            .factor(2)
            .maxTimes(4)
            .build();

    /** What is renewed is seen as soon, in the middle of a backup too. */
    private static final Duration SECRET_LOOKED_AT = Duration.ofSeconds(10);

    private final String title;
    private final RemoteAddress address;
    private final Supplier<@Nullable String> secret;
    private final RemoteCalls calls;
    private final Clock clock;
    private volatile Opened opened;

    /** With what it was opened. One that is replaced may still be at work: it is left to itself, with the little memory it has. */
    private record Opened(@Nullable String secret, Operator operator, long lookedAt) {
        @Override
        public String toString() {
            return "Opened[hidden]";
        }
    }

    /**
     * Opens it; nothing is asked of the bucket yet.
     *
     * @param title what people call the store
     * @throws Failure.Fatal if it cannot be opened
     * @throws Failure.Skippable if the secret is none
     */
    RemoteOperator(
            String title, RemoteAddress address, Supplier<@Nullable String> secret, RemoteCalls calls, Clock clock) {
        this.title = title;
        this.address = address;
        this.secret = secret;
        this.calls = calls;
        this.clock = clock;
        this.opened = opened(secret.get());
    }

    private Opened opened(@Nullable String with) {
        try (AsyncOperator plain = AsyncOperator.of(address.provider().scheme(), address.settings(with, clock.now()));
                AsyncOperator retrying = plain.layer(RETRIES)) {
            return new Opened(with, retrying.blocking(), System.nanoTime());
        } catch (OpenDALException e) {
            throw calls.of("open", e);
        } catch (LinkageError | UncheckedIOException e) {
            throw new Failure.Fatal(
                    "The " + title
                            + " cannot be opened on this machine: the native library of OpenDAL does not load here.",
                    "Run Nightshift on Linux x86-64 with glibc 2.17 or newer, and let it write to its folder for temporary files.",
                    e);
        }
    }

    /**
     * Looks whether its secret was renewed.
     *
     * @throws Failure.Skippable if it is none now
     */
    void renew() {
        String now = secret.get();
        synchronized (this) {
            Opened before = opened;
            if (Objects.equals(now, before.secret())) {
                address.settings(now, clock.now()); // it may have expired
                opened = new Opened(now, before.operator(), System.nanoTime());
            } else {
                opened = opened(now);
            }
        }
    }

    Operator get() {
        return opened().operator();
    }

    /** OpenDAL's settings, the secret among them, for what OpenDAL does not ask. */
    Map<String, String> settings() {
        return address.settings(opened().secret(), clock.now());
    }

    private Opened opened() {
        if (System.nanoTime() - opened.lookedAt() > SECRET_LOOKED_AT.toNanos()) {
            try {
                renew();
            } catch (Failure e) {
                // What is at work goes on with what it has: the server says when that opens nothing any more
            }
        }
        return opened;
    }
}
