package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ReplicationSessionTest {
    private static Postgres server;
    private static Endpoint endpoint;

    @BeforeAll
    static void start() {
        server = Postgres.start(17);
        endpoint = Endpoint.local(server.port(), "postgres", server.user(), server::password);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Notes what comes and throws it away. */
    private static class Noting implements BaseBackup.Sink {
        final List<String> archives = new ArrayList<>();
        long bytes;
        long progress;
        boolean manifest;

        @Override
        public void started(Lsn start, int timeline, List<BaseBackup.Tablespace> tablespaces) {
            assertEquals(1, timeline);
            assertEquals(1, tablespaces.size());
            assertTrue(tablespaces.get(0).estimatedBytes() > 1_000_000);
        }

        @Override
        public void archive(String name) {
            archives.add(name);
        }

        @Override
        public void manifest() {
            manifest = true;
        }

        @Override
        public void data(InputStream in, int length) throws IOException {
            in.skipNBytes(length);
            bytes += length;
        }

        @Override
        public void progress(long done) {
            progress = done;
        }
    }

    @Test
    void takesABaseBackupCompressingHereWhereTheServerHasNoZstd() {
        try (ReplicationSession session = ReplicationSession.open(endpoint)) {
            assertEquals(17, session.major());
            assertEquals(16 << 20, session.walSegmentBytes());
            assertEquals("on", session.show("data_checksums"));
            Noting sink = new Noting();
            BaseBackup.Outcome outcome = session.baseBackup(new BaseBackup("it's a label", true, 0, true), sink);
            assertTrue(outcome.stop().compareTo(outcome.start()) > 0);
            assertFalse(outcome.checksumFailures());
            assertTrue(sink.manifest);
            assertEquals(List.of("base.tar"), sink.archives);
            assertTrue(sink.progress > 10_000_000 && sink.bytes > sink.progress);
            assertNotNull(session.identify());
        }
    }

    @Test
    void streamsTheLogWithoutAGapUpToARestorePoint() throws Exception {
        try (ReplicationSession session = ReplicationSession.open(endpoint)) {
            session.createTemporarySlot("nightshift_test");
            SystemIdentity identity = session.identify();
            Lsn start = identity.flushed().segmentStart(16 << 20);
            Lsn end = RestorePoint.create(endpoint, "nightshift_test").segmentEnd(16 << 20);
            RestorePoint.endSegment(endpoint);
            class Counting implements WalSink {
                Lsn at = start;

                @Override
                public void write(Lsn position, InputStream in, int length) throws IOException {
                    assertEquals(at, position);
                    in.skipNBytes(length);
                    at = at.plus(length);
                }

                @Override
                public Lsn flushed() {
                    return at;
                }

                @Override
                public boolean complete() {
                    return at.compareTo(end) >= 0;
                }
            }
            Counting sink = new Counting();
            session.streamWal("nightshift_test", start, identity.timeline(), sink);
            assertEquals(end, sink.at);
            assertEquals(identity.systemIdentifier(), session.identify().systemIdentifier());
        }
        try (var connection = server.connect("postgres");
                var statement = connection.createStatement()) {
            for (int tries = 0; tries < 50; tries++) {
                try (var row = statement.executeQuery("select count(*) from pg_replication_slots")) {
                    row.next();
                    if (row.getInt(1) == 0) {
                        return;
                    }
                }
                Thread.sleep(100);
            }
            throw new AssertionError("The temporary slot is still there.");
        }
    }

    @Test
    void cancelEndsABaseBackupFromAnotherThreadWithinSeconds() throws Exception {
        try (ReplicationSession session = ReplicationSession.open(endpoint)) {
            CompletableFuture<Void> begun = new CompletableFuture<>();
            CompletableFuture<Void> taken = CompletableFuture.runAsync(
                    () -> session.baseBackup(new BaseBackup("slow", true, 32, false), new Noting() {
                        @Override
                        public void archive(String name) {
                            begun.complete(null);
                        }
                    }));
            begun.get(20, TimeUnit.SECONDS);
            session.cancel();
            Exception ended = assertThrows(Exception.class, () -> taken.get(5, TimeUnit.SECONDS));
            assertTrue(ended instanceof CancellationException || ended.getCause() instanceof CancellationException);
        }
    }

    @Test
    void refusalsAreSortedByWhatCanBeDone() throws Exception {
        Endpoint wrong = Endpoint.local(server.port(), "postgres", server.user(), () -> "wrong");
        Failure password = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(wrong));
        assertEquals("Correct the password.", password.remedy());
        assertFalse(password.getMessage().contains("secret"));
        server.execute("postgres", "create role plain login password 'p'");
        Endpoint plain = Endpoint.local(server.port(), "postgres", "plain", () -> "p");
        Failure role = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(plain));
        assertTrue(role.remedy() != null && role.remedy().contains("ALTER ROLE \"plain\" REPLICATION"));
        Endpoint nobody = Endpoint.local(1, "postgres", "x", null);
        assertThrows(Failure.Retryable.class, () -> ReplicationSession.open(nobody));
        assertThrows(IllegalArgumentException.class, () -> new BaseBackup("x", true, 31, false));
    }

    @Test
    void aServerOlderThan15IsRefusedWithAClearWord() {
        try (Postgres old = Postgres.start(13)) {
            Endpoint thirteen = Endpoint.local(old.port(), "postgres", old.user(), old::password);
            Failure failure = assertThrows(Failure.Skippable.class, () -> ReplicationSession.open(thirteen));
            assertTrue(failure.getMessage().contains("need 15 or newer"));
        }
    }
}
