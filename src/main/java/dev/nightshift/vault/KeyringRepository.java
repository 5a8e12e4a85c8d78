package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** The wrapped keys, and the fingerprint of the key that wraps them. */
@ApplicationScoped
class KeyringRepository {
    @Inject
    private Transactions transactions;

    /**
     * The fingerprint stored at first start, which is this key's if none was. In a transaction of its own: the caller's
     * may be a project's, and may still roll back.
     */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    String fingerprint(MasterKey first) {
        return transactions.installation(connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into vault.master_key (fingerprint) values (?) on conflict do nothing
                    """)) {
                insert.setString(1, first.fingerprint());
                insert.executeUpdate();
            }
            try (var select = connection.prepareStatement("""
                            select fingerprint from vault.master_key
                            """);
                    var row = select.executeQuery()) {
                row.next();
                return row.getString(1);
            }
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
                throw new Failure.Fatal(
                        "This node works with the master key " + by.fingerprint() + ", which was exchanged.",
                        "Start it again with the new one.",
                        null);
            }
        }
    }
}
