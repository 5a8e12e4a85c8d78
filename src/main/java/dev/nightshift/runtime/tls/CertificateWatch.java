package dev.nightshift.runtime.tls;

import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/** Knows when the certificate ends that this node shows, the generated one as well as a given one, and warns before. */
@ApplicationScoped
public class CertificateWatch {
    /** Those who renew by ACME do so 30 days before the end. */
    static final Duration WARNING = Duration.ofDays(14);

    private static final System.Logger LOG = System.getLogger(CertificateWatch.class.getName());
    private static final Duration EVERY = Duration.ofSeconds(60);
    private static final Duration WARN_EVERY = Duration.ofDays(1);

    @Inject
    private Clock clock;

    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile Instant looked = Instant.EPOCH;
    private volatile Instant warned = Instant.EPOCH;
    private volatile @Nullable Instant end;

    /** How long until it ends, negative once it has; empty before the first look, and while HTTPS does not answer. */
    public Optional<Duration> left() {
        return Optional.ofNullable(end).map(at -> Duration.between(clock.now(), at));
    }

    void onBeat(@ObservesAsync Beat beat) {
        if (looked.plus(EVERY).isBefore(clock.now()) && busy.compareAndSet(false, true)) {
            try {
                look();
                looked = clock.now();
            } finally {
                busy.set(false);
            }
        }
    }

    private void look() {
        Config config = ConfigProvider.getConfig();
        String host =
                config.getOptionalValue("nightshift.http.host", String.class).orElse("127.0.0.1");
        int port =
                config.getOptionalValue("nightshift.https.port", Integer.class).orElse(9443);
        try {
            Instant found = ServedCertificate.at(host, port).getNotAfter().toInstant();
            end = found;
            Duration left = Duration.between(clock.now(), found);
            if (ends(left) && warned.plus(WARN_EVERY).isBefore(clock.now())) {
                warned = clock.now();
                LOG.log(System.Logger.Level.WARNING, words(found, left));
            }
        } catch (IOException e) {
            end = null;
            LOG.log(System.Logger.Level.WARNING, "HTTPS does not answer on port " + port + ": " + e.getMessage());
        }
    }

    static boolean ends(Duration left) {
        return left.compareTo(WARNING) < 0;
    }

    static String words(Instant end, Duration left) {
        return left.isNegative()
                ? "The certificate that HTTPS is served with ended on " + end + "."
                : "The certificate that HTTPS is served with ends in " + left.toDays() + " days, on " + end + ".";
    }
}
