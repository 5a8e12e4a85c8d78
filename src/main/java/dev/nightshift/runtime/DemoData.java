package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/**
 * Something to take care of: the database {@code shop} in the demo cluster, and the role {@code nightshift} with just the
 * privileges that Nightshift's work needs. The shop is built under another name and renamed when it is whole, so a kill in
 * the middle leaves nothing that a later start would take for it.
 */
final class DemoData {
    static final String DATABASE = "shop";
    static final String ROLE = "nightshift";
    private static final String BUILDING = "shop_being_built";

    private final EmbeddedCluster cluster;

    DemoData(EmbeddedCluster cluster) {
        this.cluster = cluster;
    }

    /** Whether {@link #prepare} has the shop to make, which takes some seconds. */
    boolean isMissing() {
        try (Connection connection = cluster.connect("postgres")) {
            return !exists(connection, "select 1 from pg_database where datname = ?", DATABASE);
        } catch (SQLException e) {
            throw new Failure.Fatal("The demo's server cannot be asked: " + e.getMessage(), null, e);
        }
    }

    /**
     * Makes role and shop if they are missing.
     *
     * @return whether the shop was made now
     * @throws Failure.Fatal if a statement fails
     */
    boolean prepare(String rolePassword) {
        try {
            boolean made = false;
            try (Connection connection = cluster.connect("postgres")) {
                role(connection, rolePassword);
                if (!exists(connection, "select 1 from pg_database where datname = ?", DATABASE)) {
                    build(connection);
                    made = true;
                }
            }
            return made;
        } catch (SQLException e) {
            throw new Failure.Fatal(
                    "The demo's shop could not be made: " + e.getMessage(),
                    "Start again, or without the demo: NIGHTSHIFT_DEMO=false.",
                    e);
        }
    }

    /** What backup, proof, vacuum and monitoring need on PostgreSQL 18; neither superuser nor owner of anything. */
    private static void role(Connection connection, String password) throws SQLException {
        Identifier role = new Identifier(ROLE);
        if (!exists(connection, "select 1 from pg_roles where rolname = ?", ROLE)) {
            execute(connection, "create role " + role + " login replication nosuperuser nocreatedb nocreaterole");
        }
        connection.unwrap(PGConnection.class).alterUserPassword(ROLE, password.toCharArray(), "scram-sha-256");
        execute(connection, "grant pg_monitor, pg_maintain, pg_read_all_data to " + role);
        grantFunctions(connection);
    }

    /** Functions are granted in each database by itself. */
    private static void grantFunctions(Connection connection) throws SQLException {
        execute(
                connection,
                "grant execute on function pg_create_restore_point(text), pg_switch_wal() to " + new Identifier(ROLE));
    }

    private void build(Connection connection) throws SQLException {
        execute(connection, "drop database if exists " + new Identifier(BUILDING) + " with (force)");
        execute(connection, "create database " + new Identifier(BUILDING));
        try (Connection shop = cluster.connect(BUILDING)) {
            shop.setAutoCommit(false);
            execute(shop, "set local maintenance_work_mem = '256MB'; set local work_mem = '64MB'");
            for (String part : new String[] {
                DemoShop.TABLES, DemoShop.PRODUCTS, DemoShop.CUSTOMERS, DemoShop.ORDERS, DemoShop.INDEXES
            }) {
                execute(shop, part);
            }
            if (cluster.binaries().hasExtension("pg_stat_statements")) {
                execute(shop, "create extension pg_stat_statements");
            }
            grantFunctions(shop);
            shop.commit();
            shop.setAutoCommit(true);
            execute(shop, "vacuum (analyze)");
            execute(shop, DemoShop.DEAD_ROWS);
            execute(shop, DemoShop.SWEPT_CARTS);
            execute(shop, "vacuum (analyze) cart");
        }
        execute(connection, "alter database " + new Identifier(BUILDING) + " rename to " + new Identifier(DATABASE));
    }

    private static boolean exists(Connection connection, String query, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next();
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
