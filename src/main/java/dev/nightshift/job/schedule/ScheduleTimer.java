package dev.nightshift.job.schedule;

import dev.nightshift.job.Node;
import dev.nightshift.kernel.Failure;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import java.util.concurrent.atomic.AtomicBoolean;

/** Every second: fires the schedules that are due. The plan is in the table; this timer only looks at it. */
@Singleton
@Startup
@TransactionManagement(TransactionManagementType.BEAN)
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class ScheduleTimer {
    private static final System.Logger LOG = System.getLogger(ScheduleTimer.class.getName());

    @Inject
    private Schedules schedules;

    @Inject
    private Node node;

    private final AtomicBoolean busy = new AtomicBoolean();

    @jakarta.ejb.Schedule(hour = "*", minute = "*", second = "*", persistent = false)
    void look() {
        if (node.draining() || !busy.compareAndSet(false, true)) {
            return;
        }
        try {
            schedules.fireDue();
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "No schedules looked at: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "Looking at the schedules failed", e);
        } finally {
            busy.set(false);
        }
    }
}
