package dev.nightshift.backup;

import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.backup.wal.LogFile;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ArchiverStatus;
import dev.nightshift.postgres.LogPosition;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.SlotStatus;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Asks a server that pushes its log where it is, and holds that against what was pushed under its name. */
@ApplicationScoped
class PushedLook {
    /** So long it fails before a look alone says that it does not any more: the server notes a moment later what it was told. */
    private static final Duration SURE = Duration.ofSeconds(20);

    /** An archiver that has something to push tries every minute, and its command is ended by the script long before. */
    private static final Duration GIVEN_UP = Duration.ofMinutes(25);

    /** Between the answer to a push and what the server says of it. */
    private static final Duration NOTED = Duration.ofSeconds(1);

    /** What a server said counts so long. */
    private static final Duration REMEMBERED = Duration.ofMinutes(1);

    /** That it did not answer counts so many times as long as that took: pushes wait a quarter of the time for one that is away. */
    private static final int AWAY = 3;

    /** What they said last to this node. */
    private final Map<UUID, Answer> answers = new ConcurrentHashMap<>();

    /**
     * @param position null where it was not reached
     * @param asked when, by the clock that only runs forward
     * @param answered when it answered, or was given up
     */
    record Answer(@Nullable LogPosition position, long asked, long answered) {
        boolean isFresh(long now) {
            return now - answered < (position == null ? AWAY * (answered - asked) : REMEMBERED.toNanos());
        }

