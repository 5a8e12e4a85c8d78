package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.SqlFailure;
import jakarta.batch.api.AbstractBatchlet;
import jakarta.batch.api.BatchProperty;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The frame around a feature's work on one target: takes the target under the attempt's fence, waits for the lock of
 * the kind of work, tries again what is worth it, and records the end. Whatever happens, it ends the target and not
 * the batch job, so that the other targets go on.
 */
public abstract class TargetBatchlet extends AbstractBatchlet {
    private static final System.Logger LOG = System.getLogger(TargetBatchlet.class.getName());

    /** Tries of a target before a retryable failure is final. */
    static final int TRIES = 3;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);

    @Inject
    @BatchProperty(name = "attempt")
    private String attemptId;

    @Inject
    @BatchProperty(name = "target")
    private String targetId;

    @Inject
    private Ledger ledger;

    @Inject
    private TargetLedger targets;

    @Inject
    private TargetLocks locks;

    @Inject
    private MemoryGate memory;

    @Inject
    private WindowGate windows;

    @Inject
    private LocalTargets local;

    @Inject
    private GuestTargets guests;

    @Inject
    private Node node;

    @Inject
    private Jobs jobs;

    @Inject
    private TargetFindings findings;

    private volatile @Nullable TargetRun running;

    /**
     * Does the job on one target, outside of any transaction.
     *
     * @throws Failure by whose type the frame decides; {@link StopRequested} when it noticed the stop
     */
    protected abstract void work(TargetRun target) throws Exception;

    @Override
    public final String process() {
        UUID id = UUID.fromString(attemptId);
        Attempt attempt =
                Patience.whenRepositoryAnswers(() -> ledger.attempt(id)).orElse(null);
        if (attempt == null) {
            return "GONE";
        }
        if (!guests.admits(id)) {
            return "REFUSED";
        }
        UUID wanted = UUID.fromString(targetId);
        var taken = Patience.whenRepositoryAnswers(() -> targets.start(attempt, wanted, node.id()))
                .orElse(null);
        if (taken == null) {
            return "GONE";
        }
        var target = new TargetRun(attempt, taken, targets, ledger);
        running = target;
        target.signal().workedOnBy(Thread.currentThread());
        local.add(target);
        JobDefinition job = jobs.named(attempt.job()).definition();
        try {
            return conclude(job, target);
        } catch (TakenOver e) {
            // The other attempt speaks for the target, in the ledger and in findings.
            LOG.log(System.Logger.Level.WARNING, "Run {0}: {1}", attempt.run(), e.getMessage());
            return "GONE";
        } finally {
            local.remove(target);
            target.signal().workedOnBy(null);
            if (target.signal().isGivenUp()) {
                Thread.interrupted(); // the runtime goes on with this thread
            }
        }
    }

    private String conclude(JobDefinition job, TargetRun target) {
        try {
            tryAndTryAgain(job, target);
            target.conclude(connection -> findings.succeeded(job, target));
            end(target, TargetStatus.COMPLETED, null, null);
        } catch (TakenOver e) {
            throw e;
        } catch (StopRequested e) {
            if (target.signal().handedOver() || target.signal().isGivenUp()) {
                return "HANDED OVER";
            }
            end(target, TargetStatus.STOPPED, e.getMessage(), null);
        } catch (HeldBack e) {
            Patience.untilRepositoryAnswers(() -> targets.hold(target.of(), target.targetId(), e));
            return "HELD BACK";
        } catch (Failure.Skippable e) {
            String reason = LogText.clean(e.getMessage());
            target.warn(reason);
            target.conclude(connection -> findings.skipped(job, target, reason, e.remedy()));
            end(target, TargetStatus.SKIPPED, reason, e.remedy());
        } catch (Exception e) {
            failed(job, target, e);
        }
        return "DONE";
    }

    private void tryAndTryAgain(JobDefinition job, TargetRun target) throws Exception {
        for (int tries = 1; ; tries++) {
            try (var lock = locks.acquire(jobs.named(job.name()), target);
                    var place = memory.enter(jobs.named(job.name()), target)) {
                lock.keep();
                place.keep();
                windows.enter(jobs.named(job.name()), target);
                try {
                    work(target);
                } finally {
                    target.tryEnds();
                }
                return;
            } catch (Exception e) {
                // A cancelled statement or a closed stream is the stop that was asked for, whatever it calls itself.
                Exception cause = target.stopRequested() ? target.signal().why() : e;
                if (!(cause instanceof Failure.Retryable) || tries == TRIES) {
                    throw cause;
                }
                target.signal().tryAgain();
                Duration pause = pause(tries);
                target.warn(cause.getMessage() + " Trying again in " + pause.toSeconds() + " s (" + tries + " of "
                        + TRIES + " tries).");
                sleep(target, pause);
            }
        }
    }

    /** 5 s, 20 s, with up to a quarter of jitter, so that many targets of one server do not come back together. */
    private static Duration pause(int tries) {
        long millis = FIRST_PAUSE.toMillis() << (2 * (tries - 1));
        return Duration.ofMillis(millis + ThreadLocalRandom.current().nextLong(millis / 4));
    }

    private static void sleep(TargetRun target, Duration pause) throws InterruptedException {
        long until = System.nanoTime() + pause.toNanos();
        while (System.nanoTime() < until) {
            target.throwIfStopped();
            Thread.sleep(200);
        }
    }

    private void failed(JobDefinition job, TargetRun target, Exception e) {
        if (e instanceof Failure failure) {
            target.error(failure.getMessage());
            failed(job, target, failure.getMessage(), failure.remedy());
        } else {
            Throwable told = SqlFailure.withoutRows(e);
            LOG.log(System.Logger.Level.ERROR, "Run " + target.runId() + ", target " + target.databaseNames(), told);
            String reason = "An error that Nightshift did not expect: " + told + ". The server's log has the details.";
            target.error(reason);
            failed(job, target, reason, null);
        }
    }

    private void failed(JobDefinition job, TargetRun target, String words, @Nullable String remedy) {
        String reason = LogText.clean(words);
        target.conclude(connection -> findings.failed(job, target, reason, remedy));
        end(target, TargetStatus.FAILED, reason, remedy);
    }

    /** The end is worth waiting for: the repository may be away just now. */
    private static void end(TargetRun target, TargetStatus status, @Nullable String reason, @Nullable String remedy) {
        Patience.untilRepositoryAnswers(() -> {
            if (status != TargetStatus.COMPLETED) {
                target.abandonStep(status, reason);
            }
            target.end(status, reason, remedy);
        });
    }

    @Override
    public final void stop() {
        TargetRun target = running;
        if (target != null) {
            target.signal().stop(Runnable::run);
        }
    }
}
