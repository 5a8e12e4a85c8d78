package dev.nightshift.backup;

import dev.nightshift.job.SelfCheck;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;

/**
 * Asks the servers whose slots nobody has looked at for minutes, as no node archives their log: they keep it all the same, and
 * their disks fill.
 */
@ApplicationScoped
class WalWatch implements SelfCheck {
    private static final System.Logger LOG = System.getLogger(WalWatch.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private WalWork work;

    @Inject
    private PushedLook pushedLook;

    @Override
    public void check() {
        for (WalRepository.Wanted each : transactions.installation(WalRepository::wanted)) {
            if (each.unseen()) {
                look(each);
            }
        }
    }

    private void look(WalRepository.Wanted each) {
        try {
            WalService service = work.service(each.project(), each.instance());
            if (service.pushed()) {
                pushedLook.look(service, (at, position, ended) -> {});
                return;
            }
            String reason = work.look(service, (at, position, ended) -> {});
            if (reason != null) {
                work.state(each.project(), each.instance(), WalService.State.GIVING_UP, reason);
                new WalRun(work, pushedLook, each.project(), each.instance()).giveUp();
            }
        } catch (Failure e) {
            LOG.log(
                    Level.WARNING,
                    "Instance {0} is not archived, and cannot be asked: {1}",
                    each.instance(),
                    e.getMessage());
        }
    }
}
