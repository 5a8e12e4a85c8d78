package dev.nightshift.backup.wal;

import java.io.IOException;

/**
 * The server's log is another one than the archive holds, though cluster and timeline are the same: the server was set back to an
 * earlier state, by a snapshot of its disks or a restore. What comes now belongs into an archive of its own.
 */
public final class WalDiverged extends IOException {
    private static final long serialVersionUID = 1L;

    WalDiverged(String message) {
        super(message);
    }
}
