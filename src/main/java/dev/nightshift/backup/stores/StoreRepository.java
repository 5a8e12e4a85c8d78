package dev.nightshift.backup.stores;

import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.transaction.Transactional;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The rows of backup.store, which belong to no project: read in a transaction of their own, for the caller's may be a
 * project's; written in the caller's.
 */
@ApplicationScoped
class StoreRepository {
    private static final String COLUMNS =
            "select name, kind, folder, bucket, prefix, endpoint, region, account, secret_file, secret_variable"
                    + " from backup.store";
    private static final String TAKEN = "23505";

    /** Before the words that say by what. */
    private static final String NAMED = "NAMED";

    @Inject
    private Transactions transactions;

    /** In the order of their names. */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    List<StoreDefinition> all() {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(COLUMNS + " order by name");
                    var rows = query.executeQuery()) {
                List<StoreDefinition> all = new ArrayList<>();
                while (rows.next()) {
                    all.add(definition(rows));
                }
                return all;
            }
        });
    }

    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    Optional<StoreDefinition> find(String name) {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(COLUMNS + " where name = ?")) {
                query.setString(1, name);
                try (var rows = query.executeQuery()) {
                    return rows.next() ? Optional.of(definition(rows)) : Optional.empty();
                }
            }
        });
    }

    private static StoreDefinition definition(ResultSet row) throws SQLException {
        String file = row.getString("secret_file");
        String variable = row.getString("secret_variable");
        return new StoreDefinition(
                new Name(row.getString("name")),
                StoreDefinition.Kind.valueOf(row.getString("kind")),
                row.getString("folder"),
                row.getString("bucket"),
                row.getString("prefix"),
                row.getString("endpoint"),
                row.getString("region"),
                row.getString("account"),
                file != null
                        ? new Secret.File(Path.of(file))
                        : variable != null ? new Secret.Variable(variable) : new Secret.None());
    }

    /** @throws Failure.Conflict if the name is taken, or the place is another store's already */
    void insert(Connection connection, StoreDefinition store) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.store (endpoint, region, account, secret_file, secret_variable, name, kind, folder, bucket,
                    prefix)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            int at = reachedBy(insert, store);
            insert.setString(++at, store.name().value());
            insert.setString(++at, store.kind().name());
            insert.setString(++at, store.folder());
            insert.setString(++at, store.bucket());
            insert.setString(++at, store.prefix());
            insert.executeUpdate();
        } catch (SQLException e) {
            throw taken(e);
        }
    }

    /** How it is reached and what opens it; where it lies never changes. */
    void update(Connection connection, StoreDefinition store) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.store set endpoint = ?, region = ?, account = ?, secret_file = ?, secret_variable = ?
                 where name = ?
                """)) {
            int at = reachedBy(update, store);
            update.setString(++at, store.name().value());
            update.executeUpdate();
        } catch (SQLException e) {
            throw taken(e);
        }
    }

    private static int reachedBy(PreparedStatement statement, StoreDefinition store) throws SQLException {
        statement.setString(1, store.endpoint());
        statement.setString(2, store.region());
        statement.setString(3, store.account());
        statement.setString(
                4, store.secret() instanceof Secret.File file ? file.path().toString() : null);
        statement.setString(5, store.secret() instanceof Secret.Variable variable ? variable.name() : null);
        return 5;
    }

    private static SQLException taken(SQLException e) {
        if (TAKEN.equals(e.getSQLState())) {
            throw new Failure.Conflict(
                    "There is a store of this name, or one that lies in the same place.", "Use that one.");
        }
        return e;
    }

    /**
     * Deletes what is known of it; the objects in it stay.
     *
     * @throws Failure.NotFound if there is none
     * @throws Failure.Conflict if a backup lies in it, or is on its way there, or a policy names it
     */
    void delete(Connection connection, String name) throws SQLException {
        try (var delete = connection.prepareStatement("select backup.delete_store(?)")) {
            delete.setString(1, name);
            try (var row = delete.executeQuery()) {
                row.next();
                String answer = row.getString(1);
                if (answer.startsWith(NAMED)) {
                    throw new Failure.Conflict(
                            "The store " + name + " is named" + answer.substring(NAMED.length()) + ".",
                            "Let the policy name other stores first.");
                }
                switch (answer) {
                    case "DELETED" -> {}
                    case "HELD" ->
                        throw new Failure.Conflict(
                                "Backups or archived logs lie in the store " + name
                                        + "; without it nobody could restore them.",
                                "Let the backups in it expire, of every project; archived logs stay as long as their instances are known.");
                    case "USED" ->
                        throw new Failure.Conflict(
                                "A backup run that is not over stores in " + name + ".", "Wait for it, or stop it.");
                    default -> throw Stores.unknown(name);
                }
            }
        }
    }
}
