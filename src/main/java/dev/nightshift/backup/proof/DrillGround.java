package dev.nightshift.backup.proof;

import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.sandbox.Sandboxes;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.Config;

/** Where this node proves backups: its sandboxes, and the server programs they run. */
@ApplicationScoped
public class DrillGround {
    private static final System.Logger LOG = System.getLogger(DrillGround.class.getName());
    private static final List<String> HIDDEN =
            List.of("secrets", "credentials", "repository", "demo", "store", "restore", "liberty", "logs", "run");
    private static final Duration SWEEP_EVERY = Duration.ofMinutes(5);

    @Inject
    private Config config;

    @Inject
    private Clock clock;

    @SuppressWarnings("NullAway.Init")
    private Sandboxes sandboxes;

    @SuppressWarnings("NullAway.Init")
    private ProofLimits limits;

    private volatile Instant swept = Instant.EPOCH;

    @PostConstruct
    void prepare() {
        Path data = config.getOptionalValue("nightshift.data", Path.class)
                .orElse(Path.of(".nightshift"))
                .toAbsolutePath();
        limits = ProofLimits.of(new TypedSettings(name -> config.getOptionalValue(name, String.class)));
        // The embedded server programs lie in the data folder too, so what is to stay out of sight is named.
        Set<Path> hidden = HIDDEN.stream().map(data::resolve).collect(Collectors.toSet());
        sandboxes = new Sandboxes(data.resolve("sandboxes"), hidden, clock);
    }

    /** What proves a backup here; it may be used many times, and by several threads. */
    public ProveBackup prover() {
        return new ProveBackup(sandboxes, programs(), clock);
    }

    /** What recovers a backup here for another use than a proof; as often and by as many threads. */
    public ScratchServer scratch() {
        return new ScratchServer(sandboxes, programs(), limits);
    }

    /** What each sandbox here may use. */
    public ProofLimits limits() {
        return limits;
    }

    /** NIGHTSHIFT_POSTGRES_BINARIES: folders separated by colons, looked into before the usual ones. */
    public List<Path> programs() {
        return config.getOptionalValue("nightshift.postgres.binaries", String.class)
                .map(value -> Arrays.stream(value.split(":"))
                        .filter(folder -> !folder.isBlank())
                        .map(Path::of)
                        .toList())
                .orElse(List.of());
    }

    /** With the first heartbeat, and now and then: what a crash left is thrown away. */
    void sweep(@ObservesAsync Beat beat) {
        Instant now = clock.now();
        if (swept.plus(SWEEP_EVERY).isBefore(now)) {
            swept = now;
            int gone = sandboxes.sweep();
            if (gone > 0) {
                LOG.log(System.Logger.Level.INFO, "Threw away {0} sandboxes that a crash had left", gone);
            }
        }
    }

    @PreDestroy
    void close() {
        sandboxes.close();
    }
}
