package dev.nightshift.backup;

import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.LogPosition;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.SlotStatus;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;

/** Asks a server that pushes its log where it is, and holds that against what was pushed under its name. */
@ApplicationScoped
class PushedLook {
    @Inject
    private WalWork work;

    @Inject
    private WalRepository repository;

    @Inject
    private PushedRepository pushed;

    @Inject
    private WalFindings findings;

    @Inject
    private Transactions transactions;

    @Inject
    private Fleet fleet;

    @Inject
    private Clock clock;

    /** There is no slot. Whether the position is of the log that is archived is told by cluster and timeline. */
    void look(WalService service, WalWork.Moments moments) {
        UUID archive = service.archive();
        // Before the position is, which is behind all that was pushed by then
        ArchiveWal.Reached reached = archive == null
                ? null
                : work.end(service.project(), archive)
                        .map(WalRepository.End::reached)
                        .orElse(null);
        try {
            LogPosition now = LogPosition.look(work.endpoint(service.project(), service.instance()));
            Instant at = now.at();
            String system =
                    fleet.instance(service.project(), service.instance()).systemIdentifier();
            boolean same = reached != null
                    && reached.timeline() == now.timeline()
                    && now.systemIdentifier() != null
                    && now.systemIdentifier().equals(system);
            boolean below = reached != null && system != null && isBelow(now, system, reached.timeline());
            findings.takenOver(service, below ? now.timeline() : null, reached == null ? 0 : reached.timeline());
            if (reached != null && below) {
                failing(
                        service,
                        "The server writes timeline " + now.timeline() + ", and log of timeline " + reached.timeline()
                                + " was pushed: most likely a copy that was promoted pushes.");
            } else if (reached != null && same && isSetBack(now, reached.to())) {
                // The last one that is stored: what comes at the end may be either's
                Lsn last = new Lsn(reached.to().value() - 1).segmentStart(now.segmentBytes());
                transactions.run(
                        service.project(),
                        connection -> pushed.refused(connection, service.instance(), reached.timeline(), last));
                failing(
                        service,
                        "The server's log is at " + now.position() + ", before the archive's end " + reached.to()
                                + ": the server was set back to an earlier state, or another one has pushed. What it writes"
                                + " now is not archived. If it was set back, register it anew under another name, push under"
                                + " that name and take a backup.");
            } else if (at != null && same && service.state() != WalService.State.FAILING) {
                moments.reached(at, now.position(), now.ended());
            }
            transactions.run(
                    service.project(),
                    connection -> repository.looked(
                            connection,
                            service.instance(),
                            new SlotStatus(at, now.position(), false, false, false, null, null)));
            findings.covered(service, work.coveredTo(service), at == null ? clock.now() : at);
        } catch (SQLException e) {
            findings.covered(service, work.coveredTo(service), clock.now());
        }
    }

    /** A primary has all that it has pushed. A standby has replayed less than its primary may have pushed. */
    static boolean isSetBack(LogPosition now, Lsn archived) {
        return !now.standby() && now.position().compareTo(archived) < 0;
    }

    /**
     * A timeline that is new to the archive is begun by the server itself. While that is a primary on one before, a copy was
     * promoted; where it is not reached, or is a standby, another server may have taken over.
     *
     * @throws Failure.Conflict if a copy pushes
     */
    void requireNoPromotedCopy(WalService service, String system, int timeline) {
        UUID archive = service.archive();
        int known = archive == null
                ? 0
                : work.end(service.project(), archive)
                        .map(each -> each.reached().timeline())
                        .orElse(0);
        if (timeline <= known) {
            return;
        }
        LogPosition now;
        try {
            now = LogPosition.look(work.endpoint(service.project(), service.instance()));
        } catch (SQLException e) {
            return;
        }
        if (isBelow(now, system, timeline)) {
            throw new Failure.Conflict(
                    "Log of timeline " + timeline + " is pushed, and the server writes timeline " + now.timeline()
                            + ": most likely a copy that was promoted pushes. Nothing of it is stored.",
                    "Set archive_mode = off on the copy. If it is to take the server's place, stop the server, or change the"
                            + " address in the database's settings.");
        }
    }

    /** Whether the server is a primary on a timeline before this one. Whose it is may be hidden from the role that asks. */
    static boolean isBelow(LogPosition now, String system, int timeline) {
        String answers = now.systemIdentifier();
        return !now.standby() && now.timeline() < timeline && (answers == null || answers.equals(system));
    }

    private void failing(WalService service, String message) {
        if (service.state() != WalService.State.FAILING || !message.equals(service.message())) {
            work.state(service.project(), service.instance(), WalService.State.FAILING, message);
        }
    }
}
