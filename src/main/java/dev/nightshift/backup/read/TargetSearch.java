package dev.nightshift.backup.read;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where a server that recovers to a target stops: recoveryStopsBefore and recoveryStopsAfter of
 * access/transam/xlogrecovery.c, with recovery_target_inclusive on. Alike in PostgreSQL 15 to 18.
 */
final class TargetSearch {
    private static final int RESTORE_POINT = 0x70;

    /** rp_time, then rp_name. */
    private static final int NAME_AT = 8;

    private final RecoveryTarget.@Nullable Point point;
    private @Nullable Instant first;
    private @Nullable Instant replayed;
    private @Nullable Instant before;
    private @Nullable Instant seen;

    /** @param point null to go to the end */
    TargetSearch(RecoveryTarget.@Nullable Point point) {
        this.point = point;
    }

    LogWalk.Times times() {
        return new LogWalk.Times(first, replayed, before, seen);
    }

    /** Whether the server stops before this record; it asks for each, then {@link #stopsAfter}. */
    boolean stopsBefore(LogRecord record) {
        LogRecord.TransactionEnd end = record.transactionEnd();
        if (end == null) {
            return false;
        }
        if (first == null) {
            first = end.at();
        }
        seen = end.at();
        // Many can have ended at the same time: all of them count
        return point instanceof RecoveryTarget.Time time && end.at().isAfter(time.at());
    }

    /** Whether it stops after it. */
    boolean stopsAfter(LogRecord record) {
        LogRecord.TransactionEnd end = record.transactionEnd();
        before = replayed;
        if (end != null) {
            replayed = end.at();
        }
        if (point instanceof RecoveryTarget.Named named) {
            return record.resource() == LogRecord.RESOURCE_LOG
                    && record.info() == RESTORE_POINT
                    && named.name().equals(name(record.mainData()));
        }
        if (point instanceof RecoveryTarget.Position position) {
            return record.start().compareTo(position.at()) >= 0;
        }
        return end != null && point instanceof RecoveryTarget.Transaction transaction && end.xid() == transaction.xid();
    }

    /** Of the restore point that the main data is. */
    private static String name(byte[] data) {
        int end = NAME_AT;
        while (end < data.length && data[end] != 0) {
            end++;
        }
        return data.length <= NAME_AT ? "" : new String(Arrays.copyOfRange(data, NAME_AT, end), StandardCharsets.UTF_8);
    }
}
