package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import dev.nightshift.runtime.EmbeddedCluster;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each TLS mode refuses; the table in docs/how-to/log-in-without-a-stored-password.md says the same. */
class TlsModesIT {
    private static final String HOST = "localhost";
    private static final String UNKNOWN = "authority that is not known";
    private static final ConnectionCheck CHECK = new ConnectionCheck(Clock.system());

    private static EmbeddedCluster server;
    private static Path root;
    private static Map<String, Certificates.Issued> shown;
    private static String serving = "right";

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        Certificates own = Certificates.create(Files.createDirectory(folder.resolve("own")), HOST);
        Certificates foreign = Certificates.create(Files.createDirectory(folder.resolve("foreign")), HOST);
        root = own.root();
        shown = Map.of(
                "right",
                new Certificates.Issued(own.certificate(), own.key()),
                "other host",
                own.server("elsewhere", "db.example.com"),
                "expired",
                own.expired("expired", HOST),
                "other authority",
                new Certificates.Issued(foreign.certificate(), foreign.key()));
        server = EmbeddedCluster.start(
                Postgres.debian15(),
                EmbeddedCluster.Options.in(folder.resolve("cluster"), "secret")
                        .withSettings(Map.of(
                                "ssl", "on",
                                "ssl_cert_file", own.certificate().toString(),
                                "ssl_key_file", own.key().toString()))
                        .withAccessRules(List.of(
                                "host all all 127.0.0.1/32 scram-sha-256",
                                "host replication all 127.0.0.1/32 scram-sha-256")));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Has the server show this from the next login on. */
    private static void serve(String what) throws SQLException {
        if (what.equals(serving)) {
            return;
        }
        Certificates.Issued certificate = shown.get(what);
        String ssl = certificate == null ? "off" : "on";
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("alter system set ssl = " + ssl);
            if (certificate != null) {
                statement.execute("alter system set ssl_cert_file = '" + certificate.certificate() + "'");
                statement.execute("alter system set ssl_key_file = '" + certificate.key() + "'");
            }
            statement.execute("select pg_reload_conf()");
        }
        String file = certificate == null ? "" : certificate.certificate().toString();
        Eventually.isTrue("the server shows what is " + what, Duration.ofSeconds(10), () -> {
            String now = asked("select current_setting('ssl') || current_setting('ssl_cert_file')");
            return now.startsWith(ssl) && now.endsWith(file);
        });
        serving = what;
    }

    private static String asked(String query) {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Endpoint endpoint(TlsMode mode) {
        return new Endpoint(
                HOST, server.port(), "postgres", "postgres", () -> "secret", mode, root, Duration.ofSeconds(10));
    }

    @ParameterizedTest
    @CsvSource({
        // the server shows | mode | encrypted, plain, or words of the refusal
        "right,           disable,     plain",
        "right,           prefer,      encrypted",
        "right,           require,     encrypted",
        "right,           verify-ca,   encrypted",
        "right,           verify-full, encrypted",
        "other host,      disable,     plain",
        "other host,      prefer,      encrypted",
        "other host,      require,     encrypted",
        "other host,      verify-ca,   encrypted",
        "other host,      verify-full, does not name the host",
        "expired,         disable,     plain",
        "expired,         prefer,      encrypted",
        "expired,         require,     encrypted",
        "expired,         verify-ca,   has expired",
        "expired,         verify-full, has expired",
        "other authority, disable,     plain",
        "other authority, prefer,      encrypted",
        "other authority, require,     encrypted",
        "other authority, verify-ca,   " + UNKNOWN,
        "other authority, verify-full, " + UNKNOWN,
        "no TLS,          disable,     plain",
        "no TLS,          prefer,      plain",
        "no TLS,          require,     does not support SSL",
        "no TLS,          verify-ca,   does not support SSL",
        "no TLS,          verify-full, does not support SSL"
    })
    void everyModeTakesAndRefusesWhatItsTableSays(String what, String mode, String outcome) throws SQLException {
        serve(what);
        Endpoint endpoint = endpoint(TlsMode.of(mode));
        CheckReport report = CHECK.check(endpoint);
        if (outcome.equals("plain") || outcome.equals("encrypted")) {
            assertTrue(report.ok(), report::toString);
            assertEquals(
                    outcome.equals("encrypted"), item(report, "tls").found().startsWith("TLSv1.3"));
            assertEquals(State.OK, item(report, "replicationConnection").state(), report::toString);
            try (ReplicationSession session = ReplicationSession.open(endpoint)) {
                assertEquals(report.systemIdentifier(), session.identify().systemIdentifier());
                assertEquals(
                        outcome.equals("encrypted") ? "1" : "0",
                        asked("select count(*) from pg_stat_activity join pg_stat_ssl using (pid)"
                                + " where backend_type = 'walsender' and ssl"));
            }
        } else {
            refused(endpoint, report, outcome);
        }
    }

    /** By the check, by the pools, which must not ask again, and by the replication session, by which backups are taken. */
    private static void refused(Endpoint endpoint, CheckReport report, String words) {
        Item tls = item(report, "tls");
        assertAll(
                () -> assertEquals(State.OK, item(report, "connect").state()),
                () -> assertEquals(State.FAILED, tls.state()),
                () -> assertTrue(tls.found().contains(words), tls::toString),
                () -> assertTrue(!Objects.requireNonNull(tls.remedy()).isEmpty()));
        try (TargetPools pools = new TargetPools(PoolSettings.standard(), Clock.system())) {
            Failure pooled =
                    assertThrows(Failure.Skippable.class, () -> pools.open(endpoint, Deadlines.interactive(), "test"));
            assertTrue(pooled.getMessage().contains(words), pooled::getMessage);
        }
        Failure replicated = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
        assertTrue(replicated.getMessage().contains(words), replicated::getMessage);
    }

    @Test
    void withoutARootCertificateTheAuthoritiesOfTheJdkCountAndATestsOwnIsNotAmongThem() throws SQLException {
        serve("right");
        Endpoint known = endpoint(TlsMode.VERIFY_FULL);
        Endpoint endpoint = new Endpoint(
                HOST,
                server.port(),
                "postgres",
                "postgres",
                known.password(),
                TlsMode.VERIFY_FULL,
                null,
                Duration.ofSeconds(10));
        refused(endpoint, CHECK.check(endpoint), UNKNOWN);
    }

    @Test
    void aRootCertificateThatCannotBeReadIsNamed(@TempDir Path folder) throws Exception {
        serve("right");
        for (Path file :
                List.of(folder.resolve("absent"), Files.writeString(folder.resolve("text"), "no certificate"))) {
            Endpoint endpoint = new Endpoint(
                    HOST,
                    server.port(),
                    "postgres",
                    "postgres",
                    () -> "secret",
                    TlsMode.VERIFY_CA,
                    file,
                    Duration.ofSeconds(10));
            refused(endpoint, CHECK.check(endpoint), "the root certificate " + file);
        }
    }

    private static Item item(CheckReport report, String name) {
        return report.item(name).orElseThrow(() -> new AssertionError(name + " is missing in " + report));
    }
}
