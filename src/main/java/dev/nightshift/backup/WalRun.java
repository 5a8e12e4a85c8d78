package dev.nightshift.backup;

import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.SlotStatus;
import dev.nightshift.postgres.TargetPools;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Archives one instance's log on this node, session after session, until it is switched off or another node has the duty. The
 * sessions have a thread of their own; the looks at the slot come from others.
 */
final class WalRun implements Runnable {
    private static final System.Logger LOG = System.getLogger(WalRun.class.getName());
    /** So long after a failover the new server's slot is not judged. */
    private static final Duration MOVED_ON = Duration.ofMinutes(2);

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    /** A session answers every ten seconds. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);

    /** So long other log has to be seen: the address may show another server for a moment while that is replaced. */
    private static final Duration SURE = Duration.ofSeconds(10);

    private static final int DROPS = 5;
    private static final Duration DROP_PAUSE = Duration.ofSeconds(1);

    private final WalWork work;
    private final PushedLook pushedLook;
    private final ProjectId project;
    private final UUID instance;
    private final AtomicBoolean looking = new AtomicBoolean();
    private final Semaphore wake = new Semaphore(0);
    private final WalMoments moments;
    private volatile @Nullable ArchiveWal session;
    private volatile @Nullable Endpoint source;

    /** The server whose slot was looked at last, and when that became another one. */
    private volatile @Nullable Endpoint lookedAt;

    private volatile @Nullable Instant movedAt;

    private @Nullable Instant otherLog;
    private volatile WalService.@Nullable Settings settings;
    private volatile boolean ended;
    private volatile boolean done;

    WalRun(WalWork work, PushedLook pushedLook, ProjectId project, UUID instance) {
        this.work = work;
        this.pushedLook = pushedLook;
        this.project = project;
        this.instance = instance;
        this.moments = new WalMoments((stretch, at, ended) -> work.covered(project, stretch, at, ended));
    }

    UUID instance() {
        return instance;
    }

    boolean isDone() {
        return done;
    }

