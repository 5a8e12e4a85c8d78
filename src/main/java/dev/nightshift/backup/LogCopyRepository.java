package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where archived log lies beside the store that it was archived in, within the transaction whose connection is passed. */
@ApplicationScoped
class LogCopyRepository {
    /**
     * A copy of an archive.
     *
     * @param location its folder, in the archive's store as well
     * @param objects that were known to be right when it was copied last
     * @param bytes of these objects
     * @param copiedAt when anything was copied or found there last; null while not even its description is known to be there, and
     *     while all of it is being deleted
     */
    record Copy(
            UUID id,
            UUID archive,
            String store,
            String location,
            long objects,
            long bytes,
            @Nullable Instant copiedAt) {}

    /** Log that a copy holds without a gap. */
    record Stretch(int timeline, Lsn from, Lsn to, @Nullable Instant coveredTo) {
        static Stretch of(WalRepository.Stretch archived) {
            return new Stretch(archived.timeline(), archived.from(), archived.to(), archived.coveredTo());
        }

        ArchivedLog.Stretch plain() {
            return new ArchivedLog.Stretch(timeline, from, to);
        }

        /** The newest moment of which one of these knows that all of before lies before this position; empty if none does. */
        static Optional<Instant> covered(List<Stretch> stretches, int timeline, Lsn end) {
            return stretches.stream()
                    .filter(each -> each.timeline() == timeline && each.to().compareTo(end) <= 0)
                    .flatMap(each -> Stream.ofNullable(each.coveredTo()))
                    .max(Comparator.naturalOrder());
        }
    }

