package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import java.time.Duration;

/**
 * How far and how thoroughly.
 *
 * @param upTo the last level to try
 * @param parents checks B-tree indexes against their parent pages too: bt_index_parent_check instead of bt_index_check
 * @param everyRow checks that every row of the table is in the index: amcheck's heapallindexed, many times as long
 * @param timeToLive of the sandbox; when it is over, the proof is not possible here
 */
public record ProofOptions(ProofLevel upTo, boolean parents, boolean everyRow, Duration timeToLive) {
    /** All levels, with the checks that take about as long as reading the data once; twelve hours at most. */
    public static final ProofOptions STANDARD =
            new ProofOptions(ProofLevel.MATCHED, false, false, Duration.ofHours(12));
}
