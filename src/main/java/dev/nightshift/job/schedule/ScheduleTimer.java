package dev.nightshift.job.schedule;

import dev.nightshift.job.Node;
import dev.nightshift.kernel.Failure;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.Timeout;
import jakarta.ejb.TimerConfig;
import jakarta.ejb.TimerService;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import java.util.concurrent.atomic.AtomicBoolean;

/** Four times a second: fires the schedules that are due. The plan is in the table; this timer only looks at it. */
@Singleton
@Startup
@TransactionManagement(TransactionManagementType.BEAN)
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class ScheduleTimer {
    private static final System.Logger LOG = System.getLogger(ScheduleTimer.class.getName());

    private static final long EVERY_MILLIS = 250;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private TimerService timers;

    @Inject
    private Firing firing;

    @Inject
    private Node node;

    private final AtomicBoolean busy = new AtomicBoolean();

    @PostConstruct
    void begin() {
        timers.createIntervalTimer(EVERY_MILLIS, EVERY_MILLIS, new TimerConfig(null, false));
    }

    @Timeout
    void look() {
        if (node.draining() || !busy.compareAndSet(false, true)) {
            return;
        }
        try {
            boolean more;
            do {
                more = firing.fireDue();
            } while (more && !node.draining());
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "No schedules looked at: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "Looking at the schedules failed", e);
        } finally {
            busy.set(false);
        }
    }
}
