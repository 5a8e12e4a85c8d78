package dev.nightshift.backup;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Where backups lie beside the store that each was taken to, within the transaction whose connection is passed. */
@ApplicationScoped
class CopyRepository {
    static final String NO_SUCH_STORE = "23001";

    @Inject
    private Live live;

    /** A folder of a store. */
    record Place(String store, String location) {}

    /**
     * A leftover of a copy that this node is to remove.
     *
     * @param home the store that the backup was taken to
     */
    record Dead(UUID id, ProjectId project, UUID backup, String location, String home, Instant claimedAt) {}

    /** In which state a copy stands before it is begun. */
    enum Begun {
        /** It is to be made, or made whole. */
        COPYING,
        /** It is noted as whole, and no proof says otherwise. */
        WHOLE,
        /** A proof of it failed: its objects are to be looked at one by one. */
        FAILED
    }

    /** Stores that hold all that a restore of each backup needs, as the catalogue knows: the one it was taken to, then the rest. */
    Map<UUID, List<Place>> places(Connection connection, Collection<UUID> backups) throws SQLException {
        try (var query = connection.prepareStatement("""
                with place as (
                    select b.project_id, b.id, b.store, b.location, b.chain, 0 as rank, b.ended_at as at
                      from backup.backup b where b.id = any (?) and b.deleted_at is null
                    union all
                    select b.project_id, b.id, c.store, c.location, b.chain, 1, c.made_at
                      from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id
                     where b.id = any (?) and b.deleted_at is null and c.state = 'WHOLE')
                select p.id, p.store, p.location from place p
                 where not exists (select from backup.lost_store l where l.store = p.store)
                   and not exists (select from unnest(p.chain) n (id)
                         where n.id <> p.id
                           and not exists (select from backup.backup m where m.project_id = p.project_id and m.id = n.id
                                              and m.store = p.store and m.deleted_at is null)
                           and not exists (select from backup.copy m where m.project_id = p.project_id and m.backup_id = n.id
                                              and m.store = p.store and m.state = 'WHOLE'))
                 order by p.rank, p.at, p.store
                """)) {
            query.setArray(1, connection.createArrayOf("uuid", backups.toArray()));
            query.setArray(2, connection.createArrayOf("uuid", backups.toArray()));
            Map<UUID, List<Place>> places = new HashMap<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    places.computeIfAbsent(rows.getObject(1, UUID.class), id -> new ArrayList<>())
                            .add(new Place(rows.getString(2), rows.getString(3)));
                }
            }
            return places;
        }
    }

    /**
     * Notes that a copy is on its way, before any of it is stored, so that it is never taken for something else.
     *
     * @throws Failure.Fatal if the backup is not kept any more, or the store not known
     * @throws Failure.Retryable if a sweep is removing what was left of one
     */
    Begun begin(Connection connection, UUID id, ProjectId project, UUID run, Backup backup, String store)
            throws SQLException {
        requireKept(connection, backup.id());
        try (var query = connection.prepareStatement("""
                select c.state, p.outcome from backup.copy c
                  left join lateral (select f.outcome from backup.proof f
                                      where f.project_id = c.project_id and f.backup_id = c.backup_id and f.store = c.store
                                      order by f.id desc limit 1) p on true
                 where c.backup_id = ? and c.store = ? for update of c
                """)) {
            query.setObject(1, backup.id());
            query.setString(2, store);
            try (var row = query.executeQuery()) {
                if (row.next()) {
                    boolean failed = "FAILED".equals(row.getString(2));
                    switch (row.getString(1)) {
                        case "WHOLE" -> {
                            return failed ? Begun.FAILED : Begun.WHOLE;
                        }
                        case "FREEING" ->
                            throw new Failure.Retryable(
                                    "What an interrupted run left of a copy of backup " + backup.id() + " in the store "
                                            + store + " is being removed.",
                                    "Wait a minute.",
                                    null);
                        default -> {}
                    }
                }
            }
        }
        copying(connection, id, project, run, backup, store);
        return Begun.COPYING;
    }

    /** Notes that a copy is on its way, whatever was there before; one that was whole is made whole again. */
    void copying(Connection connection, UUID id, ProjectId project, UUID run, Backup backup, String store)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.copy (id, project_id, backup_id, run_id, store, location, state)
                values (?, ?, ?, ?, ?, ?, 'COPYING')
                on conflict (project_id, backup_id, store) do update
                   set state = 'COPYING', run_id = excluded.run_id, location = excluded.location, began_at = now(),
                       made_at = case when copy.state = 'FREED' then null else copy.made_at end, freed_at = null,
                       looked_at = null
                """)) {
            insert.setObject(1, id);
            insert.setObject(2, project.value());
            insert.setObject(3, backup.id());
            insert.setObject(4, run);
            insert.setString(5, store);
            insert.setString(6, backup.location());
            insert.executeUpdate();
        } catch (SQLException e) {
            if (NO_SUCH_STORE.equals(e.getSQLState())) {
                throw new Failure.Fatal("There is no store \"" + store + "\" any more.", "Define it again.", e);
            }
            throw e;
        }
        live.changed(project, "backup", backup.id());
    }

    /** Holds the backup's row: neither passes a deletion unseen. */
    private static void requireKept(Connection connection, UUID backup) throws SQLException {
        try (var query = connection.prepareStatement(
                "select from backup.backup where id = ? and deleted_at is null for share")) {
            query.setObject(1, backup);
            try (var row = query.executeQuery()) {
                if (!row.next()) {
                    throw new Failure.Fatal(
                            "Backup " + backup + " was deleted meanwhile.",
                            "What was copied of it goes with the next run of the job expire.",
                            null);
                }
            }
        }
    }

    /**
     * Notes a copy that its store lists with all objects.
     *
     * @param run that made it, or found it whole
     * @throws Failure.Fatal if the backup is not kept any more, or one that it needs is not whole in that store
     * @throws Failure.Retryable if another run is making it
     */
    void made(Connection connection, ProjectId project, UUID run, UUID backup, String store, long bytes)
            throws SQLException {
        requireKept(connection, backup);
        try (var update = connection.prepareStatement("""
                update backup.copy c set state = 'WHOLE', stored_bytes = ?, made_at = coalesce(c.made_at, now()), verified_at = now()
                  from backup.backup b
                 where c.backup_id = ? and c.store = ? and (c.state = 'WHOLE' or c.state = 'COPYING' and c.run_id = ?)
                   and b.project_id = c.project_id and b.id = c.backup_id
                   and not exists (select from unnest(b.chain) n (id)
                         where n.id <> b.id
                           and not exists (select from backup.backup m where m.project_id = b.project_id and m.id = n.id
                                              and m.store = c.store and m.deleted_at is null)
                           and not exists (select from backup.copy m where m.project_id = b.project_id and m.backup_id = n.id
                                              and m.store = c.store and m.state = 'WHOLE'))
                """)) {
            update.setLong(1, bytes);
            update.setObject(2, backup);
            update.setString(3, store);
            update.setObject(4, run);
            if (update.executeUpdate() == 0) {
                refuseAnotherRun(connection, run, backup, store);
                throw new Failure.Fatal(
                        "The copy of backup " + backup + " in the store " + store
                                + " is not noted: a backup that it needs is not whole there.",
                        "Run the job copy for this backup again.",
                        null);
            }
        }
        live.changed(project, "backup", backup);
    }

    private static void refuseAnotherRun(Connection connection, UUID run, UUID backup, String store)
            throws SQLException {
        try (var query = connection.prepareStatement(
                "select from backup.copy where backup_id = ? and store = ? and state = 'COPYING' and run_id <> ?")) {
            query.setObject(1, backup);
            query.setString(2, store);
            query.setObject(3, run);
            try (var row = query.executeQuery()) {
                if (row.next()) {
                    throw new Failure.Retryable(
                            "Another run copies backup " + backup + " to the store " + store + ".", null, null);
                }
            }
        }
    }

    /** Copies of an instance's deleted backups whose objects are not known to be gone, those that need others first. */
    List<ExpiryRepository.Deleted> unfreed(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select b.id, c.store, c.location, c.made_at is not null
                  from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id
                 where b.instance_id = ? and b.deleted_at is not null and c.state <> 'FREED' order by b.id desc, c.store
                """)) {
            query.setObject(1, instance);
            List<ExpiryRepository.Deleted> all = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    all.add(new ExpiryRepository.Deleted(
                            rows.getObject(1, UUID.class),
                            rows.getString(2),
                            rows.getString(3),
                            true,
                            rows.getBoolean(4)));
                }
            }
            return all;
        }
    }

    /** Whether the project's catalogue knows of anything that lies whole in a store. */
    static boolean holds(Connection connection, String store) throws SQLException {
        try (var query = connection.prepareStatement("""
                select exists (select from backup.backup where store = ? and deleted_at is null)
                       or exists (select from backup.copy where store = ? and state = 'WHOLE')
                """)) {
            query.setString(1, store);
            query.setString(2, store);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Whether the project has archived log in a store, copied or not. */
    static boolean holdsLog(Connection connection, String store) throws SQLException {
        try (var query = connection.prepareStatement("""
                select exists (select from backup.wal_archive where store = ?)
                       or exists (select from backup.wal_copy where store = ? and freed_at is null)
                """)) {
            query.setString(1, store);
            query.setString(2, store);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Of every project that is not deleted: which have anything in a store, or an open finding about its lock. */
    static List<ProjectId> projectsIn(Connection connection, String store) throws SQLException {
        try (var query = connection.prepareStatement("select project_id from backup.store_projects(?)")) {
            query.setString(1, store);
            List<ProjectId> projects = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    projects.add(new ProjectId(rows.getObject(1, UUID.class)));
                }
            }
            return projects;
        }
    }

    void freed(Connection connection, UUID backup, String store) throws SQLException {
        try (var update = connection.prepareStatement(
                "update backup.copy set state = 'FREED', freed_at = now() where backup_id = ? and store = ?")) {
            update.setObject(1, backup);
            update.setString(2, store);
            update.executeUpdate();
        }
    }

    /** Of every project: leftovers in a store that are this caller's to remove, within the hour. */
    static List<Dead> claimDead(Connection connection, String store) throws SQLException {
        try (var query = connection.prepareStatement(
                "select copy_id, project_id, backup_id, location, home, claimed_at from backup.claim_dead_copies(?)")) {
            query.setString(1, store);
            List<Dead> dead = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    dead.add(new Dead(
                            rows.getObject(1, UUID.class),
                            new ProjectId(rows.getObject(2, UUID.class)),
                            rows.getObject(3, UUID.class),
                            rows.getString(4),
                            rows.getString(5),
                            rows.getTimestamp(6).toInstant()));
                }
            }
            return dead;
        }
    }

    /**
     * What was claimed is deleted, and its store keeps versions of it, or keeps it locked where it lies: another copy may be begun,
     * and what is left is claimed again in a day.
     */
    void hidden(Connection connection, Dead dead) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.copy set state = 'COPYING', began_at = now(), looked_at = now()
                 where id = ? and state = 'FREEING' and freeing_at = ? and made_at is null
                """)) {
            update.setObject(1, dead.id());
            update.setTimestamp(2, Timestamp.from(dead.claimedAt()));
            update.executeUpdate();
        }
    }

    /** Whether a sweep is removing what was left of a copy. */
    static boolean isBeingRemoved(Connection connection, UUID backup, String store) throws SQLException {
        try (var query = connection.prepareStatement(
                "select from backup.copy where backup_id = ? and store = ? and state = 'FREEING'")) {
            query.setObject(1, backup);
            query.setString(2, store);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** What was claimed is removed; no more than that. */
    void removed(Connection connection, Dead dead) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.copy set state = 'FREED', freed_at = now() where id = ? and state = 'FREEING' and freeing_at = ?
                """)) {
            update.setObject(1, dead.id());
            update.setTimestamp(2, Timestamp.from(dead.claimedAt()));
            update.executeUpdate();
        }
    }
}
