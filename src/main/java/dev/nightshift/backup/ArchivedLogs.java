package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.JoinedLog;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.BackupKeys;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where what is stored of the instances' log beside their backups is found. */
interface ArchivedLogs {
    /**
     * Archived log, and where it is read.
     *
     * @param stores that it is read from
     * @param notes why it is not read where it was archived, a sentence each
     * @param lacks what other stores hold of it and these do not, and what these should, as the catalogue knows, in sentences; null
     *     for nothing
     * @param unlisted what these stores do not list though they should hold it
     */
    record Held(
            ArchivedLog log,
            List<String> stores,
            List<String> notes,
            @Nullable String lacks,
            List<UnlistedLog> unlisted) {
        /** The same for backups that need no log before this position: what expired there may stand in the catalogue still. */
        Held from(Lsn first) {
            List<UnlistedLog> needed = unlisted.stream()
                    .filter(each -> each.stretch().to().compareTo(first) > 0)
                    .toList();
            List<String> all = Stream.concat(
                            Stream.ofNullable(lacks), needed.stream().map(UnlistedLog::words))
                    .toList();
            return new Held(log, stores, notes, all.isEmpty() ? null : String.join(" ", all), needed);
        }

        /** The same as if all that the catalogue counts as stored in these stores were listed. */
        ArchivedLog asCatalogued() {
            return unlisted.isEmpty()
                    ? log
                    : new JoinedLog(List.of(
                            log,
                            ArchivedLog.said(
                                    log.segmentBytes(),
                                    unlisted.stream().map(UnlistedLog::stretch).toList())));
        }
    }

    /**
     * An instance's. In a store that is named it is that store's own, as far as it holds any of it; where it holds none at all, and
     * where no store is named, it is the log as it was archived, or its copies where that cannot be read.
     *
     * @param systemIdentifier of its cluster: an instance's address may have held another before
     * @return empty if nothing is archived of it
     * @throws dev.nightshift.kernel.Failure.Retryable if the store cannot be read now
     */
    Optional<Held> of(
            ProjectId project, UUID instance, String systemIdentifier, BackupSources.Reading reading, BackupKeys keys);
}