    /** The first positions that kept physical backups in a store need, by cluster. */
    Map<String, Lsn> firstNeeded(Connection connection, UUID instance, String store) throws SQLException {
        try (var query = connection.prepareStatement("""
                select distinct on (b.system_identifier) b.system_identifier, b.start_lsn::text from backup.backup b
                 where b.instance_id = ? and b.deleted_at is null and b.physical
                   and (b.store = ? or exists (select from backup.copy c
                                                where c.project_id = b.project_id and c.backup_id = b.id and c.store = ?
                                                  and c.state = 'WHOLE'))
                 order by b.system_identifier, b.start_lsn
                """)) {
            query.setObject(1, instance);
            query.setString(2, store);
            query.setString(3, store);
            Map<String, Lsn> needed = new HashMap<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    needed.put(rows.getString(1), Lsn.parse(rows.getString(2)));
                }
            }
            return needed;
        }
    }

    /** All of an instance's archives that are not freed, the oldest copy first. */
    List<Copy> copies(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select c.id, c.archive_id, c.store, c.location, c.objects, c.bytes, c.copied_at
                  from backup.wal_archive a join backup.wal_copy c on c.project_id = a.project_id and c.archive_id = a.id
                 where a.instance_id = ? and c.freed_at is null order by c.id
                """)) {
            query.setObject(1, instance);
            List<Copy> copies = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    Timestamp copied = rows.getTimestamp(7);
                    copies.add(new Copy(
                            rows.getObject(1, UUID.class),
                            rows.getObject(2, UUID.class),
                            rows.getString(3),
                            rows.getString(4),
                            rows.getLong(5),
                            rows.getLong(6),
                            copied == null ? null : copied.toInstant()));
                }
            }
            return copies;
        }
    }

    List<Stretch> stretches(Connection connection, UUID copy) throws SQLException {
        try (var query = connection.prepareStatement("""
                select timeline, from_lsn::text, to_lsn::text, covered_to from backup.wal_copy_stretch
                 where copy_id = ? order by timeline, from_lsn
                """)) {
            query.setObject(1, copy);
            List<Stretch> stretches = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    Timestamp covered = rows.getTimestamp(4);
                    stretches.add(new Stretch(
                            rows.getInt(1),
                            Lsn.parse(rows.getString(2)),
                            Lsn.parse(rows.getString(3)),
                            covered == null ? null : covered.toInstant()));
                }
            }
            return stretches;
        }
    }

    /**
     * Notes that a copy is made or goes on, before any of it is stored.
     *
     * @param id that it gets, if there was none
     * @return its id
     * @throws Failure.Fatal if the store is not known any more
     */
    UUID begin(Connection connection, UUID id, ProjectId project, UUID run, UUID archive, String store, String location)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.wal_copy as c (id, project_id, archive_id, run_id, store, location) values (?, ?, ?, ?, ?, ?)
                on conflict (project_id, archive_id, store) do update
                   set run_id = excluded.run_id, location = excluded.location, freed_at = null,
                       begun_at = case when c.freed_at is null then c.begun_at else now() end
                returning c.id
                """)) {
            insert.setObject(1, id);
            insert.setObject(2, project.value());
            insert.setObject(3, archive);
            insert.setObject(4, run);
            insert.setString(5, store);
            insert.setString(6, location);
            try (var row = insert.executeQuery()) {
                row.next();
                return row.getObject(1, UUID.class);
            }
        } catch (SQLException e) {
            if (CopyRepository.NO_SUCH_STORE.equals(e.getSQLState())) {
                throw new Failure.Fatal("There is no store \"" + store + "\" any more.", "Define it again.", e);
            }
            throw e;
        }
    }

    /** Its description is in the store: from now on it opens. */
    void described(Connection connection, UUID copy) throws SQLException {
        try (var update = connection.prepareStatement(
                "update backup.wal_copy set copied_at = coalesce(copied_at, now()) where id = ?")) {
            update.setObject(1, copy);
            update.executeUpdate();
        }
    }

    /** What a copy holds now, in the place of what it held before. */
    void holds(Connection connection, ProjectId project, UUID copy, List<Stretch> stretches, long objects, long bytes)
            throws SQLException {
        try (var delete = connection.prepareStatement("delete from backup.wal_copy_stretch where copy_id = ?");
                var insert = connection.prepareStatement("""
                        insert into backup.wal_copy_stretch (project_id, copy_id, timeline, from_lsn, to_lsn, covered_to)
                        select ?, ?, u.timeline, u.from_lsn::pg_lsn, u.to_lsn::pg_lsn, u.covered_to::timestamptz
                          from unnest(?::int[], ?::text[], ?::text[], ?::text[]) u (timeline, from_lsn, to_lsn, covered_to)
                        """);
                var update = connection.prepareStatement(
                        "update backup.wal_copy set objects = ?, bytes = ?, copied_at = now() where id = ?")) {
            // First, for it locks the row: a backup's copies and the job copy may note the same one
            update.setLong(1, objects);
            update.setLong(2, bytes);
            update.setObject(3, copy);
            update.executeUpdate();
            delete.setObject(1, copy);
            delete.executeUpdate();
            insert.setObject(1, project.value());
            insert.setObject(2, copy);
            insert.setArray(
                    3,
                    connection.createArrayOf(
                            "int", stretches.stream().map(Stretch::timeline).toArray()));
            insert.setArray(
                    4, texts(connection, stretches.stream().map(Stretch::from).toList()));
            insert.setArray(
                    5, texts(connection, stretches.stream().map(Stretch::to).toList()));
            insert.setArray(
                    6,
                    connection.createArrayOf(
                            "text",
                            stretches.stream()
                                    .map(each -> each.coveredTo() == null
                                            ? null
                                            : each.coveredTo().toString())
                                    .toArray()));
            insert.executeUpdate();
        }
    }

    private static java.sql.Array texts(Connection connection, List<Lsn> positions) throws SQLException {
        return connection.createArrayOf(
                "text", positions.stream().map(Lsn::toString).toArray());
    }

    /** The copy begins at this position now. */
    void trimmed(Connection connection, UUID copy, Lsn from) throws SQLException {
        try (var update = connection.prepareStatement("""
                        update backup.wal_copy_stretch set from_lsn = greatest(from_lsn, ?::pg_lsn)
                         where copy_id = ? and to_lsn > ?::pg_lsn
                        """);
                var delete = connection.prepareStatement(
                        "delete from backup.wal_copy_stretch where copy_id = ? and to_lsn <= ?::pg_lsn")) {
            update.setString(1, from.toString());
            update.setObject(2, copy);
            update.setString(3, from.toString());
            update.executeUpdate();
            delete.setObject(1, copy);
            delete.setString(2, from.toString());
            delete.executeUpdate();
        }
    }

    /** What is left of it by its store's listing. */
    void left(Connection connection, UUID copy, long objects, long bytes) throws SQLException {
        try (var update =
                connection.prepareStatement("update backup.wal_copy set objects = ?, bytes = ? where id = ?")) {
            update.setLong(1, objects);
            update.setLong(2, bytes);
            update.setObject(3, copy);
            update.executeUpdate();
        }
    }

    /** All of it is about to go: from now on it does not count as there, whatever is left of it. */
    void freeing(Connection connection, UUID copy) throws SQLException {
        try (var delete = connection.prepareStatement("delete from backup.wal_copy_stretch where copy_id = ?");
                var update = connection.prepareStatement("update backup.wal_copy set copied_at = null where id = ?")) {
            update.setObject(1, copy);
            update.executeUpdate();
            delete.setObject(1, copy);
            delete.executeUpdate();
        }
    }

    /** Nothing of it is in its store any more. */
    void freed(Connection connection, UUID copy) throws SQLException {
        try (var delete = connection.prepareStatement("delete from backup.wal_copy_stretch where copy_id = ?");
                var update = connection.prepareStatement(
                        "update backup.wal_copy set freed_at = now(), copied_at = null, objects = 0, bytes = 0 where id = ?")) {
            delete.setObject(1, copy);
            delete.executeUpdate();
            update.setObject(1, copy);
            update.executeUpdate();
        }
    }
}
