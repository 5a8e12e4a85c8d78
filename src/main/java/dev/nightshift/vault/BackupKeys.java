package dev.nightshift.vault;

import dev.nightshift.kernel.ProjectId;
import java.util.UUID;

/** What it takes to read a project's backups: the vault's own keys, or those of a recovery file. */
public interface BackupKeys {
    /** The project whose backups these keys open. */
    ProjectId project();

    /**
     * Unwraps the key of one backup.
     *
     * @throws dev.nightshift.kernel.Failure.Fatal if the key that wrapped it is not among these, or the wrapped key was
     *     changed, or belongs to another backup or project
     */
    DataKey open(WrappedKey wrapped, UUID backup);
}
