package dev.nightshift.backup.stores;

import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.transaction.Transactional;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rows of backup.store, which belong to no project: read in a transaction of their own, for the caller's may be a
 * project's; written in the caller's.
 */
@ApplicationScoped
class StoreRepository {
    private static final String COLUMNS =
            "select name, kind, folder, bucket, prefix, endpoint, region, account, secret_file, secret_variable, lock_days,"
                    + " delete_account, delete_secret_file, delete_secret_variable from backup.store";
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

    /** Of every store, in the order of their names. */
    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    List<Stores.Locking> locking() {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement("""
                            select name, lock_days, lock_measured_at, extract(epoch from now() - lock_measured_at)::bigint
                              from backup.store order by name
                            """);
                    var rows = query.executeQuery()) {
                List<Stores.Locking> all = new ArrayList<>();
                while (rows.next()) {
                    all.add(new Stores.Locking(
                            rows.getString(1),
                            rows.getInt(2),
                            rows.getTimestamp(3).toInstant(),
                            Duration.ofSeconds(rows.getLong(4))));
                }
                return all;
            }
        });
    }

    @Transactional(Transactional.TxType.NOT_SUPPORTED)
    void lockMeasured(String name) {
        transactions.installation(connection -> {
            try (var update =
                    connection.prepareStatement("update backup.store set lock_measured_at = now() where name = ?")) {
                update.setString(1, name);
                return update.executeUpdate();
            }
        });
    }

    /** Whether there is one of that name, which then stays until the caller's transaction of the project ends. */
    boolean hold(ProjectId project, String name) {
        return transactions.in(project, connection -> {
            try (var query = connection.prepareStatement("select from backup.store where name = ? for share")) {
                query.setString(1, name);
                try (var rows = query.executeQuery()) {
                    return rows.next();
                }
            }
        });
    }

    private static StoreDefinition definition(ResultSet row) throws SQLException {
        return new StoreDefinition(
                new Name(row.getString("name")),
                StoreDefinition.Kind.valueOf(row.getString("kind")),
                row.getString("folder"),
                row.getString("bucket"),
                row.getString("prefix"),
                row.getString("endpoint"),
                row.getString("region"),
                row.getString("account"),
                secret(row.getString("secret_file"), row.getString("secret_variable")),
                row.getInt("lock_days"),
                new StoreDefinition.Deleting(
                        row.getString("delete_account"),
                        secret(row.getString("delete_secret_file"), row.getString("delete_secret_variable"))));
    }

    private static Secret secret(@Nullable String file, @Nullable String variable) {
        return file != null
                ? new Secret.File(Path.of(file))
                : variable != null ? new Secret.Variable(variable) : new Secret.None();
    }

    /** @throws Failure.Conflict if the name is taken, or the place is another store's already */
    void insert(Connection connection, StoreDefinition store) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.store (endpoint, region, account, secret_file, secret_variable, lock_days, delete_account,
                    delete_secret_file, delete_secret_variable, name, kind, folder, bucket, prefix)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
                update backup.store set endpoint = ?, region = ?, account = ?, secret_file = ?, secret_variable = ?,
                       lock_days = ?, delete_account = ?, delete_secret_file = ?, delete_secret_variable = ?,
                       lock_measured_at = case when lock_days = ? then lock_measured_at else now() end
                 where name = ?
                """)) {
            int at = reachedBy(update, store);
            update.setInt(++at, store.lockDays());
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
        secret(statement, 4, store.secret());
        statement.setInt(6, store.lockDays());
        statement.setString(7, store.deleting().account());
        secret(statement, 8, store.deleting().secret());
        return 9;
    }

    private static void secret(PreparedStatement statement, int at, Secret secret) throws SQLException {
        statement.setString(at, secret instanceof Secret.File file ? file.path().toString() : null);
        statement.setString(at + 1, secret instanceof Secret.Variable variable ? variable.name() : null);
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
                    case "DELETED" -> LostStores.found(connection, name);
                    case "HELD" ->
                        throw new Failure.Conflict(
                                "Backups or archived logs lie in the store " + name
                                        + "; without it nobody could restore them.",
                                "Let the backups in it expire, of every project, and be freed; archived logs stay as long as their instances are known.");
                    case "USED" ->
                        throw new Failure.Conflict(
                                "A backup run that is not over stores in " + name + ".", "Wait for it, or stop it.");
                    default -> throw Stores.unknown(name);
                }
            }
        }
    }
}
