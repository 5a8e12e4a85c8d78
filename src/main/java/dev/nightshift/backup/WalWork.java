package dev.nightshift.backup;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.job.Duties;
import dev.nightshift.job.Node;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.LogPosition;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.SlotStatus;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What archiving an instance's log asks of the repository, the store and the server. */
@ApplicationScoped
class WalWork {
    private static final System.Logger LOG = System.getLogger(WalWork.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private WalRepository repository;

    @Inject
    private PushedRepository pushed;

    @Inject
    private WalFindings findings;

    @Inject
    private LeftSlots leftSlots;

    @Inject
    private Fleet fleet;

    @Inject
    private Keyring keyring;

    @Inject
    private Stores stores;

    @Inject
    private Duties duties;

    @Inject
    private Node node;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /**
     * As it is chosen now.
     *
     * @throws Failure.NotFound if nobody ever chose anything
     */
    WalService service(ProjectId project, UUID instance) {
        return transactions
                .in(project, connection -> repository.service(connection, project, instance))
                .orElseThrow(() -> new Failure.NotFound("The log of this instance was never archived."));
    }

    Endpoint endpoint(ProjectId project, UUID instance) {
        return fleet.endpoint(project, instance);
    }

    void state(ProjectId project, UUID instance, WalService.State state, @Nullable String message) {
        transactions.run(project, connection -> {
            repository.state(connection, instance, node.id(), state, message);
            if (state == WalService.State.OFF) {
                findings.over(project, instance);
            }
            live.changed(project, "instance", instance);
        });
    }

    /**
     * The archive that the server's log goes to: the newest of this cluster, or a new one.
     *
     * @throws Failure.Fatal if another cluster answers than was registered
     */
    WalFolder.Opened open(WalService service, Endpoint endpoint) {
        String system;
        int segment;
        try (ReplicationSession session = ReplicationSession.open(endpoint)) {
            system = session.identify().systemIdentifier();
            segment = session.walSegmentBytes();
        }
        String known = fleet.instance(service.project(), service.instance()).systemIdentifier();
        if (known != null && !known.equals(system)) {
            throw new Failure.Fatal(
                    "Another cluster answers at " + endpoint + ": its system identifier is " + system + ", not " + known
                            + ".",
                    "If the server was replaced on purpose, test the connection on the database's page: that takes note of the"
                            + " new one.",
                    null);
        }
        return open(service, system, segment);
    }

    /** The same for log of a cluster that is known to be the instance's. */
    WalFolder.Opened open(WalService service, String system, int segment) {
        Instance instance = fleet.instance(service.project(), service.instance());
        String name = service.settings().store();
        Store store = stores.of(name);
        ProjectKeys keys = keyring.of(service.project());
        Optional<WalRepository.Archive> archive =
                transactions.in(service.project(), connection -> current(connection, service, system, segment));
        WalFolder.Opened opened = archive.map(each -> WalFolder.open(store, each.location(), keys))
                .orElseGet(() -> begin(service, instance, system, segment, store, keys));
        transactions.run(
                service.project(),
                connection -> repository.writesTo(
                        connection, service.instance(), opened.description().id()));
        return opened;
    }

    private Optional<WalRepository.Archive> current(
            Connection connection, WalService service, String system, int segment) throws SQLException {
        return repository.archives(connection, service.instance()).stream()
                .filter(each -> each.systemIdentifier().equals(system))
                // Nobody holds the end of one from before the server was set back against what a server pushes
                .takeWhile(each -> !service.pushed() || each.endedBecause() == null)
                .filter(each -> each.segmentBytes() == segment
                        && each.store().equals(service.settings().store())
                        && each.endedBecause() == null)
                .findFirst();
    }

    private WalFolder.Opened begin(
            WalService service, Instance instance, String system, int segment, Store store, ProjectKeys keys) {
        UUID id = Ids.next(clock);
        WalFolder made = new WalFolder(
                instance.project(),
                fleet.project(instance.project()).name().value(),
                instance.name().value(),
                id,
                system,
                segment,
                clock.now(),
                keys.wrap(keys.newDataKey(), id));
        WalFolder.Opened opened = new WalFolder.Opened(made, made.begin(store, keys));
        Optional<WalRepository.Archive> other = transactions.in(instance.project(), connection -> {
            pushed.lock(connection, instance.id());
            // Two nodes may have a first segment each
            Optional<WalRepository.Archive> begun = current(connection, service, system, segment);
            if (begun.isEmpty()) {
                repository.begin(
                        connection,
                        instance.project(),
                        instance.id(),
                        new WalRepository.Archive(
                                id, system, segment, service.settings().store(), made.folder(), null),
                        made.key().keyId());
            }
            return begun;
        });
        if (other.isEmpty()) {
            return opened;
        }
        store.deleteFolder(made.folder());
        return WalFolder.open(store, other.get().location(), keys);
    }

    Optional<WalRepository.End> end(ProjectId project, UUID archive) {
        return transactions.in(project, connection -> repository.end(connection, archive));
    }

    /** Answers the stretch's id. */
    long begins(ProjectId project, UUID instance, UUID archive, int timeline, Lsn from, @Nullable String gap) {
        return transactions.in(project, connection -> {
            if (gap != null) {
                findings.gap(project, instance, gap);
            }
            return repository.beginStretch(connection, project, archive, timeline, from, gap);
        });
    }

    void stored(ProjectId project, long stretch, Lsn to, long objectBytes) {
        transactions.run(project, connection -> repository.grow(connection, stretch, to, objectBytes));
    }

    void covered(ProjectId project, long stretch, Instant to, @Nullable String ended) {
        transactions.run(project, connection -> repository.covered(connection, stretch, to, ended));
    }

    /** What the server sends is not what it had sent: the next session begins a new archive. */
    void diverged(ProjectId project, UUID instance, UUID archive, String reason) {
        transactions.run(project, connection -> {
            repository.end(connection, archive, reason);
            findings.gap(
                    project,
                    instance,
                    "the server, set back to an earlier state or replaced, has other log than is archived: " + reason);
        });
    }

    /** Told of a time, the position that was reached then, and the transactions that had ended if that is known. */
    interface Moments {
        void reached(Instant at, Lsn position, @Nullable String ended);
    }

    /**
     * Asks the server, and holds what it says against the goals.
     *
     * @return why the slot is to be given up; null if it is not
     */
    @Nullable
    String look(WalService service, Moments moments) {
        if (service.pushed()) {
            lookAtPushed(service, moments);
            return null;
        }
        SlotStatus status;
        try {
            status = SlotStatus.look(endpoint(service.project(), service.instance()), service.slot());
        } catch (SQLException e) {
            findings.covered(service, coveredTo(service), clock.now());
            return null;
        }
        // Whoever else answers at the address has no slot of this name that somebody streams from
        if (status.at() != null && status.active()) {
            moments.reached(status.at(), status.position(), null);
        }
        transactions.run(service.project(), connection -> repository.looked(connection, service.instance(), status));
        Instant coveredTo = coveredTo(service);
        findings.lost(service, status.lost(), coveredTo);
        // A standby's own time stands still with its primary: all that it has replayed is all there is to store
        Instant now = status.at() == null ? clock.now() : status.at();
        findings.covered(service, coveredTo, now);
        long retained = status.retainedBytes() == null ? 0 : status.retainedBytes();
        findings.retained(service, retained);
        return service.settings().giveUp() && retained > service.settings().retainedLimitBytes()
                ? "Its slot " + service.slot() + " held " + new Bytes(retained)
                        + " of log on the server, more than the limit of "
                        + new Bytes(service.settings().retainedLimitBytes())
                        + ", and was dropped so that the server's disk does not fill."
                : null;
    }

    /** Makes way for a new slot. A role that may only replicate does without: then the server's refusal is told. */
    void dropLost(WalService service, Endpoint endpoint) {
        try {
            SlotStatus.dropLost(endpoint, service.slot());
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "Whether the slot {0} is lost is not known: {1}", service.slot(), SqlFailure.words(e));
        }
    }

