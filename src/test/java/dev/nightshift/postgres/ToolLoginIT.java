package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.Roots;
import dev.nightshift.runtime.EmbeddedCluster;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.Stock17;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** pg_dump logs in as our own connections do, with TLS and a password that nobody sees. */
class ToolLoginIT {
    private static final String SECRET = "only-in-its-environment-7c21";
    private static final Duration MOST = Duration.ofSeconds(30);

    private static EmbeddedCluster server;
    private static Certificates certificates;
    private static Certificates others;
    private static ClientTools tools;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        certificates = Certificates.create(folder, "localhost");
        others = Certificates.create(Files.createDirectories(folder.resolve("others")), "localhost");
        server = EmbeddedCluster.start(
                Postgres.debian15(),
                EmbeddedCluster.Options.in(folder.resolve("cluster"), SECRET)
                        .withSettings(Map.of(
                                "ssl", "on",
                                "ssl_cert_file", certificates.certificate().toString(),
                                "ssl_key_file", certificates.key().toString()))
                        .withAccessRules(List.of("hostssl all all 127.0.0.1/32 scram-sha-256")));
        tools = ClientTools.require(15, List.of(Postgres.debian15().bin()));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Endpoint endpoint(String host, TlsMode mode, @Nullable Path root, Supplier<String> password) {
        return new Endpoint(host, server.port(), "postgres", "postgres", password, mode, root, Duration.ofSeconds(10));
    }

    private record Ended(int code, String output, String reason, String arguments) {}

    private static Ended dump(Endpoint endpoint) throws Exception {
        return dump(tools, endpoint, List.of("--schema-only", "--no-password"));
    }

    private static Ended dump(ClientTools tools, Endpoint endpoint, List<String> how) throws Exception {
        try (ToolLogin login = ToolLogin.of(endpoint);
                ToolProcess process = ToolProcess.start(tools.dump(), how, login)) {
            String arguments =
                    Processes.commandLine(ProcessHandle.of(process.pid()).orElseThrow());
            String output = new String(process.output().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.end(MOST), output, process.reason(), arguments);
        }
    }

    @Test
    void theServersCertificateIsVerifiedAndThePasswordIsNoArgument() throws Exception {
        Ended ended = dump(endpoint("localhost", TlsMode.VERIFY_FULL, certificates.root(), () -> SECRET));
        assertAll(
                () -> assertEquals(0, ended.code(), ended::reason),
                () -> assertTrue(ended.output().contains("PostgreSQL database dump complete"), ended::output),
                () -> assertFalse(ended.arguments().contains(SECRET), ended::arguments));
    }

    @Test
    void aServerOf17IsDumpedByTheProgramsOfTheConfiguredFolder() throws Exception {
        ClientTools of17 = ClientTools.require(17, List.of(Postgres.debian15().bin(), Stock17.bin()));
        try (Postgres source = Postgres.start(17)) {
            source.execute("postgres", "create table told as select 17 as major");
            Endpoint endpoint = new Endpoint(
                    "localhost",
                    source.port(),
                    "postgres",
                    source.user(),
                    source::password,
                    TlsMode.PREFER,
                    null,
                    Duration.ofSeconds(10));
            Ended ended = dump(of17, endpoint, List.of("--no-password"));
            assertAll(
                    () -> assertEquals(17, of17.major()),
                    () -> assertEquals(0, ended.code(), ended::reason),
                    () -> assertTrue(ended.output().contains("COPY public.told"), ended::output));
        }
    }

    @Test
    void anotherAuthorityAndAnotherPasswordAreRefusedInClearWords() throws Exception {
        Ended stranger = dump(endpoint("localhost", TlsMode.VERIFY_FULL, others.root(), () -> SECRET));
        Ended jdk = dump(endpoint("localhost", TlsMode.VERIFY_FULL, null, () -> SECRET));
        Ended wrong = dump(endpoint("localhost", TlsMode.VERIFY_CA, certificates.root(), () -> "wrong-" + SECRET));
        assertAll(
                () -> assertNotEquals(0, stranger.code()),
                () -> assertTrue(stranger.reason().contains("certificate verify failed"), stranger::reason),
                () -> assertTrue(jdk.reason().contains("certificate verify failed"), jdk::reason),
                () -> assertTrue(wrong.reason().contains("password authentication failed"), wrong::reason),
                () -> assertFalse(wrong.reason().contains(SECRET), wrong::reason));
    }

    @Test
    void whereTheInstallationForbidsAnAddressNoProgramGoesEither() {
        Endpoint plain = endpoint("localhost", TlsMode.REQUIRE, certificates.root(), () -> SECRET);
        Endpoint fenced = new Endpoint(
                plain.host(),
                plain.port(),
                plain.database(),
                plain.user(),
                plain.password(),
                plain.tls(),
                plain.rootCertificate(),
                plain.connectTimeout(),
                null,
                new Boundary(ForbiddenAddresses.parse("127.0.0.0/8,::1"), Roots.ANYWHERE));
        assertThrows(Failure.class, () -> ToolLogin.of(fenced));
    }
}
