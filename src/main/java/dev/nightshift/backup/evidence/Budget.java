package dev.nightshift.backup.evidence;

import java.time.Duration;

/**
 * How much the source may be asked for.
 *
 * @param patience with transactions that are open when a snapshot is exported, whole seconds
 * @param perDatabase the longest that a database is read, and its snapshot held
 * @param perBackup after which no further database is begun: until then all log of the source is kept and stored
 * @param wholeUpTo bytes up to which a table is read whole; of a larger one a sample is
 * @param sample bytes that a sample has about
 */
public record Budget(Duration patience, Duration perDatabase, Duration perBackup, long wholeUpTo, long sample) {
    /** Ten minutes of a snapshot hold back VACUUM no longer than an ordinary report does. */
    public static final Budget STANDARD =
            new Budget(Duration.ofSeconds(60), Duration.ofMinutes(10), Duration.ofHours(1), 4L << 30, 1L << 30);

    public Budget {
        if (patience.toSeconds() < 1
                || perDatabase.toSeconds() < 1
                || perBackup.toSeconds() < 1
                || wholeUpTo < 0
                || sample < 1) {
            throw new IllegalArgumentException("A budget has a second and a byte at least.");
        }
    }
}
