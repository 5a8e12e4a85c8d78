package dev.nightshift.backup;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** Enters backups and their proofs in the catalogue, within the transaction whose connection is passed. */
@ApplicationScoped
class BackupEntries {
    /** What the catalogue answers where the parent of a backup is gone. */
    private static final String NO_SUCH_ROW = "23503";

    /** And where its store is. */
    private static final String NO_SUCH_STORE = "23001";

    /** And where the key that wraps it is destroyed. */
    static final String NO_SUCH_KEY = "NSK01";

    @Inject
    private Live live;

    /**
     * A run's attempt at a backup.
     *
     * @param databases names of those that it was for
     */
    record Attempt(UUID backup, ProjectId project, UUID instance, UUID run, List<String> databases) {}

    /** Of these backups those that the catalogue does not know and no run works on any more. Of every project. */
    static List<Attempt> ended(Connection connection, Collection<UUID> backups) throws SQLException {
        try (var query = connection.prepareStatement(
                "select backup_id, project_id, instance_id, run_id, database_names from backup.ended_attempts(?)")) {
            query.setArray(1, connection.createArrayOf("uuid", backups.toArray()));
            List<Attempt> ended = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    ended.add(new Attempt(
                            rows.getObject(1, UUID.class),
                            new ProjectId(rows.getObject(2, UUID.class)),
                            rows.getObject(3, UUID.class),
                            rows.getObject(4, UUID.class),
                            List.of((String[]) rows.getArray(5).getArray())));
                }
            }
            return ended;
        }
    }

    /**
     * Enters a stored backup; entering it twice changes nothing.
     *
     * @throws Failure.Fatal if the backup that it needs is not kept any more, or its store not known
     */
    void insert(Connection connection, Attempt attempt, String store, Manifest manifest) throws SQLException {
        if (!enter(connection, attempt, store, manifest.folder(), manifest)) {
            return; // entered before, and told of
        }
        try (var outbox = connection.prepareStatement(
                "insert into finding.outbox (project_id, kind, subject_id) values (?, 'backup.taken', ?)")) {
            outbox.setObject(1, attempt.project().value());
            outbox.setObject(2, manifest.backup());
            outbox.executeUpdate();
        }
        live.changed(attempt.project(), "backup", manifest.backup());
    }

    /**
     * As {@link #insert(Connection, Attempt, String, Manifest)}, of a backup that nobody hears of as new.
     *
     * @return false if it was entered before
     */
    boolean enter(Connection connection, Attempt attempt, String store, String folder, Manifest manifest)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.backup (id, project_id, instance_id, run_id, kind, parent_id, full_because, state, store,
                    location, databases, selection,
                    taken_at, ended_at, server_version, size_bytes, stored_bytes, start_lsn, stop_lsn, recovery_lsn, timeline,
                    system_identifier, checksums, checksum_failures, tablespaces, key_id)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::pg_lsn, ?::pg_lsn, ?::pg_lsn, ?, ?, ?, ?, ?, ?)
                on conflict (id) do nothing
                """)) {
            var source = manifest.source();
            var position = manifest.position();
            int at = 0;
            insert.setObject(++at, manifest.backup());
            insert.setObject(++at, attempt.project().value());
            insert.setObject(++at, attempt.instance());
            insert.setObject(++at, attempt.run());
            insert.setString(++at, manifest.lineage().kind().name());
            insert.setObject(++at, manifest.lineage().parent());
            insert.setString(++at, manifest.lineage().fullBecause());
            insert.setString(++at, manifest.checksums().failures() ? "DAMAGED" : "COMPLETE");
            insert.setString(++at, store);
            insert.setString(++at, folder);
            insert.setArray(
                    ++at,
                    connection.createArrayOf(
                            "text", databases(attempt, manifest).toArray()));
            Manifest.Dump dump = manifest.dump();
            insert.setString(++at, dump == null ? "" : dump.selection().text());
            insert.setTimestamp(++at, Timestamp.from(manifest.startedAt()));
            insert.setTimestamp(++at, Timestamp.from(manifest.finishedAt()));
            insert.setString(++at, source.serverVersion());
            insert.setLong(++at, manifest.figures().bytesRead());
            insert.setLong(++at, manifest.figures().bytesStored());
            insert.setString(++at, position.start().toString());
            insert.setString(++at, position.stop().toString());
            insert.setString(++at, position.expected().toString());
            insert.setInt(++at, source.timeline());
            insert.setString(++at, source.systemIdentifier());
            insert.setBoolean(++at, manifest.checksums().enabled());
            // Other warnings come too: that the server waits for its summaries, for one
            var checksums = manifest.checksums();
            insert.setLong(
                    ++at,
                    checksums.failures() ? Math.max(1, checksums.warnings().size()) : 0);
            insert.setInt(++at, manifest.tablespaces().size());
            insert.setString(++at, manifest.key().keyId());
            return insert.executeUpdate() == 1;
        } catch (SQLException e) {
            if (manifest.lineage().parent() != null && NO_SUCH_ROW.equals(e.getSQLState())) {
                throw orphan(manifest, e);
            }
            if (NO_SUCH_STORE.equals(e.getSQLState())) {
                throw new Failure.Fatal(
                        "Backup " + manifest.backup() + " is stored, but not entered in the catalogue: the store "
                                + store + " was deleted.",
                        "Define the store again, under the same name and in the same place.",
                        e);
            }
            if (NO_SUCH_KEY.equals(e.getSQLState())) {
                throw new Failure.Fatal(
                        "Backup " + manifest.backup() + " is stored, but not entered in the catalogue: its key "
                                + manifest.key().keyId() + " was destroyed while it was taken.",
                        "Take another one. The recovery kit of before still opens this one.",
                        e);
            }
            throw e;
        }
    }

    private static List<String> databases(Attempt attempt, Manifest manifest) {
        Manifest.Dump dump = manifest.dump();
        return dump == null ? attempt.databases() : List.of(dump.database());
    }

    private static Failure.Fatal orphan(Manifest manifest, SQLException e) {
        UUID parent = manifest.lineage().parent();
        return new Failure.Fatal(
                "Backup " + manifest.backup() + " is stored, but not entered in the catalogue: backup " + parent
                        + ", which it needs, was deleted while it was taken.",
                "Take a full backup. Without backup " + parent + " the folder " + manifest.folder()
                        + " of the store is of no use and can be deleted.",
                e);
    }

    void insert(Connection connection, ProjectId project, UUID backup, Backup.StoredProof proof) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.proof (id, project_id, backup_id, run_id, at, level, outcome, rto_millis, reason, ladder, not_checked,
                    store)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?) on conflict (id) do nothing
                """)) {
            insert.setObject(1, proof.id());
            insert.setObject(2, project.value());
            insert.setObject(3, backup);
            insert.setObject(4, proof.run());
            insert.setTimestamp(5, Timestamp.from(proof.at()));
            insert.setInt(6, proof.level());
            insert.setString(7, proof.outcome());
            insert.setObject(8, proof.rtoMillis());
            insert.setString(9, proof.reason());
            insert.setString(10, proof.ladder());
            insert.setString(11, proof.notChecked());
            insert.setString(12, proof.store());
            insert.executeUpdate();
        }
        live.changed(project, "backup", backup);
    }
}