    /** There is no slot. Whether the position is of the log that is archived is told by cluster and timeline. */
    private void lookAtPushed(WalService service, Moments moments) {
        UUID archive = service.archive();
        // Before the position is, which is behind all that was pushed by then
        ArchiveWal.Reached reached = archive == null
                ? null
                : end(service.project(), archive)
                        .map(WalRepository.End::reached)
                        .orElse(null);
        try {
            LogPosition now = LogPosition.look(endpoint(service.project(), service.instance()));
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
            findings.covered(service, coveredTo(service), at == null ? clock.now() : at);
        } catch (SQLException e) {
            findings.covered(service, coveredTo(service), clock.now());
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
                : end(service.project(), archive)
                        .map(each -> each.reached().timeline())
                        .orElse(0);
        if (timeline <= known) {
            return;
        }
        LogPosition now;
        try {
            now = LogPosition.look(endpoint(service.project(), service.instance()));
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
            state(service.project(), service.instance(), WalService.State.FAILING, message);
        }
    }

    /** The server of an instance that is archived is asked by the node that does that. */
    void lookForLeftSlots(WalService service) {
        leftSlots.lookIfDue(service.project(), service.instance());
    }

    Instant now() {
        return clock.now();
    }

    private @Nullable Instant coveredTo(WalService service) {
        UUID archive = service.archive();
        return archive == null
                ? null
                : transactions
                        .in(
                                service.project(),
                                connection -> repository.coveredTo(connection, archive, service.pushed()))
                        .orElse(null);
    }

    void givenUp(WalService service) {
        String reason = String.valueOf(service.message());
        state(service.project(), service.instance(), WalService.State.GIVEN_UP, reason);
        findings.givenUp(service, reason);
    }

    /** Nothing is done for it on this node any more. */
    void over(UUID instance) {
        try {
            duties.giveBack(WalService.duty(instance));
        } catch (Failure e) {
            // It lapses by itself
        }
    }
}
