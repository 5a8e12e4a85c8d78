package dev.nightshift.backup;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.LogFile;
import dev.nightshift.backup.wal.StoreSegment;
import dev.nightshift.fleet.Instance;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.LogPosition;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Takes the files that a server's archive_command pushes into the archive of its instance, if that is declared as pushed. Beside
 * the stream it only says whether the stream has stored the same already: two that write one archive would tell gaps that are none.
 */
@ApplicationScoped
class PushedLog {
    /** A timeline is left by the next one, or one soon after it. */
    private static final int TIMELINES_AFTER = 16;

    @Inject
    private WalWork work;

    @Inject
    private PushedLook look;

    @Inject
    private WalRepository repository;

    @Inject
    private PushedRepository pushed;

    @Inject
    private PushedCatalogue catalogue;

    @Inject
    private PushedRefusals refusals;

    @Inject
    private Transactions transactions;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    /** What became of a file. */
    enum State {
        STORED,
        PRESENT,
        /** Nothing that restores ever reads it. */
        NOT_KEPT,
        /** Not stored: first the history of its timeline is needed, or of the one that it was left for. */
        HISTORY_MISSING;

        private static State of(StoreSegment.Outcome outcome) {
            return outcome == StoreSegment.Outcome.STORED ? STORED : PRESENT;
        }
    }

    /**
     * Takes a file.
     *
     * @param cluster the system identifier of the server that pushes, as it says; null where it does not
     * @throws PushedRefusals.Refused if it does not belong into the instance's archive: whose it is has still to be judged
     * @throws Failure.Conflict if nothing of the instance is taken so
     * @throws Failure.Retryable if it cannot be stored now
     */
    State push(Instance instance, LogFile file, byte[] content, @Nullable String cluster) {
        WalService service = transactions
                .in(instance.project(), connection -> repository.service(connection, instance.project(), instance.id()))
                .filter(WalService::enabled)
                .orElseThrow(() -> new Failure.Conflict(
                        "The log of " + instance.name() + " is not to be archived.",
                        "An admin of the project declares it as pushed: PUT …/instances/" + instance.name()
                                + "/wal with {\"enabled\":true,\"method\":\"PUSH\"}."));
        if (!service.pushed()) {
            try {
                return take(service, instance, file, content, cluster);
            } catch (OtherStored e) {
                throw e.conflict;
            }
        }
        try {
            State state = take(service, instance, file, content, cluster);
            look.settle(service);
            switch (state) {
                case STORED, PRESENT -> work.state(instance.project(), instance.id(), WalService.State.RECEIVING, null);
                case HISTORY_MISSING ->
                    work.state(
                            instance.project(),
                            instance.id(),
                            WalService.State.FAILING,
                            file.name()
                                    + " is not stored: it waits for the history of its timeline, or of the one that it was"
                                    + " left for.");
                case NOT_KEPT -> {
                    // Says nothing of the log
                }
            }
            return state;
        } catch (Unwritten e) {
            refusals.stranger(service, file, e.conflict);
            throw e.conflict;
        } catch (OtherStored e) {
            throw refusals.refused(service, file, cluster, e.conflict, e.start);
        } catch (Failure.Conflict e) {
            throw refusals.refused(service, file, cluster, e, null);
        } catch (Failure e) {
            work.state(instance.project(), instance.id(), WalService.State.FAILING, e.getMessage());
            throw e;
        }
    }

    /** The archive holds something else in a segment's place. */
    private static final class OtherStored extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final Failure.Conflict conflict;
        private final transient Lsn start;

