package dev.nightshift.backup;

import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.SlotStatus;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
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
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    /** A session answers every ten seconds. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);

    private static final int DROPS = 5;
    private static final Duration DROP_PAUSE = Duration.ofSeconds(1);

    /** A moment that is not stored after so many later ones will not be: archiving is stuck, and newer ones tell as much. */
    private static final int MOST_MOMENTS = 100;

    private final WalWork work;
    private final ProjectId project;
    private final UUID instance;
    private final AtomicBoolean looking = new AtomicBoolean();
    private final Semaphore wake = new Semaphore(0);
    private final Deque<Moment> moments = new ArrayDeque<>();
    private volatile @Nullable ArchiveWal session;
    private volatile @Nullable UUID archive;
    private volatile Lsn stored = Lsn.NONE;
    private volatile WalService.@Nullable Settings settings;
    private volatile boolean ended;
    private volatile boolean done;

    /** What the server had acknowledged at a time lies before a position. */
    private record Moment(Instant at, Lsn position) {}

    WalRun(WalWork work, ProjectId project, UUID instance) {
        this.work = work;
        this.project = project;
        this.instance = instance;
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
        try {
            while (!ended) {
                WalService service = work.service(project, instance);
                if (service.state() == WalService.State.GIVEN_UP) {
                    return;
                }
                if (!service.enabled()) {
                    if (dropSlot(service)) {
                        work.state(project, instance, WalService.State.OFF, null);
                        return;
                    }
                    failures++;
                } else {
                    failures = archive(service) ? 0 : failures + 1;
                }
                pause(failures);
            }
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Archiving the log of instance " + instance + " failed", e);
        } finally {
            done = true;
            work.over(instance);
        }
    }

    /** One session; true if it ended because it was asked to. */
    private boolean archive(WalService service) {
        try {
            Endpoint endpoint = work.endpoint(project, instance);
            WalFolder.Opened opened = work.open(service, endpoint);
            UUID id = opened.description().id();
            archive = id;
            ArchiveWal next = new ArchiveWal(
                    endpoint, service.slot(), opened, service.settings().piece(), catalogue(id));
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
        } finally {
            session = null;
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
            @Override
            public ArchiveWal.@Nullable Reached reached() {
                ArchiveWal.Reached end = work.reached(project, id).orElse(null);
                stored = end == null ? Lsn.NONE : end.to();
                return end;
            }

            @Override
            public void begins(int timeline, Lsn from, @Nullable String gap) {
                work.begins(project, instance, id, timeline, from, gap);
                stored = from;
            }

            @Override
            public void stored(Lsn to, long objectBytes) {
                work.stored(project, id, to, objectBytes);
                stored = to;
                covered(id);
            }

            @Override
            public void streams() {
                tell(WalService.State.STREAMING, null);
            }
        };
    }

    private void covered(UUID id) {
        Instant newest = null;
        synchronized (moments) {
            while (!moments.isEmpty() && moments.peek().position().compareTo(stored) <= 0) {
                newest = moments.remove().at();
            }
        }
        if (newest != null) {
            work.covered(project, id, newest);
        }
    }

    /** Asks the server how it stands to the slot, unless an earlier look still does. */
    void look() {
        if (!looking.compareAndSet(false, true)) {
            return;
        }
        try {
            WalService service = work.service(project, instance);
            boolean other = settings != null && !service.settings().equals(settings);
            if (!service.enabled() || service.state() == WalService.State.GIVEN_UP || other) {
                stop(); // the next session, if there is one, does as it is told now
                return;
            }
            ArchiveWal current = session;
            if (current != null && current.silence().compareTo(LONGEST_SILENCE) > 0) {
                LOG.log(
                        Level.WARNING,
                        "The session that archives the log of instance {0} is dead; it is cut",
                        instance);
                current.abort();
            }
            String reason = work.look(service, this::moment);
            if (reason != null) {
                giveUp(service, reason);
            }
        } catch (Failure e) {
            LOG.log(Level.DEBUG, "The slot of instance {0} could not be looked at: {1}", instance, e.getMessage());
        } finally {
            looking.set(false);
        }
    }

    private void moment(Instant at, Lsn position) {
        UUID id = archive;
        synchronized (moments) {
            if (moments.size() == MOST_MOMENTS) {
                moments.removeLast();
            }
            moments.add(new Moment(at, position));
        }
        if (id != null) {
            covered(id);
        }
    }

    /** The session first, which would make a new slot; what fails here is done at a later look, by whichever node has it. */
    private void giveUp(WalService service, String reason) {
        end();
        ArchiveWal current = session;
        if (current != null) {
            current.abort();
        }
        if (dropSlot(service)) {
            work.givenUp(service, reason);
        }
    }

    /** True if the server keeps nothing for us any more. */
    private boolean dropSlot(WalService service) {
        String why = null;
        for (int tries = 0; tries < DROPS; tries++) {
            try {
                SlotStatus.drop(work.endpoint(project, instance), service.slot());
                return true;
            } catch (Failure | SQLException e) {
                why = e.getMessage(); // a session that was cut holds it for a moment yet
            }
            sleep(DROP_PAUSE);
        }
        String message = "The slot " + service.slot() + " could not be dropped yet: " + why;
        LOG.log(Level.WARNING, message);
        tell(service.enabled() ? WalService.State.FAILING : WalService.State.STOPPING, message);
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
