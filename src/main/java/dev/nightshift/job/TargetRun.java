package dev.nightshift.job;

import dev.nightshift.finding.Subject;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Work;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A batchlet's view of the target it works on: who it is, what was asked, and the ledger to write to. Every write checks
 * the attempt's fence; when another attempt has taken over, it throws {@link TakenOver}.
 *
 * <p>Thread-safe: progress may come from any thread of the work.
 */
public final class TargetRun {
    private static final System.Logger LOG = System.getLogger(TargetRun.class.getName());

    /** One progress write a second is what a page can show; more would only load the repository. */
    private static final long PROGRESS_EVERY_NANOS = 1_000_000_000L;

    private final Attempt attempt;
    private final List<AutoCloseable> hadByTry = new CopyOnWriteArrayList<>();
    private final TargetLedger.Taken target;
    private final TargetLedger targets;
    private final Ledger ledger;
    private final Outage outage = new Outage(System::nanoTime);
    private final StopSignal signal;
    private volatile boolean waiting;
    private volatile @Nullable Instant windowCloses;
    private volatile @Nullable Concern concern;
    private volatile Optional<JsonObject> checkpoint;
    private volatile @Nullable String step;
    private volatile long progressAt;

    TargetRun(Attempt attempt, TargetLedger.Taken target, TargetLedger targets, Ledger ledger) {
        this.attempt = attempt;
        this.target = target;
        this.targets = targets;
        this.ledger = ledger;
        this.signal = new StopSignal("Run " + attempt.run(), attempt.number());
        this.checkpoint = target.checkpoint();
    }

    Attempt of() {
        return attempt;
    }

    public ProjectId project() {
        return attempt.project();
    }

    public UUID runId() {
        return attempt.run();
    }

    public UUID targetId() {
        return target.id();
    }

    /**
     * The instance to work on, or the one of the database.
     *
     * @throws IllegalStateException where the project is the target
     */
    public UUID instanceId() {
        UUID instance = target.instanceId();
        if (instance == null) {
            throw new IllegalStateException("A job of the whole project works on no instance.");
        }
        return instance;
    }

    boolean isOf(Attempt other) {
        return attempt.id().equals(other.id());
    }

    Aim aim() {
        return new Aim(attempt.project(), target.instanceId(), target.databaseId());
    }

    /** The database to work on; null where the whole instance is the target. */
    public @Nullable UUID databaseId() {
        return target.databaseId();
    }

    /** The databases that were asked for, by their names in Nightshift. */
    public List<String> databaseNames() {
        return target.databaseNames();
    }

    /** 1 for the run's first try. */
    public int attempt() {
        return attempt.number();
    }

    public Parameters parameters() {
        return attempt.parameters();
    }

    /** Begins one of the job's declared steps; the one before it must be done. */
    public void begin(String name) {
        throwIfStopped();
        step = name;
        progressAt = 0;
        Patience.whenRepositoryAnswers(() -> targets.beginStep(attempt, target.id(), name), this::throwIfStopped);
    }

    /** Ends a step. {@code figure} says in a few words what it measured, {@code 312.4 MB}. */
    public void done(String name, @Nullable String figure) {
        endStep(name, TargetStatus.COMPLETED, figure, null);
    }

    /** Ends a step that came to less than it should, with the reason, where the steps behind it can go on. */
    public void failed(String name, String reason) {
        endStep(name, TargetStatus.FAILED, null, reason);
    }

    /** The same for the step that is under way, if there is one. */
    public void failed(String reason) {
        String current = step;
        if (current != null) {
            failed(current, reason);
        }
    }

    /** Ends a step that was not needed or not possible, with the reason. */
    public void skipped(String name, String reason) {
        endStep(name, TargetStatus.SKIPPED, null, reason);
    }

    /** Waits for a repository that is away: hours of work must not be done again for the sake of one line. */
    private void endStep(String name, TargetStatus status, @Nullable String figure, @Nullable String reason) {
        Patience.whenRepositoryAnswers(
                () -> targets.endStep(attempt, target.id(), name, status, figure, reason), this::throwIfStopped);
        // Not before: until it is written, the step is what the target's end has to end as well.
        step = null;
    }

    /** Ends the step that is under way, because the target ends. */
    void abandonStep(TargetStatus status, @Nullable String reason) {
        String current = step;
        if (current != null) {
            targets.endStep(attempt, target.id(), current, status, null, reason);
            step = null;
        }
    }

    /** What this work is about where that is less than the whole target: one backup of the instance. */
    record Concern(String fingerprint, Subject subject) {}

    /**
     * From now on a failure is a finding about this subject, and success closes the finding with this fingerprint alone
     * beside the target's own.
     */
    public void concerns(String fingerprint, Subject subject) {
        concern = new Concern(fingerprint, subject);
    }

    /** When the maintenance window of what is worked on closes; by then the work has ended. Empty where none does. */
    public Optional<Instant> windowCloses() {
        return Optional.ofNullable(windowCloses);
    }

    void windowCloses(@Nullable Instant at) {
        windowCloses = at;
    }

    /** True while it waits for a lock, a window or memory. */
    boolean isWaiting() {
        return waiting;
    }

    @Nullable
    Concern concern() {
        return concern;
    }

    void end(TargetStatus status, @Nullable String reason, @Nullable String remedy) {
        targets.end(attempt, target.id(), status, reason, remedy);
    }

