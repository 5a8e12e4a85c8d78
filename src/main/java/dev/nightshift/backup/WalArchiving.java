package dev.nightshift.backup;

import dev.nightshift.job.Beat;
import dev.nightshift.job.Duties;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Has the log of each instance archived that is to be, by the one node that holds the instance's duty: looks with every
 * heartbeat what there is to do, and whether what this node does is still its own to do.
 */
@ApplicationScoped
class WalArchiving {
    private static final System.Logger LOG = System.getLogger(WalArchiving.class.getName());
    private static final long LOOK_NANOS = Duration.ofSeconds(10).toNanos();

    /** So that one node, the first to start, does not take all there are before the others look. */
    private static final int MOST_TAKEN_AT_ONCE = 20;

    @Inject
    private Transactions transactions;

    @Inject
    private WalWork work;

    @Inject
    private PushedLook pushedLook;

    @Inject
    private Duties duties;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedThreadFactory threads;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    private final Map<UUID, WalRun> runs = new HashMap<>();
    private long looked = System.nanoTime() - LOOK_NANOS;

    synchronized void look(@ObservesAsync Beat beat) {
        try {
            runs.values().removeIf(WalRun::isDone);
            if (!duties.isTaking()) {
                runs.values().forEach(WalRun::end);
                return;
            }
            List<WalRepository.Wanted> wanted = transactions.installation(WalRepository::wanted);
            Map<String, Boolean> held = wanted.isEmpty() && runs.isEmpty() ? Map.of() : duties.held(WalService.DUTIES);
            endLost(held);
            begin(wanted, held);
            lookAtSlots(wanted);
        } catch (Failure e) {
            LOG.log(Level.WARNING, "Archiving of logs could not be looked after: {0}", e.getMessage());
        }
    }

    /** A lease that lapsed is another node's to take: two that archive would do no harm, but one of them in vain. */
    private void endLost(Map<String, Boolean> held) {
        for (WalRun run : runs.values()) {
            if (!held.getOrDefault(WalService.duty(run.instance()), false)) {
                run.end();
            }
        }
    }

    private void begin(List<WalRepository.Wanted> wanted, Map<String, Boolean> held) {
        int taken = 0;
        for (WalRepository.Wanted each : wanted) {
            String duty = WalService.duty(each.instance());
            boolean anothers = Boolean.FALSE.equals(held.get(duty));
            if (runs.containsKey(each.instance()) || anothers || taken == MOST_TAKEN_AT_ONCE || !duties.take(duty)) {
                continue;
            }
            taken++;
            WalRun run = new WalRun(work, pushedLook, each.project(), each.instance());
            Thread thread = threads.newThread(run);
            thread.setName("nightshift-wal-" + each.instance());
            thread.start();
            runs.put(each.instance(), run);
        }
    }

    private void lookAtSlots(List<WalRepository.Wanted> wanted) {
        if (System.nanoTime() - looked < LOOK_NANOS) {
            return;
        }
        looked = System.nanoTime();
        Set<UUID> known = new HashSet<>();
        wanted.forEach(each -> known.add(each.instance()));
        for (WalRun run : new ArrayList<>(runs.values())) {
            if (known.contains(run.instance())) {
                executor.execute(run::look);
            } else {
                run.stop();
            }
        }
    }

    @PreDestroy
    synchronized void leave() {
        runs.values().forEach(WalRun::end);
    }
}
