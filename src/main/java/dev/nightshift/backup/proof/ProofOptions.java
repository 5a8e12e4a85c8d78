package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;

/**
 * How far and how thoroughly.
 *
 * @param upTo the last level to try
 * @param parents checks B-tree indexes against their parent pages too: bt_index_parent_check instead of bt_index_check
 * @param everyRow checks that every row of the table is in the index: amcheck's heapallindexed, many times as long
 * @param limits of the sandbox; what goes beyond them is not possible here
 */
public record ProofOptions(ProofLevel upTo, boolean parents, boolean everyRow, ProofLimits limits) {
    /** All levels, with the checks that take about as long as reading the data once. */
    public static final ProofOptions STANDARD =
            new ProofOptions(ProofLevel.MATCHED, false, false, ProofLimits.STANDARD);
}
