package dev.nightshift.backup.evidence;

import dev.nightshift.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one database held, measured on the source.
 *
 * @param database as the server calls it
 * @param position the log up to which the measured transactions had committed, exclusive; null where the database was
 *     measured before and after the backup's restore point instead
 * @param takenAt when the measuring began
 * @param took the measuring
 * @param measured each relation that was
 * @param uncovered what was not, each with the reason
 */
public record Evidence(
        String database,
        @Nullable Lsn position,
        Instant takenAt,
        Duration took,
        List<Measured> measured,
        List<Uncovered> uncovered) {
    /**
     * For the transaction in which the queries are repeated: so that a value has one text wherever it is asked for, and no
     * policy hides a row silently (manual, row_security).
     */
    public static final String SETTINGS = """
            set local search_path = pg_catalog; set local row_security = off; set local datestyle = 'ISO, YMD';\
             set local timezone = 'UTC'; set local intervalstyle = 'iso_8601'; set local extra_float_digits = 3;\
             set local bytea_output = 'hex'; set local xmloption = 'content'; set local lc_monetary = 'C'""";

    /** What can be measured. */
    public enum Kind {
        /** A table or a partition: number and hash of its rows. */
        TABLE,
        /** The same of a materialized view. */
        MATERIALIZED_VIEW,
        /** Its value, which must be reached at least: the log runs ahead of it. */
        SEQUENCE,
        /** Number and hash of their pages. */
        LARGE_OBJECTS
    }

    /**
     * One relation.
     *
     * @param name with its schema, quoted where SQL needs it
     * @param query answers {@code rows} and {@code hash} under {@link #SETTINGS}
     * @param rows number of rows or pages; of a sequence its value
     * @param hash sum of the rows' hashes, a whole number of up to 30 digits; of a sequence {@code ""}
     * @param samplePercent of the pages that were read; null if all were
     * @param changed whether it changed while it was measured, so that there is nothing exact to compare with
     */
    public record Measured(
            Kind kind,
            String name,
            String query,
            long rows,
            String hash,
            @Nullable Double samplePercent,
            boolean changed) {
        Measured asChanged() {
            return new Measured(kind, name, query, rows, hash, samplePercent, true);
        }
    }

    /** What was not measured, and why. */
    public record Uncovered(String name, String reason) {}

    public Evidence {
        measured = List.copyOf(measured);
        uncovered = List.copyOf(uncovered);
    }
}
