package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.vault.Keyring;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.EJB;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/** Every second: claims runs that wait, and starts them; tells the local targets of runs that are to stop. */
@Singleton
@Startup
@TransactionManagement(TransactionManagementType.BEAN)
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class RunStarter {
    private static final System.Logger LOG = System.getLogger(RunStarter.class.getName());

    @Inject
    private Leases leases;

    @Inject
    private Ledger ledger;

    @Inject
    private WindowGate windows;

    @Inject
    private Node node;

    @Inject
    private LocalTargets local;

    @Inject
    private Keyring keyring;

    @Inject
    private Clock clock;

    @EJB
    @SuppressWarnings("NullAway.Init")
    private BatchRunner batch;

    @Inject
    private JobConfig config;

    @Inject
    private Stops stops;

    @Inject
    private SpreadAttempts spread;

    private final AtomicBoolean busy = new AtomicBoolean();

    @Schedule(hour = "*", minute = "*", second = "*", persistent = false)
    void look() {
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        try {
            stopWhatIsToStop();
            startWhatIsInDoubt();
            int room = node.draining() || !hasMasterKey() ? 0 : local.room(config.parallelRuns());
            if (room > 0) {
                leases.holdBack(config.projectRuns());
                leases.waitingRuns(room, config.projectRuns()).forEach(this::start);
            }
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "Nothing started: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "Starting runs failed", e);
        } finally {
            busy.set(false);
        }
    }

    /** Without it runs would fail that another node, or this one in a minute, can do. */
    private boolean hasMasterKey() {
        try {
            keyring.check();
            return true;
        } catch (Failure e) {
            LOG.log(System.Logger.Level.DEBUG, "Nothing started: {0}", e.getMessage());
            return false;
        }
    }

    private void start(Leases.RunOf waiting) {
        try {
            if (windows.holds(waiting.project(), waiting.run())) {
                return;
            }
        } catch (Failure.Retryable e) {
            throw e;
        } catch (RuntimeException e) {
            // One run whose windows cannot be read must not keep those behind it from starting
            LOG.log(System.Logger.Level.ERROR, "The windows of run " + waiting.run() + " cannot be read", e);
            return;
        }
        UUID id = Ids.next(clock);
        local.doubt(id);
        start(id, ledger.claim(waiting.project(), waiting.run(), node.id(), id, config.projectRuns()));
    }

    /** A claim whose answer was lost with the connection may have been made: nobody else would start it. */
    private void startWhatIsInDoubt() {
        for (UUID id : local.doubtful()) {
            start(id, ledger.attempt(id));
        }
    }

    /** Known as started before it is in doubt no more: recovery leaves alone what this process starts or works on. */
    private void start(UUID id, Optional<Attempt> claimed) {
        claimed.ifPresent(local::started);
        local.doubtNoMore(id);
        claimed.ifPresent(this::start);
    }

    private void start(Attempt attempt) {
        try {
            if (!spread.start(attempt)) {
                batch.start(attempt.job(), attempt.id().toString(), false);
            }
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "The batch runtime did not start run " + attempt.run(), e);
            try {
                ledger.end(attempt, "The batch runtime did not start the job: " + rootMessage(e));
            } catch (Failure.Retryable away) {
                // The runtime needs the repository as well. The run is this node's: nobody else would start or end it.
                local.doubt(attempt.id());
                throw away;
            } finally {
                local.notStarted(attempt.id());
            }
        }
    }

    private static String rootMessage(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    private void stopWhatIsToStop() {
        Set<Attempt> worked = new HashSet<>(local.attempts());
        worked.addAll(local.guests());
        for (Attempt attempt : worked) {
            try {
                stops.look(attempt);
            } catch (Failure.Retryable e) {
                throw e;
            } catch (RuntimeException e) {
                // One attempt that cannot be stopped must not keep the others from it
                LOG.log(System.Logger.Level.ERROR, "Run " + attempt.run() + " cannot be stopped", e);
            }
        }
    }
}
