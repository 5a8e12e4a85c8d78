package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.NotificationOptions;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Every 5 s: says that this node lives, renews its leases, and recovers what dead nodes left. */
@Singleton
@Startup
@TransactionManagement(TransactionManagementType.BEAN)
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Heartbeat {
    private static final System.Logger LOG = System.getLogger(Heartbeat.class.getName());

    @Inject
    private Leases leases;

    @Inject
    private Node node;

    @Inject
    private Clock clock;

    @Inject
    private LostRuns lost;

    @Inject
    private LocalTargets local;

    @Inject
    private SpreadAttempts spread;

    @Inject
    private GuestTargets guests;

    @Inject
    private JobConfig config;

    @Inject
    private Event<Beat> beats;

    @Inject
    private Event<Pulse> pulses;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    private volatile @Nullable Instant partitionsMade;
    private final IdleAttempts idle = new IdleAttempts();
    private final AtomicBoolean busy = new AtomicBoolean();

    @Schedule(hour = "*", minute = "*", second = "*/5", persistent = false)
    void beat() {
        pulses.fireAsync(new Pulse(), NotificationOptions.ofExecutor(executor));
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        try {
            Leases.Heard heard =
                    leases.beat(node.id(), node.name(), Version.current(), node.drainsOfItself(), Vitals.now());
            node.heard(heard);
            // Daily: a node may be up for months, and next month's lines must not end up in the rest.
            Instant made = partitionsMade;
            if (made == null || clock.now().isAfter(made.plus(Duration.ofDays(1)))) {
                leases.ensureLogPartitions();
                partitionsMade = clock.now();
            }
            // An outage of the repository makes every heartbeat stale: whoever comes back first must not bury the
            // others.
            node.renewed(heard.renewals());
            if (node.isSteady()) {
                leases.abandonedRuns().forEach(this::recover);
                recoverOwn();
                spread.look();
                guests.look();
            }
            // Not on this thread: whatever hears it, the next heartbeat must not wait for it.
            beats.fireAsync(new Beat(), NotificationOptions.ofExecutor(executor));
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.WARNING, "No heartbeat: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "The heartbeat failed", e);
        } finally {
            busy.set(false);
        }
    }

    private void recover(Leases.Held held) {
        if (local.works(held.run())) {
            return;
        }
        lose(held);
    }

    /** This node lives, so nobody else recovers what it has let go of: a run whose end could not be written for too long. */
    private void recoverOwn() {
        if (node.leaving()) {
            return;
        }
        for (Attempt attempt : idle.after(unspread(), local::isBusy)) {
            LOG.log(System.Logger.Level.ERROR, "Nothing works on run {0} any more", attempt.run());
            local.ended(attempt.id());
        }
        for (Leases.Held held : leases.runsOf(node.id())) {
            if (!local.knows(held.attempt())) {
                lose(held);
            }
        }
    }

    private List<Attempt> unspread() {
        return local.attempts().stream()
                .filter(attempt -> !spread.has(attempt.id()))
                .toList();
    }

    /** One that cannot be declared lost does not hold up the others. */
    private void lose(Leases.Held held) {
        try {
            lost.lose(held, node.id(), config.losses())
                    .ifPresent(status -> LOG.log(
                            System.Logger.Level.WARNING, "Run {0} lost its node; it is now {1}", held.run(), status));
        } catch (Failure.Retryable e) {
            if (!Transactions.locked(e)) {
                throw e;
            }
            LOG.log(System.Logger.Level.WARNING, "Run {0} lost its node, and somebody still locks it", held.run());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "Run " + held.run() + " lost its node and could not be taken over", e);
        }
    }

    /** In good order: what still runs is left to the other nodes or the next start, which need not wait for the leases. */
    @PreDestroy
    void leave() {
        node.leave();
        local.handOver();
        try {
            leases.left(node.id());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "The node could not sign off: {0}", e.getMessage());
        }
    }
}
