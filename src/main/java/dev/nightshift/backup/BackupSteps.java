package dev.nightshift.backup;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import org.jspecify.annotations.Nullable;

/** Turns what a backup reports into the run's steps. */
final class BackupSteps implements BackupProgress {
    private final TargetRun target;
    private @Nullable String step;
    private long bytes;

    BackupSteps(TargetRun target) {
        this.target = target;
    }

    @Override
    public synchronized void phase(Phase phase) {
        String next = switch (phase) {
            case CHECKPOINT -> BackupJob.CHECKPOINT;
            case COPY -> BackupJob.COPY;
            case EVIDENCE, LOG -> BackupJob.LOG;
            case HASH, FILES, RECORDS -> null;
        };
        if (next != null && !next.equals(step)) {
            finish();
            step = next;
            bytes = 0;
            target.begin(next);
        }
    }

    @Override
    public synchronized void bytes(long done, long estimated) {
        bytes = done;
        target.progress(done, estimated > 0 ? Math.max(done, estimated) : null, "bytes", null);
    }

    @Override
    public void note(String message) {
        target.info(message);
    }

    /** Ends the step that is under way. */
    synchronized void finish() {
        if (step != null) {
            target.done(step, bytes > 0 ? new Bytes(bytes).toString() : null);
            step = null;
        }
    }
}
