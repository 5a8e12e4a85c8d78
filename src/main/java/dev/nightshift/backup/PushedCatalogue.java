package dev.nightshift.backup;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.backup.wal.StoreSegment;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Enters in the catalogue what is stored of a server that pushes: segments may come late, twice, and out of their order. */
@ApplicationScoped
class PushedCatalogue {
    @Inject
    private WalRepository repository;

    @Inject
    private PushedRepository pushed;

    @Inject
    private WalFindings findings;

    @Inject
    private Transactions transactions;

    /**
     * The rows of one segment that is stored into an archive.
     *
     * @param whereNew run before the archive gets what it does not hold yet; what it throws keeps that out
     */
    StoreSegment.Catalogue of(
            WalService service,
            StoreSegment archive,
            WalFolder description,
            int timeline,
            Lsn start,
            Runnable whereNew) {
        return new Segment(service, archive, description, timeline, start, whereNew);
    }

    /** The catalogue of one segment that is stored. */
    private final class Segment implements StoreSegment.Catalogue {
        private final WalService service;
        private final StoreSegment archive;
        private final UUID id;
        private final int timeline;
        private final Lsn start;
        private final int segmentBytes;
        private final Runnable whereNew;

        Segment(
                WalService service,
                StoreSegment archive,
                WalFolder description,
                int timeline,
                Lsn start,
                Runnable whereNew) {
            this.service = service;
            this.archive = archive;
            this.id = description.id();
            this.timeline = timeline;
            this.start = start;
            this.segmentBytes = description.segmentBytes();
            this.whereNew = whereNew;
        }

        @Override
        public void lacks() {
            whereNew.run();
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
                pushed.again(connection, service.instance(), timeline, start);
            });
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