    /**
     * Says what the target waits for, until {@link #waitsNoMore}: others that work on the same thing. A run whose targets all
     * wait takes no place on its node.
     */
    public void waitsFor(String reason) {
        waiting = true;
        targets.reason(attempt, target.id(), reason);
    }

    public void waitsNoMore() {
        waiting = false;
        targets.reason(attempt, target.id(), null);
    }

    /**
     * How far the current step is; written once a second at most. A repository that is away neither stops nor slows the
     * work.
     *
     * @param total null when not known
     * @param unit of both figures: {@code bytes}, {@code tables}
     */
    public void progress(long done, @Nullable Long total, String unit, @Nullable String text) {
        long now = System.nanoTime();
        if ((progressAt != 0 && now - progressAt < PROGRESS_EVERY_NANOS) || outage.lasts()) {
            return;
        }
        progressAt = now;
        try {
            targets.progress(attempt, target.id(), done, total, unit, text);
        } catch (Failure.Retryable e) {
            outage.seen();
            LOG.log(System.Logger.Level.WARNING, "Progress of run {0} not written: {1}", attempt.run(), e.getMessage());
        }
    }

    public void info(String text) {
        log(Run.Level.INFO, text);
    }

    public void warn(String text) {
        log(Run.Level.WARN, text);
    }

    public void error(String text) {
        log(Run.Level.ERROR, text);
    }

    private void log(Run.Level level, String line) {
        String text = LogText.clean(line);
        LOG.log(
                level == Run.Level.INFO ? System.Logger.Level.INFO : System.Logger.Level.WARNING,
                "run {0} {1} {2}: {3}",
                attempt.run(),
                attempt.job(),
                target.databaseNames(),
                text);
        if (signal.isGivenUp() || (level == Run.Level.INFO && outage.lasts())) {
            return;
        }
        try {
            ledger.log(attempt.project(), attempt.run(), target.id(), level, text);
        } catch (Failure.Retryable e) {
            outage.seen();
            LOG.log(System.Logger.Level.WARNING, "Log line of run {0} not stored: {1}", attempt.run(), e.getMessage());
        }
    }

    /** Keeps a measured value with the target: a number, a boolean or a text. */
    public void figure(String name, Object value) {
        var builder = Json.createObjectBuilder();
        if (value instanceof Number number) {
            builder.add(name, number.longValue());
        } else if (value instanceof Boolean flag) {
            builder.add(name, flag);
        } else {
            builder.add(name, value.toString());
        }
        var figure = builder.build();
        Patience.whenRepositoryAnswers(() -> targets.figures(attempt, target.id(), figure), this::throwIfStopped);
    }

    /** What a restart of this target needs to know. */
    public void checkpoint(JsonObject state) {
        // Kept before it is known to be written: whoever tries again then looks for more than there may be, never less.
        checkpoint = Optional.of(state);
        Patience.whenRepositoryAnswers(() -> targets.checkpoint(attempt, target.id(), state), this::throwIfStopped);
    }

    /** What {@link #checkpoint(JsonObject)} was last given, by an earlier attempt or by an earlier try of this one. */
    public Optional<JsonObject> checkpoint() {
        return checkpoint;
    }

    /**
     * Stores a feature's own results in a transaction of the project, only while this attempt still owns the target. Waits
     * for a repository that is away.
     *
     * @param write may be called again after a commit whose answer was lost: an insert needs an id of its own and
     *     {@code on conflict do nothing}
     * @throws TakenOver if another attempt has taken over
     */
    public void store(Work.Action write) {
        Patience.whenRepositoryAnswers(() -> targets.underFence(attempt, target.id(), write), this::throwIfStopped);
    }

    /** As {@link #store}, for what the frame says of the target's end: a stop no longer matters then. */
    void conclude(Work.Action write) {
        Patience.untilRepositoryAnswers(() -> targets.underFence(attempt, target.id(), write));
    }

    public boolean stopRequested() {
        return signal.isGiven();
    }

    /** Ends the work if a stop was asked for. */
    public void throwIfStopped() {
        if (signal.isGiven()) {
            throw signal.why();
        }
    }

    /** Something that ends what the work waits for: cancels a statement, closes a stream. Called from another thread. */
    public void onStop(AutoCloseable cancel) {
        signal.cancels(cancel);
    }

    /**
     * Something that cuts off what the work holds elsewhere, such as the connection to a server that hangs. Called from
     * another thread, once the work has not ended within the grace of a stop: a server that hangs hears no cancel, and would
     * keep the session and its locks.
     */
    public void onGiveUp(AutoCloseable cut) {
        signal.cutsOff(cut);
    }

    /** Something that this try of the work has only while it lasts; closed once it ends, however it does. */
    public void whenTryEnds(AutoCloseable had) {
        hadByTry.add(had);
    }

    /** What cannot be closed ends by itself, and does not change how the try came out. */
    void tryEnds() {
        for (AutoCloseable had : hadByTry) {
            try {
                had.close();
            } catch (Exception e) {
                LOG.log(System.Logger.Level.WARNING, "Not given back by run " + runId(), e);
            }
        }
        hadByTry.clear();
    }

    StopSignal signal() {
        return signal;
    }

    /** Ends this try of the work because what it needs is gone; another one may follow. */
    void interrupt(Failure.Retryable why) {
        signal.interrupt(why);
    }
}
