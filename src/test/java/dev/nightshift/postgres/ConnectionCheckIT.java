package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddress;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.Roots;
import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionCheckIT {
    private static final ConnectionCheck CHECK = new ConnectionCheck(
            () -> Instant.parse("2026-11-21T02:00:00Z"),
            new Deadlines(
                    Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(15)));

    /** A name that only survives a statement when it is quoted. */
    private static final String ROLE = "night \"crew\"";

    private static Map<Integer, Postgres> servers;

    @BeforeAll
    static void start() throws SQLException {
        servers = Map.of(
                15,
                        Postgres.start(
                                15,
                                Map.of("wal_level", "replica", "max_wal_senders", "1", "max_replication_slots", "0")),
                18, Postgres.start(18, Map.of("wal_level", "logical", "summarize_wal", "on")));
        for (Postgres server : servers.values()) {
            server.execute(
                    "postgres",
                    "create role \"night \"\"crew\"\"\" login password 'secret'",
                    "create role owner_of_orders",
                    "create database shop",
                    "create database closed");
            server.execute("postgres", "revoke connect on database closed from public");
            server.execute(
                    "shop",
                    "create table orders (id int primary key)",
                    "alter table orders owner to owner_of_orders",
                    "alter table orders enable row level security");
        }
    }

    @AfterAll
    static void stop() {
        servers.values().forEach(Postgres::close);
    }

    private static Postgres server(int major) {
        return Objects.requireNonNull(servers.get(major));
    }

    private static Endpoint endpoint(int major, String database, String user, String password) {
        return Endpoint.local(server(major).port(), database, user, () -> password);
    }

    /** Its administrators' role is all that the services let one see of themselves. */
    @Test
    void aManagedServiceIsToldThatItGivesNoPhysicalBackup() throws SQLException {
        server(18).execute("postgres", "create role rds_superuser", "create role tenant login password 'secret'");
        try {
            CheckReport report = CHECK.check(endpoint(18, "shop", "tenant", "secret"));
            Item physical = item(report, "physicalBackup");
            assertEquals(State.WARNING, physical.state());
            assertTrue(physical.found().contains("Amazon RDS"), physical.found());
            assertTrue(String.valueOf(physical.remedy()).contains("kind=logical"), physical.toString());
            assertEquals(State.NOT_MEASURED, item(report, "replication").state());
            // A server that took in a dump of such roles is no such service where it lets one replicate
            assertEquals(
                    State.OK,
                    item(CHECK.check(endpoint(18, "shop", "postgres", "secret")), "physicalBackup")
                            .state());
        } finally {
            server(18).execute("postgres", "drop role rds_superuser", "drop role tenant");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void everyMissingPrivilegeIsNamedWithAStatementThatGivesIt(int major) throws SQLException {
        Endpoint endpoint = endpoint(major, "shop", ROLE, "secret");
        CheckReport before = CHECK.check(endpoint);
        assertTrue(before.ok(), before.toString());
        List<String> expected = new ArrayList<>(List.of(
                "replication",
                "privilege.pg_monitor",
                "privilege.pg_create_restore_point",
                "privilege.pg_switch_wal",
                "privilege.maintain",
                "privilege.pg_read_all_data",
                "privilege.bypassrls"));
        for (String name : expected) {
            assertEquals(State.WARNING, item(before, name).state(), name);
        }
        assertEquals(State.NOT_MEASURED, item(before, "replicationConnection").state());

        for (String name : expected) {
            server(major).execute("shop", statement(item(before, name)));
            assertEquals(State.OK, item(CHECK.check(endpoint), name).state(), name);
        }
        Item replication = item(CHECK.check(endpoint), "replicationConnection");
        assertEquals(State.OK, replication.state(), replication.toString());
    }

    /** The statement in a remedy, without the words before it. */
    private static String statement(Item item) {
        String remedy = String.valueOf(item.remedy());
        return remedy.substring(remedy.indexOf(": ") + 1).strip();
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void theServerIsDescribed(int major) {
        CheckReport report = CHECK.check(endpoint(major, "shop", "postgres", "secret"));
        assertTrue(report.ok());
        assertTrue(String.valueOf(report.serverVersion()).startsWith(major + "."));
        assertTrue(String.valueOf(report.systemIdentifier()).matches("\\d+"));
        assertEquals(false, report.inRecovery());
        assertNotNull(report.databaseBytes());
        assertNotNull(report.instanceBytes());
        assertTrue(report.instanceBytes() > report.databaseBytes());
        assertEquals(State.OK, item(report, "physicalBackup").state());
        assertEquals(State.OK, item(report, "checksums").state());
        assertEquals(State.OK, item(report, "amcheck").state());
        assertEquals(State.WARNING, item(report, "pgStatStatements").state());
        assertEquals("off", item(report, "archiveMode").found());
    }

    @Test
    void settingsThatHinderBackupsAreNamedWithTheirRemedy() {
        CheckReport report = CHECK.check(endpoint(15, "shop", "postgres", "secret"));
        assertEquals(State.WARNING, item(report, "walSenders").state());
        assertEquals(
                "ALTER SYSTEM SET max_wal_senders = 2; and restart the server.",
                item(report, "walSenders").remedy());
        assertEquals(
                "ALTER SYSTEM SET max_replication_slots = 1; and restart the server.",
                item(report, "replicationSlots").remedy());
        assertTrue(item(report, "walLevel").found().contains("L4"));
        assertEquals(State.NOT_MEASURED, item(report, "summarizeWal").state());
        assertEquals(
                State.OK,
                item(CHECK.check(endpoint(18, "shop", "postgres", "secret")), "summarizeWal")
                        .state());
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aRefusedLoginSaysHowFarItGot(int major) {
        CheckReport password = CHECK.check(endpoint(major, "shop", "postgres", "wrong"));
        assertFalse(password.ok());
        assertEquals(State.OK, item(password, "connect").state());
        assertEquals(State.FAILED, item(password, "login").state());
        assertEquals(State.NOT_MEASURED, item(password, "database").state());
        assertNull(password.serverVersion());
        assertFalse(password.toString().contains("wrong"));

        CheckReport database = CHECK.check(endpoint(major, "no such", "postgres", "secret"));
        assertEquals(State.OK, item(database, "login").state());
        assertEquals(State.FAILED, item(database, "database").state());
        assertTrue(String.valueOf(item(database, "database").remedy()).contains("CREATE DATABASE \"no such\""));

        CheckReport closed = CHECK.check(endpoint(major, "closed", ROLE, "secret"));
        assertEquals(
                "GRANT CONNECT ON DATABASE \"closed\" TO \"night \"\"crew\"\"\";",
                item(closed, "database").remedy());
    }

    @Test
    void aServerThatIsNotThereIsToldFromOneThatDoesNotAnswerAndFromANameNobodyKnows() throws IOException {
        int port;
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = silent.getLocalPort();
            CheckReport timeout = CHECK.check(Endpoint.local(port, "shop", "postgres", () -> "secret"));
            assertEquals(State.FAILED, item(timeout, "connect").state());
            assertTrue(String.valueOf(item(timeout, "connect").remedy()).contains("in time"), timeout.toString());
        }
        CheckReport refused = CHECK.check(Endpoint.local(port, "shop", "postgres", () -> "secret"));
        assertTrue(String.valueOf(item(refused, "connect").remedy()).contains("listen_addresses"), refused.toString());

        Endpoint nowhere = new Endpoint(
                "nowhere.invalid", 5432, "shop", "postgres", null, TlsMode.DISABLE, null, Duration.ofSeconds(2));
        Item unknown = item(CHECK.check(nowhere), "connect");
        assertTrue(unknown.found().contains("nowhere.invalid is not known"), unknown.toString());
    }

    @Test
    void anAddressThatTheInstallationForbidsIsNotConnectedToInAnyWay() throws SQLException {
        Boundary boundary = new Boundary(ForbiddenAddresses.parse("127.0.0.0/8,::1"), Roots.ANYWHERE);
        for (String host : List.of("127.0.0.1", "localhost", "127.1", "2130706433", "::ffff:127.0.0.1")) {
            Endpoint endpoint = new Endpoint(
                    host,
                    server(18).port(),
                    "shop",
                    "postgres",
                    () -> "secret",
                    TlsMode.PREFER,
                    null,
                    Duration.ofSeconds(2),
                    null,
                    boundary);
            Item refused = item(CHECK.check(endpoint), "connect");
            assertEquals(State.FAILED, refused.state(), host);
            assertTrue(refused.found().contains("forbids connections to " + host), refused::toString);
            assertEquals(ForbiddenAddress.REMEDY, refused.remedy());
            try (TargetPools pools = new TargetPools(PoolSettings.standard(), Instant::now)) {
                Failure pooled = assertThrows(
                        Failure.Skippable.class, () -> pools.open(endpoint, Deadlines.interactive(), "test"));
                assertEquals(ForbiddenAddress.REMEDY, pooled.remedy());
                assertThrows(Failure.Skippable.class, () -> pools.openApart(endpoint, Deadlines.interactive(), "test"));
            }
            Failure replicated = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
            assertTrue(replicated.getMessage().contains("forbids connections to " + host), replicated::getMessage);
        }
    }

    @Test
    void aServerWithoutTlsIsReachedButNotAgreedWith() {
        Endpoint tls = new Endpoint(
                "127.0.0.1",
                server(18).port(),
                "shop",
                "postgres",
                () -> "secret",
                TlsMode.REQUIRE,
                null,
                Duration.ofSeconds(2));
        CheckReport report = CHECK.check(tls);
        assertEquals(State.OK, item(report, "connect").state(), report.toString());
        assertEquals(State.FAILED, item(report, "tls").state());
        assertTrue(String.valueOf(item(report, "tls").remedy()).contains("ssl = on"));
    }

    @Test
    void accessRulesThatLackALineAreToldWithTheLineThatIsMissing() throws SQLException, IOException {
        Postgres server = server(18);
        Path rules = Path.of(query(server, "show hba_file"));
        String before = Files.readString(rules);
        server.execute("shop", "create role streamer login replication password 'secret'");
        try {
            Files.writeString(rules, "host replication streamer 127.0.0.1/32 reject\n" + before);
            server.execute("shop", "select pg_reload_conf()", "select pg_sleep(0.3)");
            Item replication = item(CHECK.check(endpoint(18, "shop", "streamer", "secret")), "replicationConnection");
            assertEquals(State.WARNING, replication.state());
            assertTrue(
                    String.valueOf(replication.remedy())
                            .endsWith(": host replication \"streamer\" 127.0.0.1/32 scram-sha-256"),
                    replication.remedy());

            Files.writeString(rules, "host all postgres 127.0.0.1/32 scram-sha-256\n");
            server.execute("shop", "select pg_reload_conf()", "select pg_sleep(0.3)");
            Item login = item(CHECK.check(endpoint(18, "shop", "streamer", "secret")), "login");
            assertEquals(State.FAILED, login.state());
            assertTrue(
                    String.valueOf(login.remedy()).endsWith(": host \"shop\" \"streamer\" 127.0.0.1/32 scram-sha-256"),
                    login.remedy());
        } finally {
            Files.writeString(rules, before);
            server.execute("shop", "select pg_reload_conf()", "select pg_sleep(0.3)", "drop role streamer");
        }
    }

    @Test
    void aFullServerSaysThatItIsFull() throws SQLException {
        server(15).execute("shop", "create role narrow login password 'secret' connection limit 0");
        Item login = item(CHECK.check(endpoint(15, "shop", "narrow", "secret")), "login");
        assertEquals(State.FAILED, login.state());
        assertTrue(String.valueOf(login.remedy()).contains("CONNECTION LIMIT"), login.toString());
        server(15).execute("shop", "drop role narrow");
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 14})
    void beforeFifteenPhysicalBackupsAreRefusedInClearWordsAndTheRestWorks(int major) {
        try (Postgres old = Postgres.start(major)) {
            CheckReport report = CHECK.check(Endpoint.local(old.port(), "postgres", "postgres", old::password));
            assertTrue(report.ok(), report.toString());
            assertEquals(State.OK, item(report, "version").state());
            assertEquals(State.WARNING, item(report, "physicalBackup").state());
            assertTrue(String.valueOf(item(report, "physicalBackup").remedy()).contains("15"));
            assertEquals(
                    major == 13 ? State.NOT_MEASURED : State.OK, // the role came with 14
                    item(report, "privilege.pg_read_all_data").state());
        }
    }

    @Test
    void aTableOfASuperusersBeforeSeventeenIsNotGivenAwayByMembershipInTheSuperuser() throws SQLException {
        server(15).execute("postgres", "create database office", "create role clerk login password 'secret'");
        server(15).execute("office", "create table papers ()");
        Item item = item(CHECK.check(endpoint(15, "office", "clerk", "secret")), "privilege.maintain");
        assertEquals("ALTER DATABASE \"office\" OWNER TO \"clerk\";", statement(item));
        server(15).execute("office", statement(item));
        assertEquals(
                State.OK,
                item(CHECK.check(endpoint(15, "office", "clerk", "secret")), "privilege.maintain")
                        .state());
    }

    private static Item item(CheckReport report, String name) {
        return report.item(name).orElseThrow(() -> new AssertionError(name + " is missing in " + report));
    }

    private static String query(Postgres server, String sql) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
