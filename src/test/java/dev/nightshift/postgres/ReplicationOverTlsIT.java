package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdInputStream;
import dev.nightshift.kernel.Failure;
import dev.nightshift.runtime.EmbeddedCluster;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's PostgreSQL 15, which has TLS and zstd, and lets nobody replicate without TLS and a password. */
class ReplicationOverTlsIT {
    private static final String HOST = "localhost";
    private static final String WALSENDERS = "select count(*) from pg_stat_activity where backend_type = 'walsender'";
    private static final String ENCRYPTED_WALSENDERS = """
            select count(*) || ' with ' || max(version)
              from pg_stat_activity join pg_stat_ssl using (pid) where backend_type = 'walsender' and ssl
            """;
    private static final String SLOTS = "select count(*) from pg_replication_slots";

    private static Binaries debian;
    private static EmbeddedCluster server;
    private static Certificates certificates;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        debian = Postgres.debian15();
        certificates = Certificates.create(folder, HOST);
        server = EmbeddedCluster.start(
                debian,
                EmbeddedCluster.Options.in(folder.resolve("cluster"), "secret")
                        .withSettings(Map.of(
                                "ssl", "on",
                                "ssl_cert_file", certificates.certificate().toString(),
                                "ssl_key_file", certificates.key().toString()))
                        .withAccessRules(List.of(
                                "host all all 127.0.0.1/32 scram-sha-256",
                                "hostssl replication all 127.0.0.1/32 scram-sha-256")));
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("create table filler as select id, md5(id::text) from generate_series(1, 100000) id");
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Endpoint endpoint(String host, TlsMode mode) {
        return new Endpoint(
                host,
                server.port(),
                "postgres",
                "postgres",
                () -> "secret",
                mode,
                certificates.root(),
                Duration.ofSeconds(10));
    }

    /** Keeps what comes as the server names it. */
    private static class Keeping implements BaseBackup.Sink {
        private final Path folder;
        final List<String> archives = new ArrayList<>();
        private Path current;
        String walsenders = "none";

        Keeping(Path folder) {
            this.folder = folder;
            this.current = folder;
        }

        @Override
        public void started(Lsn start, int timeline, List<BaseBackup.Tablespace> tablespaces) throws IOException {
            walsenders = asked(ENCRYPTED_WALSENDERS);
        }

        @Override
        public void archive(String name) {
            archives.add(name);
            current = folder.resolve(name);
        }

        @Override
        public void manifest() {
            current = folder.resolve("backup_manifest");
        }

        @Override
        public void data(InputStream in, int length) throws IOException {
            byte[] bytes = new byte[length];
            // A connection that is cut in mid-message ends the stream: the cancel's business, and no wrong content
            new DataInputStream(in).readFully(bytes);
            Files.write(
                    current, bytes, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.APPEND);
        }

        @Override
        public void progress(long bytes) {
            assertTrue(bytes >= 0);
        }
    }

    @Test
    void aBackupThatTheServerCompressedComesOverVerifiedTlsAndIsWhole(@TempDir Path folder) throws Exception {
        Keeping sink = new Keeping(folder);
        try (ReplicationSession session = ReplicationSession.open(endpoint(HOST, TlsMode.VERIFY_FULL))) {
            BaseBackup.Outcome outcome = session.baseBackup(new BaseBackup("over TLS", true, 0, true), sink);
            assertAll(
                    () -> assertEquals(List.of("base.tar.zst"), sink.archives),
                    () -> assertEquals("1 with TLSv1.3", sink.walsenders),
                    () -> assertTrue(outcome.stop().compareTo(outcome.start()) > 0),
                    () -> assertEquals("on", session.show("data_checksums"), "the session goes on in order"));
        }
        Path plain = folder.resolve("base.tar");
        try (InputStream compressed = Files.newInputStream(folder.resolve("base.tar.zst"));
                InputStream content = new ZstdInputStream(compressed);
                OutputStream out = Files.newOutputStream(plain)) {
            content.transferTo(out);
        }
        Path data = Files.createDirectory(folder.resolve("data"));
        Processes.run(Duration.ofMinutes(1), "tar", "-xf", plain.toString(), "-C", data.toString())
                .succeeded();
        Files.copy(folder.resolve("backup_manifest"), data.resolve("backup_manifest"));
        // Without the log, which is another session's to fetch
        Processes.run(
                        Duration.ofMinutes(1),
                        debian.program("pg_verifybackup").toString(),
                        "--no-parse-wal",
                        data.toString())
                .succeeded();
    }

