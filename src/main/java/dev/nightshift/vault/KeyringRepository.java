package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The wrapped keys, and the fingerprint of the key that wraps them. */
@ApplicationScoped
class KeyringRepository {
    @Inject
    private Transactions transactions;

    /** What was stored at first start; empty before it. In a transaction of its own, as the caller's may be a project's. */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    Optional<MasterKeyMark> mark() {
        return transactions.installation(connection -> MasterKeyMark.read(connection, false));
    }

    /**
     * The same, which is this key's if there was none. In a transaction of its own: the caller's may be a project's, and may still
     * roll back.
     */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    MasterKeyMark mark(MasterKey first) {
        return transactions.installation(connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into vault.master_key (fingerprint, kms_uri, kms_check) values (?, ?, ?) on conflict do nothing
                    """)) {
                first.mark().set(insert);
                insert.executeUpdate();
            }
            return MasterKeyMark.read(connection, false).orElseThrow();
        });
    }

    Optional<String> wrapped(Connection connection, ProjectId project) throws SQLException {
        try (var select = connection.prepareStatement("""
                select wrapped from vault.project_key where project_id = ?
                """)) {
            select.setObject(1, project.value());
            try (var row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /** The same, held until the transaction ends. */
    Optional<String> lock(Connection connection, ProjectId project) throws SQLException {
        try (var select = connection.prepareStatement("""
                select wrapped from vault.project_key where project_id = ? for update
                """)) {
            select.setObject(1, project.value());
            try (var row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /** Keys in the place of others, unless the master key was exchanged. */
    void replace(Connection connection, ProjectId project, String wrapped, MasterKey by) throws SQLException {
        try (var update = connection.prepareStatement("""
                update vault.project_key set wrapped = ?
                 where project_id = ? and exists (select from vault.master_key where fingerprint = ?)
                """)) {
            update.setString(1, wrapped);
            update.setObject(2, project.value());
            update.setString(3, by.fingerprint());
            if (update.executeUpdate() == 0) {
                throw exchanged(by);
            }
        }
    }

    /** Which keys came, and which are gone for good. */
    void note(Connection connection, ProjectId project, List<String> before, List<String> after) throws SQLException {
        try (var update = connection.prepareStatement("""
                update vault.project_key
                   set backup_keys = backup_keys || jsonb_build_object(
                           ?, coalesce(backup_keys -> ?, '{}') - 'destroyed' || jsonb_build_object(?, now()))
                 where project_id = ?
                """)) {
            for (String id :
                    Stream.concat(before.stream(), after.stream()).distinct().toList()) {
                if (before.contains(id) && after.contains(id)) {
                    continue;
                }
                update.setString(1, id);
                update.setString(2, id);
                update.setString(3, after.contains(id) ? "made" : "destroyed");
                update.setObject(4, project.value());
                update.executeUpdate();
            }
        }
    }

    /** They are held outside; the first time counts. */
    void exported(Connection connection, ProjectId project, Collection<String> ids) throws SQLException {
        try (var update = connection.prepareStatement("""
                update vault.project_key
                   set backup_keys = backup_keys || jsonb_build_object(
                           ?, jsonb_build_object('exported', now()) || coalesce(backup_keys -> ?, '{}'))
                 where project_id = ?
                """)) {
            for (String id : ids) {
                update.setString(1, id);
                update.setString(2, id);
                update.setObject(3, project.value());
                update.executeUpdate();
            }
        }
    }

    /** When this befell keys, by their ids. */
    Map<String, Instant> dated(Connection connection, ProjectId project, String kind) throws SQLException {
        try (var select = connection.prepareStatement("""
                select k.key, (k.value ->> ?)::timestamptz from vault.project_key p, jsonb_each(p.backup_keys) k
                 where p.project_id = ? and k.value ->> ? is not null
                """)) {
            select.setString(1, kind);
            select.setObject(2, project.value());
            select.setString(3, kind);
            Map<String, Instant> dated = new HashMap<>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    dated.put(rows.getString(1), rows.getTimestamp(2).toInstant());
                }
            }
            return dated;
        }
    }

    /** Of each key; a key that came with the project was made with it. */
    Map<String, Instant> made(Connection connection, ProjectId project) throws SQLException {
        try (var select = connection.prepareStatement("""
                select null, created_at from vault.project_key where project_id = ?
                union all
                select k.key, (k.value ->> 'made')::timestamptz from vault.project_key p, jsonb_each(p.backup_keys) k
                 where p.project_id = ? and k.value ->> 'made' is not null
                """)) {
            select.setObject(1, project.value());
            select.setObject(2, project.value());
            Map<String, Instant> made = new HashMap<>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    String id = rows.getString(1);
                    made.put(
                            id == null ? Keyring.WITH_THE_PROJECT : id,
                            rows.getTimestamp(2).toInstant());
                }
            }
            return made;
        }
    }

    /** Unless the master key has been exchanged since this node read it: nobody could open them. */
    void store(Connection connection, ProjectId project, String wrapped, MasterKey by) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into vault.project_key (project_id, wrapped)
                select ?, ? from vault.master_key where fingerprint = ?
                """)) {
            insert.setObject(1, project.value());
            insert.setString(2, wrapped);
            insert.setString(3, by.fingerprint());
            if (insert.executeUpdate() == 0) {
                throw exchanged(by);
            }
        }
    }

    private static Failure.Fatal exchanged(MasterKey by) {
        return new Failure.Fatal(
                "This node works with the master key " + by.fingerprint() + ", which was exchanged.",
                "Start it again with the new one.",
                null);
    }
}
