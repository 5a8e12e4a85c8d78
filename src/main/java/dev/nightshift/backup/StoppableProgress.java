package dev.nightshift.backup;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.job.TargetRun;

/** Progress of reading a backup; ends the work when its run is to stop. */
final class StoppableProgress implements BackupProgress {
    private final TargetRun target;
    private final long total;

    /** @param total bytes to expect where the reader does not know them */
    StoppableProgress(TargetRun target, long total) {
        this.target = target;
        this.total = total;
    }

    @Override
    public void phase(Phase phase) {
        target.throwIfStopped();
    }

    @Override
    public void bytes(long done, long estimated) {
        target.throwIfStopped();
        target.progress(done, Math.max(done, estimated > 0 ? estimated : total), "bytes", null);
    }

    @Override
    public void note(String message) {
        target.info(message);
    }
}
