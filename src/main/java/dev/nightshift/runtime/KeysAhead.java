package dev.nightshift.runtime;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Project;
import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Opens every project's keys while the KMS that has the master key answers, so that an outage at night stops none whose keys this node
 * did not need yet. One project after another, at a pace that leaves the service to others; those that other nodes exchange follow.
 */
@ApplicationScoped
public class KeysAhead {
    private static final System.Logger LOG = System.getLogger(KeysAhead.class.getName());

    /** Of one look, with each heartbeat: two requests to the service each. */
    private static final int MOST = 50;

    /** Until all are looked at again: those that are open cost one question to the repository. */
    private static final Duration AGAIN = Duration.ofMinutes(5);

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    @Inject
    private Clock clock;

    private final AtomicBoolean busy = new AtomicBoolean();

    /** Looked at since {@link #since}. */
    private final Set<ProjectId> seen = new HashSet<>();

    private Instant since = Instant.EPOCH;

    void onBeat(@ObservesAsync Beat beat) {
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        try {
            if (keyring.isInKms()) {
                open();
            }
        } catch (Failure e) {
            LOG.log(System.Logger.Level.DEBUG, "Keys are not opened ahead: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "Opening keys ahead failed", e);
        } finally {
            busy.set(false);
        }
    }

    private void open() {
        if (since.plus(AGAIN).isBefore(clock.now())) {
            since = clock.now();
            seen.clear();
        }
        int left = MOST;
        for (Project project : fleet.projects()) {
            if (!seen.contains(project.id()) && left-- > 0) {
                open(project.id());
            }
        }
    }

    /** One whose keys are damaged keeps no other from being opened; it is said where its work fails. */
    private void open(ProjectId project) {
        try {
            keyring.of(project);
            seen.add(project);
        } catch (Failure.Retryable | Failure.Unusable e) {
            throw e;
        } catch (Failure e) {
            seen.add(project);
            LOG.log(System.Logger.Level.WARNING, "{0} {1}", e.getMessage(), e.remedy());
        }
    }
}
