package dev.nightshift.retention;

import dev.nightshift.fleet.Deletions;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Expiring.Kept;
import java.time.Duration;
import java.time.Instant;

/**
 * How many days a project keeps what is over, and how many runs however old they are.
 *
 * @param runDays runs with their targets, findings that are closed, the catalogue's lines about deleted backups; 7 to 3650
 * @param logDays the lines of the runs' logs; 1 to 3650, and never longer than the run
 * @param auditDays what people did; 90 to 3650
 * @param keepRuns of each job at least the last ones so many; 0 to 1000
 */
record Retention(int runDays, int logDays, int auditDays, int keepRuns) {
    static final int MOST = 3650;
    private static final int LEAST_RUN = 7;
    static final int LEAST_AUDIT = 90;
    private static final int MOST_KEPT = 1000;

    Retention {
        check("runDays", runDays, LEAST_RUN);
        check("logDays", logDays, 1);
        check("auditDays", auditDays, LEAST_AUDIT);
        if (keepRuns < 0 || keepRuns > MOST_KEPT) {
            throw new Failure.Invalid(
                    "keepRuns",
                    "The field keepRuns is a number of runs from 0 to " + MOST_KEPT + ", not " + keepRuns + ".");
        }
    }

    private static void check(String field, int days, int least) {
        if (days < least || days > MOST) {
            throw new Failure.Invalid(
                    field,
                    "The field " + field + " is a number of days from " + least + " to " + MOST + ", not " + days
                            + ".");
        }
    }

    private Duration time(Kept kept) {
        return switch (kept) {
            case LOGS -> Duration.ofDays(logDays);
            case RUNS -> Duration.ofDays(runDays);
            case AUDIT -> Duration.ofDays(auditDays);
            case DELETED -> Deletions.KEPT;
        };
    }

    /** What was over before is to be forgotten. */
    Instant before(Kept kept, Instant now) {
        return now.minus(time(kept));
    }

    /** Nothing can be old enough in a project that is younger. */
    Duration shortest() {
        Duration shortest = Deletions.KEPT;
        for (Kept kept : Kept.values()) {
            shortest = shortest.compareTo(time(kept)) <= 0 ? shortest : time(kept);
        }
        return shortest;
    }
}