        /** A later one, unless that gave up on a question from before the server answered this one. */
        Answer or(Answer later) {
            return later.position() == null && position != null && answered - later.asked() > 0 ? this : later;
        }
    }

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
            LogPosition now = ask(service);
            Instant at = now.at();
            settle(service, now);
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
            } else if (at != null && reached != null && same) {
                if (service.state() != WalService.State.FAILING) {
                    if (!isAhead(reached, now)) {
                        moments.reached(at, now.position(), now.ended());
                    }
                } else if (service.stateAt().plus(SURE).isBefore(clock.now()) && isSettled(now, at, reached)) {
                    // What was refused for its content is not: the repository minds that
                    work.state(service.project(), service.instance(), WalService.State.RECEIVING, null);
                }
            }
            transactions.run(
                    service.project(),
                    connection -> repository.looked(
                            connection,
                            service.instance(),
                            new SlotStatus(at, now.position(), false, false, false, null, null)));
            // Both or none: that nobody pushes any more is noticed once
            transactions.run(service.project(), connection -> {
                if (pushed.isQuiet(connection, service.instance())) {
                    findings.noStranger(service);
                }
            });
            findings.covered(service, work.coveredTo(service), at == null ? clock.now() : at);
        } catch (SQLException e) {
            findings.covered(service, work.coveredTo(service), clock.now());
        }
    }

    /** Where a segment that was in doubt has come again, and the server says itself that it has archived it, it is the server's. */
    void settle(WalService service) {
        if (service.state() == WalService.State.FAILING) {
            settle(service, null);
        }
    }

    /** The same with what the server says, if it was asked already. */
    private void settle(WalService service, @Nullable LogPosition said) {
        PushedRepository.Doubtful of = service.state() != WalService.State.FAILING
                ? null
                : transactions
                        .in(service.project(), connection -> pushed.pushedAgain(connection, service.instance()))
                        .orElse(null);
        if (of == null) {
            return;
        }
        String system = fleet.instance(service.project(), service.instance()).systemIdentifier();
        LogPosition now = said == null ? asked(service) : said;
        if (now != null && system != null && isItsOwn(now, system, of.timeline(), of.from())) {
            transactions.run(
                    service.project(),
                    connection -> pushed.settled(connection, service.instance(), of.timeline(), of.from()));
        }
    }

    /**
     * Whether a segment that was confirmed to whoever pushed it was confirmed to this server too. What another one pushes again says
     * nothing of it.
     */
    static boolean isItsOwn(LogPosition now, String system, int timeline, Lsn from) {
        return !now.standby()
                && system.equals(now.systemIdentifier())
                && now.archiver().on()
                && now.archiver().isPast(from.segmentName(timeline, now.segmentBytes()));
    }

    /**
     * Whether the archive has more of a primary's timeline than its own archiver has pushed: whose that is is told by its own push of
     * the same. Where its archiver is off, or archived something else than a segment last, that is not known.
     */
    static boolean isAhead(ArchiveWal.Reached reached, LogPosition now) {
        return !now.standby()
                && now.archiver().on()
                && now.archiver()
                        .isBefore(
                                new Lsn(reached.to().value() - 1).segmentName(reached.timeline(), now.segmentBytes()));
    }

    /**
     * What is new to the archive the server has written, where it says how far that is. Not every push waits for a server that is
     * away.
     *
     * @throws Failure.Conflict if it has not: another one pushes
     */
    void requireWritten(WalService service, String system, LogFile file) {
        Answer last = answers.get(service.instance());
        if (last != null && last.isFresh(System.nanoTime()) && isEnough(last.position(), system, file)) {
            return;
        }
        LogPosition now = asked(service);
        if (now != null && isUnwritten(now, system, file)) {
            throw new Failure.Conflict(
                    file.name() + " is pushed, and the server has written its log up to " + now.position()
                            + ", which is before that segment's end: most likely a copy of it pushes. Nothing of it is stored.",
                    "Set archive_mode = off on the copy. If it is to take the server's place, stop the server, or change the"
                            + " address in the database's settings.");
        }
    }

    /** Whether a primary on this very timeline has not come to a segment's end. */
    static boolean isUnwritten(LogPosition now, String system, LogFile file) {
        if (now.standby()
                || !system.equals(now.systemIdentifier())
                || file.kind() != LogFile.Kind.SEGMENT
                || file.timeline() != now.timeline()) {
            return false;
        }
        Lsn end = end(now, file);
        return end != null && isBefore(now, end);
    }

    /** A log grows: what it had come to is written. Of one that says nothing of it nothing is to be had a moment later either. */
    private static boolean isEnough(@Nullable LogPosition last, String system, LogFile file) {
        return last == null
                || last.standby()
                || !system.equals(last.systemIdentifier())
                || (file.timeline() <= last.timeline() && !isUnwritten(last, system, file));
    }

    private static boolean isBefore(LogPosition now, Lsn end) {
        return now.position().compareTo(end) < 0;
    }

    private static @Nullable Lsn end(LogPosition now, LogFile segment) {
        try {
            return segment.start(now.segmentBytes()).plus(now.segmentBytes());
        } catch (Failure.Invalid e) {
            return null; // segments of another size
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
        LogPosition now = asked(service);
        if (now != null && isBelow(now, system, timeline)) {
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

    /**
     * Whether a server that pushes nothing now has nothing that waits: what it could not push it has pushed since, or does not try
     * any more. An archiver whose command pushes nothing is not one that is fine: what it archived last has to be stored.
     */
    static boolean isSettled(LogPosition now, Instant at, ArchiveWal.Reached reached) {
        ArchiverStatus archiver = now.archiver();
        if (now.standby() || !archiver.on()) {
            return false;
        }
        Instant failed = archiver.failedAt();
        Instant archived = archiver.archivedAt();
        String last = archiver.archived();
        boolean over = failed == null
                || (archived != null && archived.isAfter(failed))
                || failed.plus(GIVEN_UP).isBefore(at);
        // The last one that is stored begins before the archive's end
        String end = new Lsn(reached.to().value() - 1).segmentName(reached.timeline(), now.segmentBytes());
        // What says where a backup began, and where a timeline was left, has the name of a segment with more behind it
        String of = last == null || last.length() < end.length() ? last : last.substring(0, end.length());
        return over && (of == null || (of.length() == end.length() && of.compareTo(end) <= 0));
    }

    /**
     * Whether a file that is refused is pushed by another server than the one that answers at the instance's address: what that
     * has not written yet, or has archived already, it does not push. Where that is not known it is taken for the server's own.
     *
     * @param cluster the system identifier that the push names; null where it names none
     */
    boolean isAnothers(WalService service, LogFile file, @Nullable String cluster) {
        String system = fleet.instance(service.project(), service.instance()).systemIdentifier();
        LogPosition now = asked(service);
        if (system == null) {
            return false;
        }
        if (cluster != null && !cluster.equals(system)) {
            // Of a server that was made anew at the address the identity is another one, too
            return now == null || (now.systemIdentifier() != null && !cluster.equals(now.systemIdentifier()));
        }
        if (now == null) {
            return false;
        }
        if (isAnothers(now, system, file)) {
            return true;
        }
        if (now.standby() || file.name().equals(now.archiver().failed())) {
            return false;
        }
        // It may have been told a moment ago that this very file is stored, and not have noted it yet
        try {
            Thread.sleep(NOTED.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        LogPosition later = asked(service);
        return later != null && isAnothers(later, system, file);
    }

    /** The same of what the server said. */
    static boolean isAnothers(LogPosition now, String system, LogFile file) {
        if (now.standby() || !system.equals(now.systemIdentifier())) {
            return false;
        }
        ArchiverStatus archiver = now.archiver();
        if (!archiver.on()) {
            return true;
        }
        if (file.timeline() > now.timeline()) {
            return true;
        }
        if (archiver.tries(file.name()) || file.kind() != LogFile.Kind.SEGMENT || file.timeline() != now.timeline()) {
            return false;
        }
        Lsn end = end(now, file);
        return end != null && (isBefore(now, end) || archiver.isBehind(file.name()));
    }

    private @Nullable LogPosition asked(WalService service) {
        try {
            return ask(service);
        } catch (SQLException | Failure e) {
            return null; // a password that cannot be read here says as little as a server that is away
        }
    }

    private LogPosition ask(WalService service) throws SQLException {
        LogPosition now = null;
        long asked = System.nanoTime();
        try {
            now = LogPosition.look(work.endpoint(service.project(), service.instance()));
            return now;
        } finally {
            long over = System.nanoTime();
            answers.values().removeIf(each -> !each.isFresh(over)); // of servers that are gone, too
            answers.merge(service.instance(), new Answer(now, asked, over), Answer::or);
        }
    }

    private void failing(WalService service, String message) {
        if (service.state() != WalService.State.FAILING || !message.equals(service.message())) {
            work.state(service.project(), service.instance(), WalService.State.FAILING, message);
        }
    }
}
