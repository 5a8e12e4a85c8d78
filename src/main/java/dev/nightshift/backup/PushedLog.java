package dev.nightshift.backup;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.ArchiveWal;
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
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
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
    private WalFindings findings;

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
     * @throws Failure.Conflict if it does not belong into the instance's archive
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
            return take(service, instance, file, content, cluster);
        }
        try {
            State state = take(service, instance, file, content, cluster);
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
        } catch (Failure e) {
            work.state(instance.project(), instance.id(), WalService.State.FAILING, e.getMessage());
            throw e;
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
        int length = length(archive, file, start, content, segmentBytes);
        boolean unknown =
                file.timeline() > 1 && archive.history(file.timeline()).isEmpty();
        if (length < 0 || unknown) {
            return State.HISTORY_MISSING;
        }
        return length == 0
                ? State.NOT_KEPT
                : State.of(archive.store(
                        file.timeline(),
                        start,
                        content,
                        length,
                        new Rows(service, archive, opened.description().id(), file.timeline(), start, segmentBytes)));
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
        int length = length(archive, file, start, content, segmentBytes);
        if (length < 0 || !archive.holds(file.timeline(), start, content, length)) {
            throw notYet;
        }
        return State.PRESENT;
    }

    /** The catalogue of one segment that is stored. */
    private final class Rows implements StoreSegment.Catalogue {
        private final WalService service;
        private final StoreSegment archive;
        private final UUID id;
        private final int timeline;
        private final Lsn start;
        private final int segmentBytes;

        Rows(WalService service, StoreSegment archive, UUID id, int timeline, Lsn start, int segmentBytes) {
            this.service = service;
            this.archive = archive;
            this.id = id;
            this.timeline = timeline;
            this.start = start;
            this.segmentBytes = segmentBytes;
        }

        /** Before the object: who asks for a segment before it hears that there is later log. */
        @Override
        public void begins(Lsn from) {
            transactions.run(service.project(), connection -> {
                pushed.lock(connection, service.instance());
                WalRepository.End end = repository.end(connection, id).orElse(null);
                boolean newest = end == null
                        || timeline > end.reached().timeline()
                        || (timeline == end.reached().timeline()
                                && from.compareTo(end.reached().to()) > 0);
                if (!newest || pushed.upTo(connection, id, timeline, from).isPresent()) {
                    return;
                }
                String gap = end == null ? null : gap(end.reached(), timeline, from);
                if (gap != null) {
                    findings.gap(service.project(), service.instance(), gap);
                }
                repository.beginStretch(connection, service.project(), id, timeline, from, gap);
            });
        }

        private @Nullable String gap(ArchiveWal.Reached end, int timeline, Lsn from) {
            if (end.timeline() == timeline) {
                return LogGap.within(end, from);
            }
            TimelineHistory history = archive.history(timeline).orElse(null);
            return history == null
                    ? "the history of timeline " + timeline + " is not stored"
                    : LogGap.across(end, history, from, segmentBytes);
        }

        @Override
        public void stored(Lsn to, long objectBytes) {
            transactions.run(service.project(), connection -> {
                pushed.lock(connection, service.instance());
                grow(connection, to, objectBytes);
                pushed.settled(connection, service.instance(), timeline, start);
            });
        }

        @Override
        public void refused() {
            transactions.run(
                    service.project(), connection -> pushed.refused(connection, service.instance(), timeline, start));
        }

        private void grow(Connection connection, Lsn to, long objectBytes) throws SQLException {
            PushedRepository.Row before =
                    pushed.upTo(connection, id, timeline, start).orElse(null);
            PushedRepository.Row after =
                    pushed.from(connection, id, timeline, to).orElse(null);
            if (before != null) {
                pushed.reach(connection, before.id(), start, to, objectBytes);
            } else if (after != null) {
                pushed.reach(connection, after.id(), start, to, objectBytes);
            }
            boolean filled = false;
            if (before != null && after != null && before.id() < after.id()) {
                pushed.join(connection, before.id(), after.id());
                filled = after.gap() != null;
            }
            filled = isFollowed(connection, to) || filled;
            if (filled && !pushed.hasGap(connection, service.instance())) {
                findings.filled(service.project(), service.instance());
            }
        }

        /** The timeline may have been left where it is whole now: what the next one lacked before it has come then. */
        private boolean isFollowed(Connection connection, Lsn to) throws SQLException {
            PushedRepository.Later later =
                    pushed.later(connection, id, timeline).orElse(null);
            Lsn reached = later == null
                    ? null
                    : pushed.end(connection, id, timeline, to).orElse(null);
            if (later == null
                    || reached == null
                    || gap(new ArchiveWal.Reached(timeline, reached), later.timeline(), later.from()) != null) {
                return false;
            }
            pushed.follows(connection, later.id());
            return true;
        }
    }
}
