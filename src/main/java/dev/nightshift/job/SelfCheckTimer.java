package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Every minute: has all self-checks made. One node at a time does that, whoever has the lease; two that did would do no
 * harm.
 */
@Singleton
@Startup
@TransactionManagement(TransactionManagementType.BEAN)
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class SelfCheckTimer {
    private static final System.Logger LOG = System.getLogger(SelfCheckTimer.class.getName());
    private static final String LEASE = "self-check";

    @Inject
    private Leases leases;

    @Inject
    private Node node;

    @Inject
    @Any
    private Instance<SelfCheck> checks;

    private final AtomicBoolean busy = new AtomicBoolean();

    @Schedule(hour = "*", minute = "*", second = "40", persistent = false)
    void look() {
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        try {
            if (!node.leaving()
                    && node.isSteady()
                    && leases.acquire(Leases.Wanted.alone(LEASE), node.id(), node.id())
                                    .fence()
                            != null) {
                checks.forEach(SelfCheckTimer::make);
            }
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.DEBUG, "No self-check: {0}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "The self-check failed", e);
        } finally {
            busy.set(false);
        }
    }

    /** One that fails does not keep the others from being made. */
    private static void make(SelfCheck check) {
        try {
            check.check();
        } catch (Failure.Retryable e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "A self-check failed", e);
        }
    }
}
