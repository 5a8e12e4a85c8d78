package dev.nightshift.backup.take;

import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.BaseBackup;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.NotIncremental;
import dev.nightshift.postgres.Retries;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.UnreadSummaries;
import dev.nightshift.postgres.WalSummaries;
import dev.nightshift.postgres.WalSummaries.Truncation;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a server says has changed can be believed. PostgreSQL 17 and 18 cannot be where a file was cut since the parent
 * and lives on: they merge the summaries of their log in the order of the file system and forget, with each cut, the pages
 * beyond it that they have read of before (PrepareForIncrementalBackup, BlockRefTableEntrySetLimitBlock), so rows that were
 * written after it may be missing; and a file that was cut and grew again may keep old pages.
 */
final class TruncationGuard implements BaseBackup.Check {
    /** After which the server is not asked again. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Endpoint endpoint;
    private final Increment.Base base;
    private final WalSummaries summaries;
    private final Consumer<String> notes;
    private final Runnable goOn;

    /**
     * For a backup that is built on this base.
     *
     * @param slot of this backup on the server
     * @param notes hears of each try that broke
     * @param goOn throws where the rest would be in vain
     */
    TruncationGuard(Endpoint endpoint, Increment.Base base, String slot, Consumer<String> notes, Runnable goOn) {
        this.endpoint = endpoint;
        this.base = base;
        this.summaries = new WalSummaries(endpoint, slot);
        this.notes = notes;
        this.goOn = goOn;
    }

    /**
     * A first look at what is summed up by now, which spares the server a checkpoint for nothing.
     *
     * @throws NotIncremental as at {@link #started}
     */
    void lookBefore() throws NotIncremental {
        look(null);
    }

    /** The look that counts: the server has summed up its log up to this start by now. */
    @Override
    public void started(Lsn start) throws NotIncremental {
        look(start);
    }

    private void look(@Nullable Lsn to) throws NotIncremental {
        String doubt;
        try {
            doubt = new Retries(Retries.STANDARD, PATIENCE, notes, goOn)
                    .of("Reading the summaries of the log", last -> read(to))
                    .orElse(null);
        } catch (SQLException e) {
            doubt = "its summaries of the log could not be read: " + SqlFailure.words(e)
                    + ("42501".equals(e.getSQLState())
                            ? "; in database " + quoted(endpoint.database()) + ": " + grant()
                            : "");
        }
        goOn.run();
        if (doubt != null) {
            throw new NotIncremental(doubt);
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
