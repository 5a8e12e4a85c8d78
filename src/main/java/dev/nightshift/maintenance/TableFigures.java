package dev.nightshift.maintenance;

import dev.nightshift.kernel.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A table's figures at one time.
 *
 * @param size with TOAST, maps and without indexes; null if a lock kept it from being measured
 * @param xidAge transactions since its oldest unfrozen one
 */
public record TableFigures(
        long liveRows,
        long deadRows,
        long changedRows,
        long vacuumCount,
        long analyzeCount,
        long xidAge,
        @Nullable Bytes size) {}