    @Test
    void withoutTlsOrUnderAnotherNameThanTheCertificatesNothingIsReplicated() {
        Failure plain = assertThrows(
                Failure.Skippable.class, () -> ReplicationSession.open(endpoint("127.0.0.1", TlsMode.DISABLE)));
        assertTrue(plain.getMessage().contains("no encryption"), plain.getMessage());
        Failure renamed = assertThrows(
                Failure.Skippable.class, () -> ReplicationSession.open(endpoint("127.0.0.1", TlsMode.VERIFY_FULL)));
        assertAll(
                () -> assertTrue(renamed.getMessage().contains("127.0.0.1"), renamed.getMessage()),
                () -> assertTrue(
                        String.valueOf(renamed.remedy()).contains("as its certificate names it"), renamed.remedy()));
    }

    @Test
    void cancelInMidStreamEndsCallerWalsendersAndSlotWithinSeconds(@TempDir Path folder) throws Exception {
        Endpoint endpoint = endpoint(HOST, TlsMode.VERIFY_FULL);
        try (ReplicationSession log = ReplicationSession.open(endpoint);
                ReplicationSession files = ReplicationSession.open(endpoint)) {
            log.createTemporarySlot("nightshift_cancelled");
            SystemIdentity identity = log.identify();
            Lsn start = identity.flushed().segmentStart(16 << 20);
            CompletableFuture<Void> streamed = CompletableFuture.runAsync(
                    () -> log.streamWal("nightshift_cancelled", start, identity.timeline(), new Endless(start)));
            CountDownLatch flowing = new CountDownLatch(5);
            CompletableFuture<Void> taken = CompletableFuture.runAsync(() ->
                    files.baseBackup(new BaseBackup("cancelled", true, 256, true), new Keeping(folder) {
                        @Override
                        public void data(InputStream in, int length) throws IOException {
                            super.data(in, length);
                            flowing.countDown();
                        }
                    }));
            assertTrue(flowing.await(30, TimeUnit.SECONDS), "data flows");
            assertAll(
                    () -> assertEquals("2", asked(WALSENDERS)),
                    () -> assertEquals("2 with TLSv1.3", asked(ENCRYPTED_WALSENDERS)),
                    () -> assertEquals("1", asked(SLOTS)));

            files.cancel();
            log.cancel();
            assertAll(() -> assertCancelled(taken), () -> assertCancelled(streamed));
            Eventually.isTrue(
                    "no walsender",
                    Duration.ofSeconds(10),
                    () -> asked(WALSENDERS).equals("0"));
            assertEquals("0", asked(SLOTS));
        }
    }

    /** Never has enough. */
    private static final class Endless implements WalSink {
        private Lsn at;

        Endless(Lsn start) {
            this.at = start;
        }

        @Override
        public void write(Lsn position, InputStream in, int length) throws IOException {
            in.skipNBytes(length);
            at = position.plus(length);
        }

        @Override
        public Lsn flushed() {
            return at;
        }

        @Override
        public boolean complete() {
            return false;
        }
    }

    private static void assertCancelled(CompletableFuture<Void> work) {
        Throwable ended = assertThrows(Throwable.class, () -> work.get(5, TimeUnit.SECONDS));
        Throwable cause =
                ended instanceof ExecutionException || ended instanceof CompletionException ? ended.getCause() : ended;
        assertInstanceOf(CancellationException.class, cause);
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
}
