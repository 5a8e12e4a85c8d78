package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.Roots;
import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import dev.nightshift.runtime.EmbeddedCluster;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.Postgres;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server whose pg_hba.conf takes a certificate instead of a password, and one beside a password. */
class ClientCertificateIT {
    private static final String ROLE = "certified";
    private static final String BOTH = "certified_twice";
    private static final ConnectionCheck CHECK = new ConnectionCheck(Clock.system());

    private static Path folder;
    private static EmbeddedCluster server;
    private static Certificates authority;
    private static Certificates.Issued client;

    @BeforeAll
    static void start(@TempDir Path temporary) throws Exception {
        folder = temporary;
        authority = Certificates.create(temporary, "localhost");
        client = authority.client(ROLE);
        server = EmbeddedCluster.start(
                Postgres.debian15(),
                EmbeddedCluster.Options.in(temporary.resolve("cluster"), "secret")
                        .withSettings(Map.of(
                                "ssl", "on",
                                "ssl_ca_file", authority.root().toString(),
                                "ssl_cert_file", authority.certificate().toString(),
                                "ssl_key_file", authority.key().toString()))
                        .withAccessRules(List.of(
                                "hostssl all,replication " + ROLE + " 127.0.0.1/32 cert",
                                "hostssl all,replication " + BOTH
                                        + " 127.0.0.1/32 scram-sha-256 clientcert=verify-full",
                                "host all all 127.0.0.1/32 scram-sha-256")));
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create role " + ROLE + " login replication");
            statement.execute("create role " + BOTH + " login replication password 'beside'");
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Endpoint endpoint(
            String role, @Nullable Supplier<String> password, Certificates.@Nullable Issued shown) {
        return endpoint(role, password, shown, Roots.ANYWHERE);
    }

    private static Endpoint endpoint(
            String role, @Nullable Supplier<String> password, Certificates.@Nullable Issued shown, Roots roots) {
        return new Endpoint(
                "localhost",
                server.port(),
                "postgres",
                role,
                password,
                TlsMode.VERIFY_FULL,
                authority.root(),
                Duration.ofSeconds(10),
                shown == null ? null : new ClientCertificate(shown.certificate(), shown.key()),
                new Boundary(ForbiddenAddresses.STANDARD, roots));
    }

    @Test
    void theCertificateAloneOpensSessionsAndReplicationAndTakesABackup() {
        Endpoint endpoint = endpoint(ROLE, null, client);
        CheckReport report = CHECK.check(endpoint);
        assertTrue(report.ok(), report::toString);
        assertEquals(State.OK, item(report, "replicationConnection").state(), report::toString);
        try (TargetPools pools = new TargetPools(PoolSettings.standard(), Clock.system());
                Session session = pools.open(endpoint, Deadlines.interactive(), "test")) {
            assertEquals(15, session.serverMajor());
        }
        try (ReplicationSession session = ReplicationSession.open(endpoint)) {
            AtomicLong bytes = new AtomicLong();
            session.baseBackup(new BaseBackup("by certificate", true, 0, false), counting(bytes));
            assertTrue(bytes.get() > 1 << 20, bytes::toString);
        }
    }

    @Test
    void besideAPasswordBothAreNeeded() throws Exception {
        Certificates.Issued both = authority.client(BOTH);
        assertTrue(CHECK.check(endpoint(BOTH, () -> "beside", both)).ok());
        Item wrong = item(CHECK.check(endpoint(BOTH, () -> "wrong", both)), "login");
        assertTrue(wrong.found().contains("28P01"), wrong::toString);
        Item without = item(CHECK.check(endpoint(BOTH, () -> "beside", null)), "login");
        assertTrue(without.found().contains("valid client certificate"), without::toString);
    }

    @Test
    void aServerThatAsksForACertificateInVainIsToldWithWhatToGive() {
        Endpoint endpoint = endpoint(ROLE, null, null);
        Item login = item(CHECK.check(endpoint), "login");
        assertTrue(login.found().contains("valid client certificate"), login::toString);
        assertTrue(String.valueOf(login.remedy()).startsWith("Give a client certificate"), login::toString);
        assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
    }

    @Test
    void aCertificateOfAnotherNameDoesNotLogInAsTheRole() throws Exception {
        Endpoint endpoint = endpoint(ROLE, null, authority.client("somebody"));
        Item login = item(CHECK.check(endpoint), "login");
        assertEquals(State.FAILED, login.state());
        assertTrue(String.valueOf(login.remedy()).contains("common name"), login::toString);
        assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
    }

    @Test
    void aCertificateThatHasExpiredIsRefusedByTheServerAndNotTriedAgain() throws Exception {
        Endpoint endpoint = endpoint(ROLE, null, authority.expiredClient(ROLE));
        CheckReport report = CHECK.check(endpoint);
        assertTrue(item(report, "tls").found().contains("does not accept the client certificate"), report::toString);
        // The server hangs up while we still write, or after: whichever comes first, its reason is heard
        for (int i = 0; i < 20; i++) {
            Failure refused = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
            assertTrue(refused.getMessage().contains("does not accept the client certificate"), refused::getMessage);
        }
    }

    @Test
    void aKeyInAnotherFormIsRefusedWithTheCommandThatConvertsIt() throws Exception {
        String pkcs8 = Files.readString(client.key());
        for (String kind : List.of("RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")) {
            Path key = Files.writeString(folder.resolve(kind.replace(' ', '-')), pkcs8.replace("PRIVATE KEY", kind));
            Endpoint endpoint = endpoint(ROLE, null, new Certificates.Issued(client.certificate(), key));
            Item tls = item(CHECK.check(endpoint), "tls");
            assertTrue(tls.found().contains("the client key " + key), tls::toString);
            assertTrue(String.valueOf(tls.remedy()).contains("openssl pkcs8 -topk8 -nocrypt"), tls::toString);
            Failure refused = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
            assertTrue(String.valueOf(refused.remedy()).contains("openssl"), refused::toString);
        }
    }

    @Test
    void filesOutsideOfTheFoldersForThemAreNotUsedWhereverTheyWereStored() {
        Roots elsewhere = new Roots(List.of(folder.resolve("elsewhere")));
        Endpoint endpoint = endpoint(ROLE, null, client, elsewhere);
        Failure refused = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(endpoint));
        assertTrue(String.valueOf(refused.remedy()).contains("NIGHTSHIFT_CREDENTIAL_ROOTS"), refused::toString);
        assertThrows(Failure.Skippable.class, () -> CHECK.check(endpoint));
    }

    private static BaseBackup.Sink counting(AtomicLong bytes) {
        return new BaseBackup.Sink() {
            @Override
            public void started(Lsn start, int timeline, List<BaseBackup.Tablespace> tablespaces) {
                bytes.set(0);
            }

            @Override
            public void archive(String name) {
                assertTrue(name.startsWith("base.tar"), name);
            }

            @Override
            public void manifest() {
                assertTrue(bytes.get() > 0);
            }

            @Override
            public void data(InputStream in, int length) throws java.io.IOException {
                in.skipNBytes(length);
                bytes.addAndGet(length);
            }

            @Override
            public void progress(long done) {
                assertTrue(done >= 0);
            }
        };
    }

    private static Item item(CheckReport report, String name) {
        return report.item(name).orElseThrow(() -> new AssertionError(name + " is missing in " + report));
    }
}
