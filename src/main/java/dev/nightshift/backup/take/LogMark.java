package dev.nightshift.backup.take;

import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.RestorePoint;
import dev.nightshift.postgres.Retries;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a backup ends in the source's log: at a restore point, and a new segment begun after it.
 *
 * @param name of the restore point; null where none could be made
 * @param position the end of its record; null likewise
 * @param switched whether its segment is complete
 * @param refusal why there is no restore point or its segment did not end, in the server's words; null if all went well
 */
record LogMark(
        @Nullable String name,
        @Nullable Lsn position,
        boolean switched,
        @Nullable String refusal) {

    /**
     * Makes it in the first of these databases in which the role may. Recovery stops at the first restore point of a name, and
     * where the answer was lost it may have been made after all: so each try has a name of its own.
     *
     * @param name of the restore point; from the second try on a number is added to it
     */
    static LogMark make(List<Endpoint> databases, String name, Retries retries) {
        LogMark mark = new LogMark(null, null, false, null);
        AtomicInteger tries = new AtomicInteger();
        for (Endpoint endpoint : databases) {
            mark = make(endpoint, () -> tries.incrementAndGet() == 1 ? name : name + "_" + tries, retries);
            if (mark.position() != null) {
                break;
            }
        }
        return mark;
    }

    private static LogMark make(Endpoint endpoint, Supplier<String> names, Retries retries) {
        LogMark made;
        try {
            made = retries.of("The restore point in database " + endpoint.database(), last -> {
                String name = names.get();
                return new LogMark(name, RestorePoint.create(endpoint, name), false, null);
            });
        } catch (SQLException e) {
            return new LogMark(null, null, false, e.getMessage());
        }
        try {
            return retries.of("The end of the restore point's segment", last -> {
                RestorePoint.endSegment(endpoint);
                return new LogMark(made.name(), made.position(), true, null);
            });
        } catch (SQLException e) {
            return new LogMark(made.name(), made.position(), false, e.getMessage());
        }
    }
}
