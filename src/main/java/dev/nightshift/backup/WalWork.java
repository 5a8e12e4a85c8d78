package dev.nightshift.backup;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
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
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.SlotStatus;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.TargetPools;
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
        TakeBackup.tryDelete(store, made.folder()); // it holds a description alone
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
        transactions.run(project, connection -> {
            if (!pushed.isInDoubt(connection, stretch)) {
                repository.covered(connection, stretch, to, ended);
            }
        });
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
     * Asks the server that is streamed from, and holds what it says against the goals.
     *
     * @return why the slot is to be given up; null if it is not
     */
    @Nullable
    String look(WalService service, Moments moments) {
        return look(service, endpoint(service.project(), service.instance()), true, moments);
    }

    /**
     * The same of the server at that address.
     *
     * @param judged whether what the slot keeps is held against the limits
     */
    @Nullable
    String look(WalService service, Endpoint endpoint, boolean judged, Moments moments) {
        SlotStatus status;
        try {
            status = SlotStatus.look(endpoint, service.slot());
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
        // A standby's own time stands still with its primary: all that it has replayed is all there is to store
        Instant now = status.at() == null ? clock.now() : status.at();
        findings.covered(service, coveredTo, now);
        if (!judged) {
            return null;
        }
        findings.lost(service, status.lost(), coveredTo);
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

    /** After a failover other members may have a slot of this name; where one cannot be asked, {@link LeftSlots} finds it. */
    void dropElsewhere(WalService service) {
        for (Endpoint other : fleet.others(service.project(), service.instance())) {
            try {
                SlotStatus.drop(other, service.slot());
            } catch (SQLException e) {
                LOG.log(
                        Level.WARNING,
                        "Whether {0} has a slot {1} is not known, and none was dropped there: {2}",
                        TargetPools.instance(other),
                        service.slot(),
                        SqlFailure.words(e));
            }
        }
    }

    /** The server of an instance that is archived is asked by the node that does that. */
    void lookForLeftSlots(WalService service) {
        leftSlots.lookIfDue(service.project(), service.instance());
    }

    Instant now() {
        return clock.now();
    }

    /** The newest stored moment of what the archive that is written to holds; null while none is known. */
    @Nullable
    Instant coveredTo(WalService service) {
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