    @Override
    public void run() {
        int failures = 0;
        boolean pushed = false;
        try {
            while (!ended) {
                WalService service = work.service(project, instance);
                pushed = service.pushed();
                if (service.state() == WalService.State.GIVEN_UP) {
                    return;
                }
                if (service.state() == WalService.State.GIVING_UP) {
                    if (giveUp()) {
                        return;
                    }
                    failures++;
                } else if (!service.enabled()) {
                    if (pushed || dropSlot(service)) {
                        work.state(project, instance, WalService.State.OFF, null);
                        return;
                    }
                    failures++;
                } else if (pushed) {
                    settings = service.settings();
                    sleep(LONGEST_PAUSE); // the server pushes, to whichever node it likes; this one looks
                } else {
                    failures = archive(service) ? 0 : failures + 1;
                }
                pause(failures);
            }
            if (!pushed) {
                tell(
                        WalService.State.STARTING,
                        "No node archives it at present; another one, or this one's next start, goes on.");
            }
        } catch (Failure e) {
            LOG.log(Level.WARNING, "Archiving the log of instance {0} pauses: {1}", instance, e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Archiving the log of instance " + instance + " failed", e);
        } finally {
            work.over(instance);
            done = true;
        }
    }

    /** One session; true if it ended because it was asked to. */
    private boolean archive(WalService service) {
        try {
            Endpoint endpoint = work.endpoint(project, instance);
            WalFolder.Opened opened = work.open(service, endpoint);
            work.dropLost(service, endpoint);
            UUID id = opened.description().id();
            ArchiveWal next = new ArchiveWal(
                    endpoint, service.slot(), opened, service.settings().piece(), catalogue(id));
            source = endpoint;
            session = next;
            settings = service.settings();
            if (!ended) {
                next.run();
            }
            return true;
        } catch (Failure e) {
            String message = e.getMessage() + (e.remedy() == null ? "" : " " + e.remedy());
            LOG.log(Level.WARNING, "The log of instance {0} is not archived: {1}", instance, message);
            tell(WalService.State.FAILING, message);
            return false;
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Archiving the log of instance " + instance + " failed", e);
            tell(
                    WalService.State.FAILING,
                    "Something that should not happen did: " + e + ". The server's log has more.");
            return false;
        } finally {
            session = null;
            moments.forget();
        }
    }

    private void tell(WalService.State state, @Nullable String message) {
        try {
            work.state(project, instance, state, message);
        } catch (Failure e) {
            LOG.log(Level.WARNING, "The state of archiving could not be written: {0}", e.getMessage());
        }
    }

    private ArchiveWal.Catalogue catalogue(UUID id) {
        return new ArchiveWal.Catalogue() {
            private long stretch;

            @Override
            public ArchiveWal.@Nullable Reached reached() {
                WalRepository.End end = work.end(project, id).orElse(null);
                if (end == null) {
                    return null;
                }
                stretch = end.stretch();
                moments.begins(stretch, end.reached().to());
                return end.reached();
            }

            @Override
            public void begins(int timeline, Lsn from, @Nullable String gap) {
                otherLog = null;
                stretch = work.begins(project, instance, id, timeline, from, gap);
                moments.begins(stretch, from);
            }

            @Override
            public void stored(Lsn to, long objectBytes) {
                otherLog = null;
                work.stored(project, stretch, to, objectBytes);
                moments.stored(to);
            }

            @Override
            public void diverged(String reason) {
                Instant now = work.now();
                Instant since = otherLog == null ? now : otherLog;
                otherLog = since;
                if (since.plus(SURE).isAfter(now)) {
                    throw new Failure.Retryable(
                            "The server has other log than is archived: " + reason + ".",
                            "If it still has in a moment, a new archive begins.",
                            null);
                }
                otherLog = null;
                LOG.log(
                        Level.WARNING,
                        "The log of instance {0} is another one than is archived: {1}",
                        instance,
                        reason);
                work.diverged(project, instance, id, reason);
            }

            @Override
            public void streams() {
                tell(WalService.State.STREAMING, null);
            }
        };
    }

    /** Asks the server how it stands to the slot, unless an earlier look still does. */
    void look() {
        if (!looking.compareAndSet(false, true)) {
            return;
        }
        try {
            ArchiveWal current = session;
            if (current != null && current.silence().compareTo(LONGEST_SILENCE) > 0) {
                LOG.log(
                        Level.WARNING,
                        "The session that archives the log of instance {0} is dead; it is cut",
                        instance);
                current.abort();
            }
            WalService service = work.service(project, instance);
            boolean other = settings != null && !service.settings().equals(settings);
            boolean goesOn = service.enabled()
                    && service.state() != WalService.State.GIVEN_UP
                    && service.state() != WalService.State.GIVING_UP;
            if (!goesOn || other) {
                stop(); // the next session, if there is one, does as it is told now
            }
            String reason = goesOn ? look(service) : null;
            if (reason != null) {
                work.state(project, instance, WalService.State.GIVING_UP, reason);
                if (current != null) {
                    current.abort();
                }
                stop();
            } else if (goesOn) {
                work.lookForLeftSlots(service);
            }
        } catch (Failure e) {
            LOG.log(Level.DEBUG, "The slot of instance {0} could not be looked at: {1}", instance, e.getMessage());
        } finally {
            looking.set(false);
        }
    }

    private static boolean isElsewhere(Endpoint before, Endpoint now) {
        return !TargetPools.instance(before).equals(TargetPools.instance(now));
    }

    /**
     * Another member of the cluster is the primary: what the one that is streamed from still writes is not the cluster's.
     *
     * @return whether what the slot there keeps says nothing yet: it may be of the time when that server was the primary before, and
     *     hold all log since, until the first session moves it on
     */
    private boolean follow(Endpoint now) {
        Endpoint from = source;
        if (from != null && isElsewhere(from, now) && session != null) {
            LOG.log(Level.INFO, "The log of instance {0} is archived from {1} from now on", instance, now);
            stop();
        }
        Endpoint before = lookedAt;
        lookedAt = now;
        if (before != null && isElsewhere(before, now)) {
            movedAt = work.now();
        }
        Instant since = movedAt;
        return since != null && work.now().isBefore(since.plus(MOVED_ON));
    }

    private @Nullable String look(WalService service) {
        if (!service.pushed()) {
            Endpoint endpoint = work.endpoint(project, instance);
            return work.look(service, endpoint, !follow(endpoint), moments);
        }
        UUID archive = service.archive();
        moments.follow(
                archive == null ? null : work.end(project, archive).orElse(null),
                service.state() == WalService.State.FAILING);
        pushedLook.look(service, moments);
        return null;
    }

    /** True if that is done: what was to be given up was read before the slot goes. */
    boolean giveUp() {
        WalService service = work.service(project, instance);
        if (!dropSlot(service)) {
            return false;
        }
        work.givenUp(service);
        return true;
    }

    /** True if the server keeps nothing for us any more. */
    private boolean dropSlot(WalService service) {
        String why = null;
        for (int tries = 0; tries < DROPS; tries++) {
            try {
                SlotStatus.drop(work.endpoint(project, instance), service.slot());
                work.dropElsewhere(service);
                return true;
            } catch (Failure | SQLException e) {
                why = e.getMessage(); // a session that was cut holds it for a moment yet
            }
            sleep(DROP_PAUSE);
        }
        String message = "The slot " + service.slot() + " could not be dropped yet: " + why;
        LOG.log(Level.WARNING, message);
        if (!service.enabled()) {
            tell(WalService.State.STOPPING, message);
        }
        return false;
    }

    /** Ends soon, with everything stored that has come. */
    void stop() {
        ArchiveWal current = session;
        if (current != null) {
            current.stop();
        }
        wake.release();
    }

    /** Ends for good: the node leaves, or has the duty no longer. */
    void end() {
        ended = true;
        stop();
    }

    private void pause(int failures) {
        if (failures == 0) {
            return;
        }
        sleep(Duration.ofMillis(Math.min(LONGEST_PAUSE.toMillis(), FIRST_PAUSE.toMillis() << Math.min(failures, 8))));
    }

    /** Until that is over, or somebody wants something else. */
    private void sleep(Duration time) {
        try {
            if (wake.tryAcquire(time.toMillis(), TimeUnit.MILLISECONDS)) {
                wake.drainPermits();
            }
        } catch (InterruptedException e) {
            ended = true;
            Thread.currentThread().interrupt();
        }
    }
}
