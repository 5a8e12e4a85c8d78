package dev.nightshift.backup.take;

import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.Retries;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.UnreadSummaries;
import dev.nightshift.postgres.WalSummaries;
import dev.nightshift.postgres.WalSummaries.Truncation;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a server says has changed can be believed. PostgreSQL 17 and 18 cannot be where a file was cut since the parent
 * and lives on: they merge the summaries of their log in the order of the file system and forget, with each cut, the pages
 * beyond it that they have read of before (PrepareForIncrementalBackup, BlockRefTableEntrySetLimitBlock), so rows that were
 * written after it may be missing; and a file that was cut and grew again may keep old pages.
 */
final class TruncationGuard {
    private final Endpoint endpoint;
    private final Increment.Base base;
    private final WalSummaries summaries;
    private final Supplier<Retries> retries;

    /**
     * For a backup that is built on this base.
     *
     * @param slot of this backup on the server
     * @param retries for each look
     */
    TruncationGuard(Endpoint endpoint, Increment.Base base, String slot, Supplier<Retries> retries) {
        this.endpoint = endpoint;
        this.base = base;
        this.summaries = new WalSummaries(endpoint, slot);
        this.retries = retries;
    }

    /**
     * What speaks against it, as a part of a sentence.
     *
     * @param to where the new backup starts; null while that is not known: then nothing is known of what comes, and the
     *     question has to be put again
     */
    Optional<String> doubt(@Nullable Lsn to) {
        try {
            return retries.get().of("Reading the summaries of the log", last -> read(to));
        } catch (SQLException e) {
            return Optional.of("its summaries of the log could not be read: " + SqlFailure.words(e)
                    + ("42501".equals(e.getSQLState())
                            ? ". In database " + quoted(endpoint.database()) + ": " + grant()
                            : ""));
        }
    }

    private Optional<String> read(@Nullable Lsn to) throws SQLException {
        try {
            return summaries.truncation(base.timeline(), base.start(), to).map(TruncationGuard::sentence);
        } catch (UnreadSummaries e) {
            return Optional.of(e.getMessage());
        }
    }

    private String grant() {
        return "GRANT EXECUTE ON FUNCTION pg_catalog.pg_available_wal_summaries(),"
                + " pg_catalog.pg_wal_summary_contents(bigint, pg_lsn, pg_lsn) TO " + quoted(endpoint.user());
    }

    private static String quoted(String name) {
        return new Identifier(name).quoted();
    }

    private static String sentence(Truncation cut) {
        long others = cut.files() - 1;
        return "VACUUM cut the file " + cut.file() + " of tablespace " + cut.tablespace()
                + (cut.database() == null ? "" : " in database " + quoted(cut.database())) + " to " + cut.blocks()
                + " pages"
                + (others == 0 ? "" : ", and " + others + (others == 1 ? " other" : " others"))
                + ", and PostgreSQL may leave out what was written to such a file since";
    }

    /** Ends the reading from another thread. */
    void cancel() {
        summaries.cancel();
    }
}