        OtherStored(Failure.Conflict conflict, Lsn start) {
            super(conflict);
            this.conflict = conflict;
            this.start = start;
        }
    }

    /** The server has not come to it. */
    private static final class Unwritten extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final Failure.Conflict conflict;

        Unwritten(Failure.Conflict conflict) {
            super(conflict);
            this.conflict = conflict;
        }
    }

    private State take(WalService service, Instance instance, LogFile file, byte[] content, @Nullable String cluster) {
        String system = instance.systemIdentifier();
        if (system == null) {
            throw new Failure.Conflict(
                    "It is not known yet which cluster " + instance.name() + " is.",
                    "Test the connection on the database's page.");
        }
        if (cluster != null && !cluster.equals(system)) {
            throw new Failure.Conflict(
                    "Another cluster pushes: its system identifier is " + cluster + ", that of " + instance.name()
                            + " is " + system + ".",
                    "Let each server push under its own name.");
        }
        if (file.kind() == LogFile.Kind.BACKUP) {
            return State.NOT_KEPT;
        }
        if (file.kind() == LogFile.Kind.HISTORY && cluster == null) {
            throw new Failure.Conflict(
                    "Nothing in " + file.name() + " says whose it is, and the request does not either.",
                    "Push it from the server's data folder.");
        }
        if (service.pushed()) {
            look.requireNoPromotedCopy(service, system, file.timeline());
        }
        return service.pushed()
                ? store(service, file, content, system)
                : besideTheStream(service, instance, file, content, system);
    }

    private State store(WalService service, LogFile file, byte[] content, String system) {
        if (file.kind() == LogFile.Kind.HISTORY) {
            StoreSegment archive = new StoreSegment(work.open(service, system, segmentBytes(service, system)));
            return State.of(archive.storeHistory(file.timeline(), content));
        }
        int segmentBytes = StoreSegment.require(file, content, system);
        int known = segmentBytes(service, system);
        if (segmentBytes != known) {
            throw new Failure.Conflict(
                    file.name() + " has " + segmentBytes + " bytes; segments of this server's log have " + known + ".",
                    "After pg_resetwal --wal-segsize, register the server anew.");
        }
        WalFolder.Opened opened = work.open(service, system, segmentBytes);
        StoreSegment archive = new StoreSegment(opened);
        Lsn start = file.start(segmentBytes);
        if (!StoreSegment.isFull(file, content)) {
            State state = unfilled(archive, file, start, content, segmentBytes);
            if (state == State.PRESENT) {
                transactions.run(
                        service.project(),
                        connection -> pushed.again(connection, service.instance(), file.timeline(), start));
            }
            return state;
        }
        int length = length(archive, file, start, content, segmentBytes);
        boolean unknown =
                file.timeline() > 1 && archive.history(file.timeline()).isEmpty();
        if (length < 0 || unknown) {
            return State.HISTORY_MISSING;
        }
        if (length == 0) {
            return State.NOT_KEPT;
        }
        StoreSegment.Catalogue rows =
                catalogue.of(service, archive, opened.description(), file.timeline(), start, () -> {
                    requireNoOther(service, opened.description(), file, start, content, length);
                    try {
                        look.requireWritten(service, system, file);
                    } catch (Failure.Conflict e) {
                        throw new Unwritten(e);
                    }
                });
        try {
            return State.of(archive.store(file.timeline(), start, content, length, rows));
        } catch (Failure.Conflict e) {
            throw new OtherStored(e, start);
        }
    }

    /**
     * What an archive in another store holds of a segment is the same: all of them are read as one log.
     *
     * @throws Failure.Conflict if it is not
     * @throws Failure.Retryable if that store cannot be read now
     */
    private void requireNoOther(
            WalService service, WalFolder current, LogFile file, Lsn start, byte[] content, int length) {
        List<WalRepository.Archive> others =
                transactions
                        .in(service.project(), connection -> repository.archives(connection, service.instance()))
                        .stream()
                        .filter(each -> each.systemIdentifier().equals(current.systemIdentifier())
                                && !stores.isLost(each.store()))
                        .takeWhile(each -> each.endedBecause() == null)
                        .filter(each -> each.segmentBytes() == current.segmentBytes()
                                && !each.id().equals(current.id()))
                        .toList();
        for (WalRepository.Archive each : others) {
            boolean holds = transactions.in(
                    service.project(),
                    connection -> pushed.holdsSome(connection, each.id(), file.timeline(), start, start.plus(length)));
            if (holds) {
                new StoreSegment(
                                WalFolder.open(stores.of(each.store()), each.location(), keyring.of(service.project())))
                        .holds(file.timeline(), start, content, length);
            }
        }
    }

    /**
     * A segment in which the log ends. A server that has left the timeline by two promotions pushes such a one: of that nothing is
     * needed once all is stored up to where the timeline was left, or if that was before.
     *
     * @throws Failure.Conflict if it may be needed
     */
    private static State unfilled(StoreSegment archive, LogFile file, Lsn start, byte[] content, int segmentBytes) {
        Lsn left = Lsn.NONE;
        for (int later = file.timeline() + 1; later <= file.timeline() + TIMELINES_AFTER; later++) {
            Lsn to = archive.history(later)
                    .flatMap(history -> history.part(file.timeline()))
                    .map(TimelineHistory.Part::to)
                    .orElse(Lsn.NONE);
            left = to.compareTo(left) > 0 ? to : left;
        }
        boolean within = left.compareTo(start) > 0 && left.compareTo(start.plus(segmentBytes)) < 0;
        if (within && holds(archive, file, start, content, (int) (left.value() - start.value()))) {
            return State.PRESENT;
        }
        if (!left.equals(Lsn.NONE) && left.compareTo(start) <= 0) {
            return State.NOT_KEPT;
        }
        throw new Failure.Conflict(
                "The log ends within " + file.name() + ": it is not full, and nothing of it is taken."
                        + (within
                                ? " The timeline was left at " + left + ", and up to there not all is stored."
                                : " No promotion is known by which its timeline was left within it or before."),
                "The server that writes it pushes it once it is. Let no standby or copy push what it got by restore_command:"
                        + " archive_mode = on or off there, not always. If it is of a timeline that this server has left by a"
                        + " promotion, nobody needs it: rename its file in pg_wal/archive_status from .ready to .done.");
    }

    private static boolean holds(StoreSegment archive, LogFile file, Lsn start, byte[] content, int length) {
        try {
            return archive.holds(file.timeline(), start, content, length);
        } catch (Failure.Conflict e) {
            throw new OtherStored(e, start);
        }
    }

    /** What counts of a file: of one that was left within it, what is before; negative while that is not known. */
    private static int length(StoreSegment archive, LogFile file, Lsn start, byte[] content, int segmentBytes) {
        if (file.kind() == LogFile.Kind.SEGMENT) {
            return content.length;
        }
        for (int later = file.timeline() + 1; later <= file.timeline() + TIMELINES_AFTER; later++) {
            Optional<Lsn> left = archive.history(later)
                    .flatMap(history -> history.part(file.timeline()))
                    .map(TimelineHistory.Part::to)
                    .filter(to -> to.segmentStart(segmentBytes).equals(start));
            if (left.isPresent()) {
                return (int) (left.get().value() - start.value());
            }
        }
        return -1;
    }

    /** Not as a file says, which would begin an archive that hides the ones before: the newest archive does, or the server. */
    private int segmentBytes(WalService service, String system) {
        List<WalRepository.Archive> archives =
                transactions.in(service.project(), connection -> repository.archives(connection, service.instance()));
        Optional<WalRepository.Archive> newest = archives.stream()
                .filter(each -> each.systemIdentifier().equals(system) && each.endedBecause() == null)
                .findFirst();
        return newest.map(WalRepository.Archive::segmentBytes).orElseGet(() -> {
            try {
                return LogPosition.look(work.endpoint(service.project(), service.instance()))
                        .segmentBytes();
            } catch (SQLException e) {
                throw new Failure.Retryable(
                        "The server cannot be asked how long the segments of its log are: " + e.getMessage(),
                        "See whether Nightshift reaches it.",
                        e);
            }
        });
    }

    private Optional<WalRepository.Archive> current(WalService service, String system) {
        return transactions.in(
                service.project(),
                connection -> repository.archives(connection, service.instance()).stream()
                        .filter(each -> each.id().equals(service.archive())
                                && each.systemIdentifier().equals(system)
                                && each.endedBecause() == null)
                        .findFirst());
    }

    private State besideTheStream(WalService service, Instance instance, LogFile file, byte[] content, String system) {
        Failure.Conflict notYet = new Failure.Conflict(
                "The log of " + instance.name() + " is streamed, and " + file.name() + " is not stored yet.",
                "Push it again in a moment. If it is from before the stream's beginning it never will be: push to an archive"
                        + " that is declared as pushed.");
        WalRepository.Archive found = current(service, system).orElseThrow(() -> notYet);
        StoreSegment archive = new StoreSegment(
                WalFolder.open(stores.of(found.store()), found.location(), keyring.of(instance.project())));
        if (file.kind() == LogFile.Kind.HISTORY) {
            if (archive.history(file.timeline()).isEmpty()) {
                throw notYet;
            }
            return State.of(archive.storeHistory(file.timeline(), content));
        }
        int segmentBytes = StoreSegment.require(file, content, system);
        Lsn start = file.start(segmentBytes);
        if (!StoreSegment.isFull(file, content)) {
            return unfilled(archive, file, start, content, segmentBytes);
        }
        int length = length(archive, file, start, content, segmentBytes);
        if (length < 0 || !archive.holds(file.timeline(), start, content, length)) {
            throw notYet;
        }
        return State.PRESENT;
    }
}
