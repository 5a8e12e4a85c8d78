package dev.nightshift.runtime;

import dev.nightshift.job.Beat;
import dev.nightshift.job.Run;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.RunStatus;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Plays tonight's round on the demo database at once, and says at the terminal how it goes: backup, proof, vacuum. A start
 * that finds a round under way waits for it to go on; one that finds a round done within the last 20 hours shows that.
 */
@ApplicationScoped
public class FirstNight {
    private static final System.Logger LOG = System.getLogger(FirstNight.class.getName());
    private static final List<String> ROUND = List.of("backup", "restore-drill", "vacuum");

    /** A night's round is not due again the same night. */
    private static final Duration FRESH = Duration.ofHours(20);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    @Inject
    @ConfigProperty(name = "nightshift.demo", defaultValue = "false")
    private boolean demo;

    @Inject
    private DemoProject project;

    @Inject
    private Runs runs;

    @Inject
    private Clock clock;

    @Inject
    private NightSummary summary;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    private final AtomicBoolean begun = new AtomicBoolean();

    void onBeat(@ObservesAsync Beat beat) {
        if (demo && begun.compareAndSet(false, true)) {
            executor.execute(this::play);
        }
    }

    private void play() {
        try {
            ProjectId id = project.register();
            var played = new ArrayList<Run>();
            boolean fresh = false;
            for (String job : ROUND) {
                Optional<Run> earlier =
                        runs.newest(id, job, RunRequest.Trigger.START).filter(run -> isOfTonight(run, clock.now()));
                fresh |= earlier.isEmpty() || !earlier.get().status().isOver();
                UUID run = earlier.map(Run::id).orElseGet(() -> request(id, job));
                Run ended = follow(id, run, earlier.isPresent());
                played.add(ended);
                if (!goesOnAfter(ended.status())) {
                    break;
                }
            }
            summary.print(id, played, fresh);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "The demo's round ended early", e);
            NightSummary.say("The demo's round ended early: " + e.getMessage());
        }
    }

    /** Under way, or done not long ago. One that is lost for good is neither: the recovery queues any other in one go. */
    static boolean isOfTonight(Run run, Instant now) {
        var ended = run.endedAt();
        return !run.status().isOver()
                || (run.status() == RunStatus.COMPLETED && ended != null && ended.isAfter(now.minus(FRESH)));
    }

    /** What cannot be done on this machine, such as a drill without sandboxes, keeps nothing else from its turn. */
    static boolean goesOnAfter(RunStatus ended) {
        return ended == RunStatus.COMPLETED || ended == RunStatus.SKIPPED;
    }

    private UUID request(ProjectId id, String job) {
        return runs.request(
                id,
                new RunRequest(
                        job,
                        List.of(DemoProject.DATABASE),
                        JsonValue.EMPTY_JSON_OBJECT,
                        RunRequest.Trigger.START,
                        "nightshift",
                        null,
                        null));
    }

    /** Says each step as it ends, until the run is over. */
    private Run follow(ProjectId id, UUID run, boolean known) throws InterruptedException {
        int said = 0;
        while (true) {
            Run now;
            try {
                now = runs.get(id, run);
            } catch (Failure.Retryable e) {
                Thread.sleep(LOOK_AGAIN.toMillis());
                continue;
            }
            if (!known || !now.status().isOver()) {
                said = summary.sayNewSteps(now, said);
            }
            if (now.status().isOver()) {
                return now;
            }
            Thread.sleep(LOOK_AGAIN.toMillis());
        }
    }
}
