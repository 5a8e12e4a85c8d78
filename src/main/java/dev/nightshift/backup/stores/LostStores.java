package dev.nightshift.backup.stores;

import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** The rows of backup.lost_store, which belong to no project: stores that somebody has declared lost for good. */
@ApplicationScoped
class LostStores {
    /** Who said so, and why. */
    record Loss(Instant at, String by, String reason) {}

    /** What a project holds in a store; see backup.store_loss. */
    record Held(UUID project, long onlyThere, long elsewhere, long logs) {}

    @Inject
    private Transactions transactions;

    /** By the stores' names. */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    Map<String, Loss> all() {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(
                            "select store, declared_at, declared_by, reason from backup.lost_store");
                    var rows = query.executeQuery()) {
                Map<String, Loss> all = new TreeMap<>();
                while (rows.next()) {
                    all.put(
                            rows.getString(1),
                            new Loss(rows.getTimestamp(2).toInstant(), rows.getString(3), rows.getString(4)));
                }
                return all;
            }
        });
    }

    static void declare(Connection connection, String store, String by, String reason) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.lost_store (store, declared_by, reason) values (?, ?, ?)
                on conflict (store) do nothing
                """)) {
            insert.setString(1, store);
            insert.setString(2, by);
            insert.setString(3, reason);
            insert.executeUpdate();
        }
    }

    /** False if it was not lost. */
    static boolean found(Connection connection, String store) throws SQLException {
        try (var delete = connection.prepareStatement("delete from backup.lost_store where store = ?")) {
            delete.setString(1, store);
            return delete.executeUpdate() == 1;
        }
    }

    /** Of every project. */
    static List<Held> held(Connection connection, String store) throws SQLException {
        try (var query = connection.prepareStatement(
                "select project_id, only_there, elsewhere, logs from backup.store_loss(?)")) {
            query.setString(1, store);
            List<Held> held = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    held.add(
                            new Held(rows.getObject(1, UUID.class), rows.getLong(2), rows.getLong(3), rows.getLong(4)));
                }
            }
            return held;
        }
    }
}
