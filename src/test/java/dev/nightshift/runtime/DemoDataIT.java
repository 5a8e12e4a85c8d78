package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DemoDataIT {
    private final EmbeddedCluster cluster;

    DemoDataIT(@TempDir Path folder) {
        cluster = EmbeddedDatabases.demo(
                Postgres.binaries(18), folder.resolve("demo"), Ports.anyFree(), Secrets.in(folder.resolve("secrets")));
    }

    @BeforeAll
    void makeTheShop() throws SQLException {
        try (Connection connection = cluster.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create database shop_being_built"); // as a kill in the middle leaves it
        }
        assertTrue(new DemoData(cluster).isMissing());
        assertTrue(new DemoData(cluster).prepare("first"));
    }

    @AfterAll
    void stop() {
        cluster.stop();
    }

    @Test
    void itIsMadeOnceAndThePasswordFollowsTheSecret() throws SQLException {
        assertFalse(new DemoData(cluster).isMissing());
        assertFalse(new DemoData(cluster).prepare("second"));
        cluster.connect("shop", DemoData.ROLE, "second").close();
        assertThrows(SQLException.class, () -> cluster.connect("shop", DemoData.ROLE, "first"));
        new DemoData(cluster).prepare("first");
    }

    @Test
    void theShopHasTheSizeOfARealOne() throws SQLException {
        assertTrue(number("select count(*) from orders") >= 200_000);
        assertTrue(number("select count(*) from order_item") >= 550_000);
        assertEquals(800, number("select count(*) from product"));
        assertTrue(number("select count(distinct name) from product") > 700);
        assertEquals(0, number("select count(*) from orders where placed_at > now()"));
        assertTrue(number("select now()::date - min(placed_at)::date from orders") > 700);
    }

    @Test
    void itsFiguresAddUp() throws SQLException {
        assertEquals(0, number("""
                        select count(*)
                          from orders o
                          left join (select order_id, sum(quantity * unit_price) as goods
                                       from order_item group by order_id) i on i.order_id = o.id
                         where i.goods is null or o.total <> i.goods + o.shipping
                        """));
        assertEquals(0, number("""
                        select count(*) from orders o join customer c on c.id = o.customer_id
                         where o.placed_at < c.registered_at
                        """));
    }

    @Test
    void vacuumAndReindexHaveSomethingToDo() throws SQLException {
        assertTrue(number("""
                                select 100 * n_dead_tup / (n_live_tup + n_dead_tup)
                                  from pg_stat_user_tables where relname = 'orders'
                                """) > 20);
        long before = number("select pg_relation_size('cart_token')");
        long after;
        try (Connection connection = cluster.connect("shop");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("create index fresh on cart (token)");
            try (ResultSet rows = statement.executeQuery("select pg_relation_size('fresh')")) {
                rows.next();
                after = rows.getLong(1);
            }
            connection.rollback();
        }
        assertTrue(before > 5 * after, before + " bytes, fresh " + after);
    }

    @Test
    void theRoleCanDoItsWorkAndNothingMore() throws SQLException {
        try (Connection connection = cluster.connect("shop", DemoData.ROLE, "first");
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_create_restore_point('test'), pg_switch_wal()");
            statement.execute("vacuum (analyze) customer");
            statement.execute("select count(*) from pg_stat_statements");
            statement.execute("select count(*) from customer"); // for the evidence of rows
            assertThrows(SQLException.class, () -> statement.execute("update customer set city = 'x' where id = 1"));
            assertThrows(SQLException.class, () -> statement.execute("delete from order_item"));
            assertThrows(SQLException.class, () -> statement.execute("create table public.mine ()"));
        }
        assertEquals(
                0,
                number("select count(*) from pg_roles where rolname = 'nightshift' and (rolsuper or rolcreaterole)"));
        assertEquals(1, number("select count(*) from pg_roles where rolname = 'nightshift' and rolreplication"));
    }

    @Test
    void theServerIsSetUpForEveryKindOfBackup() throws SQLException {
        assertEquals(3, number("""
                        select count(*) from pg_settings
                         where (name, setting) in (('wal_level', 'logical'), ('summarize_wal', 'on'),
                                                   ('shared_preload_libraries', 'pg_stat_statements'))
                        """));
    }

    private long number(String query) throws SQLException {
        try (Connection connection = cluster.connect("shop");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
