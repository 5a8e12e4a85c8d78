package dev.nightshift.backup;

import dev.nightshift.backup.proof.ProofWatch;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Turns what a proof reports into the run's steps, and a stop of the run into a stop of the proof. */
final class DrillSteps implements ProofWatch {
    private final TargetRun target;
    private @Nullable String step;
    private long done;
    private boolean matched;
    private String unit = "bytes";

    DrillSteps(TargetRun target) {
        this.target = target;
    }

    @Override
    public synchronized void progress(Step now, ProofLevel level, long soFar, long total) {
        if (now == Step.RECOVER && DrillJob.MATCH.equals(step)) {
            return; // between the comparisons of two databases, which stay one step
        }
        begin(
                switch (now) {
                    case VERIFY -> DrillJob.VERIFY;
                    case RESTORE -> DrillJob.RESTORE;
                    case RECOVER -> DrillJob.RECOVER;
                    case MATCH -> DrillJob.MATCH;
                    case CHECK -> DrillJob.CHECK;
                });
        done = soFar;
        unit = now == Step.CHECK ? "objects" : now == Step.MATCH ? "tables" : "bytes";
        target.progress(
                soFar,
                total > 0 ? Math.max(soFar, total) : null,
                unit,
                level.name().toLowerCase(Locale.ROOT));
    }

    private void begin(String next) {
        if (!next.equals(step)) {
            if (step != null) {
                target.done(step, figure());
            }
            step = next;
            matched |= next.equals(DrillJob.MATCH);
            done = 0;
            target.begin(next);
        }
    }

    private @Nullable String figure() {
        return done == 0
                ? null
                : unit.equals("bytes") ? new Bytes(done).toString() : String.format(Locale.ROOT, "%,d %s", done, unit);
    }

    @Override
    public void note(String message) {
        target.info(message);
    }

    @Override
    public boolean stopped() {
        return target.stopRequested();
    }

    /** Ends the step that failed, before another store is read; answers its name. */
    synchronized String left(String reason) {
        String last = step == null ? DrillJob.VERIFY : step;
        target.skipped(last, reason);
        return last;
    }

    /** Ends the last step; those that were not reached say why. */
    synchronized void finish(@Nullable String reason) {
        String last = step;
        if (last != null && reason == null) {
            target.done(last, figure());
        }
        int reached = last == null ? -1 : DrillJob.STEPS.indexOf(last);
        if (reason == null) {
            for (String name : DrillJob.STEPS.subList(reached + 1, DrillJob.STEPS.size())) {
                target.skipped(name, "It was not asked for.");
            }
            if (reached > DrillJob.STEPS.indexOf(DrillJob.MATCH) && !matched) {
                target.skipped(DrillJob.MATCH, "There was nothing to compare with.");
            }
        }
    }
}
