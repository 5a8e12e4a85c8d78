package dev.nightshift.backup;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.job.TargetRun;

/** Reading before the first step begins: shows no progress, but ends when its run is to stop. */
record StopLook(TargetRun target) implements BackupProgress {
    @Override
    public void phase(Phase phase) {
        target.throwIfStopped();
    }

    @Override
    public void bytes(long done, long estimated) {
        target.throwIfStopped();
    }

    @Override
    public void note(String message) {
        target.info(message);
    }
}
