package dev.nightshift.backup.take;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.MemoryStore;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.wal.ArchiveWal;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Seed;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A source that falls silent, takes its time with its checkpoint, or is another one than a moment ago. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
class SourceTroubleIT {
    /** A session that sends its log is asked for a word every ten seconds. */
    private static final Duration SILENCE = Duration.ofSeconds(12);

    private static final Duration SOON = Duration.ofSeconds(90);

    /** A checkpoint that is not fast takes 18 s. */
    private static final Map<String, String> SLOW_CHECKPOINTS =
            Map.of("checkpoint_timeout", "30s", "checkpoint_completion_target", "0.6");

    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private Postgres first;
    private Postgres second;
    private CuttingProxy address;

    @BeforeAll
    void twoServers() throws SQLException {
        first = started(18);
        second = started(17);
        address = CuttingProxy.to(first.port(), Seed.of("SourceTroubleIT"));
    }

    private static Postgres started(int major) throws SQLException {
        Postgres server = Postgres.start(major, SLOW_CHECKPOINTS);
        server.execute("postgres", "create table rows as select generate_series(1, 200000) id", "checkpoint");
        return server;
    }

    @AfterAll
    void stop() {
        address.close();
        first.close();
        second.close();
    }

    @Test
    void whoIsSilentWhileItSendsFilesIsCut() throws Exception {
        Failure cut = cutWhereStopped(first, "backup");
        assertTrue(cut.getMessage().startsWith("The server said nothing for 12 s"), cut::toString);
    }

    @Test
    void whoIsSilentWhileItSendsItsLogIsCut() throws Exception {
        Failure cut = cutWhereStopped(second, "streaming");
        assertTrue(cut.getMessage().startsWith("The server said nothing for 12 s"), cut::toString);
    }

    @Test
    void aSlowCheckpointIsWaitedForThoughTheServerIsSilentAsLong() throws Exception {
        BackupRequest.Options spread = BackupRequest.Options.defaults().withFastCheckpoint(false);
        MemoryStore store = new MemoryStore();
        try (Postgres slow = started(16)) {
            slow.execute("postgres", "update rows set id = id + 1 where id % 100 = 0");
            Manifest manifest = take(slow.port(), null, store, spread.withPatience(Duration.ofDays(1), SILENCE));
            Duration waited = manifest.figures().checkpoint();
            assertTrue(waited.compareTo(SILENCE) > 0, () -> "the checkpoint took only " + waited);

            slow.execute("postgres", "update rows set id = id + 1 where id % 100 = 0");
            MemoryStore none = new MemoryStore();
            Failure impatient = assertThrows(
                    Failure.Retryable.class,
                    () -> take(slow.port(), null, none, spread.withPatience(Duration.ofSeconds(2), SILENCE)));
            assertTrue(impatient.getMessage().startsWith("The server said nothing for "), impatient::toString);
            assertEquals(Set.of(), none.objects.keySet());
        }
    }

    /** One session of a backup stops in the middle, as when its machine does, though its connection stays. */
    private Failure cutWhereStopped(Postgres source, String state) throws Exception {
        MemoryStore store = new MemoryStore();
        BackupRequest.Options slow = BackupRequest.Options.defaults()
                .withCompressOnServer(false)
                .withMaxRateKilobytes(1024)
                .withPatience(Duration.ofMinutes(1), SILENCE);
        CompletableFuture<Manifest> backup =
                CompletableFuture.supplyAsync(() -> take(source.port(), null, store, slow));
        String sessions = "select string_agg(pid::text, ' ') from pg_stat_replication where state = '" + state + "'";
        Eventually.isTrue(
                "both sessions",
                SOON,
                () -> backup.isDone()
                        || query(source, "select string_agg(state, ' ' order by state) from pg_stat_replication")
                                .equals("backup streaming"));
        String session = query(source, sessions);
        signal("STOP", session);
        try {
            CompletionException ended = assertThrows(
                    CompletionException.class,
                    () -> backup.orTimeout(90, TimeUnit.SECONDS).join());
            assertAll(
                    () -> assertTrue(ended.getCause() instanceof Failure.Retryable, ended::toString),
                    () -> assertEquals(Set.of(), store.objects.keySet(), "what was stored is gone"));
            return (Failure) Objects.requireNonNull(ended.getCause());
        } finally {
            signal("CONT", session);
            Eventually.isTrue(
                    "the end of the slot",
                    SOON,
                    () -> query(source, "select count(*)::text from pg_replication_slots")
                            .equals("0"));
        }
    }

    private static void signal(String name, String pid) throws IOException {
        Processes.run(Duration.ofSeconds(5), "kill", "-" + name, pid).succeeded();
    }

    private static String query(Postgres source, String sql) {
        try {
            return String.valueOf(TestArchive.text(source, sql));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void twoServersBehindOneAddressMakeNoBackup() {
        MemoryStore store = new MemoryStore();
        address.turnTo(first.port(), second.port());
        Failure.Fatal two = assertThrows(
                Failure.Fatal.class, () -> take(address.port(), null, store, BackupRequest.Options.defaults()));
        address.turnTo(second.port());
        String before = identifier(first);
        Failure.Fatal another = assertThrows(
                Failure.Fatal.class, () -> take(address.port(), before, store, BackupRequest.Options.defaults()));
        assertAll(
                () -> assertTrue(two.getMessage().contains("leads to different clusters"), two::toString),
                () -> assertTrue(two.getMessage().contains(before), two::toString),
                () -> assertTrue(two.getMessage().contains(identifier(second)), two::toString),
                () -> assertTrue(another.getMessage().contains("is another cluster than before"), another::toString),
                () -> assertEquals(Set.of(), store.objects.keySet()));
    }

    @Test
    void theLogOfAnotherClusterGoesIntoNoArchive() {
        MemoryStore store = new MemoryStore();
        UUID id = UUID.randomUUID();
        WalFolder description = new WalFolder(
                keys.project(),
                "shop",
                "main",
                id,
                identifier(second),
                16 << 20,
                Clock.system().now(),
                keys.wrap(keys.newDataKey(), id));
        var opened = new WalFolder.Opened(description, description.begin(store, keys));
        var archiving = new ArchiveWal(
                endpoint(first.port()), "nightshift_wal_other", opened, Duration.ofSeconds(5), new Unused());
        Failure.Fatal other = assertThrows(Failure.Fatal.class, archiving::run);
        assertAll(
                () -> assertTrue(other.getMessage().startsWith("Another cluster answers"), other::toString),
                () -> assertTrue(other.getMessage().contains(identifier(first)), other::toString),
                () -> assertEquals(Set.of(description.folder() + "/" + WalFolder.NAME), store.objects.keySet()),
                () -> assertEquals(
                        "0",
                        query(
                                first,
                                "select count(*)::text from pg_replication_slots where slot_name like '%_wal_other'"),
                        "it is nobody's to slow down"));
    }

    /** Nothing is asked of it, as nothing is archived. */
    private static final class Unused implements ArchiveWal.Catalogue {
        @Override
        public ArchiveWal.@Nullable Reached reached() {
            throw new AssertionError("asked where the archive ends");
        }

        @Override
        public void begins(int timeline, Lsn from, @Nullable String gap) {
            throw new AssertionError("begun at " + from);
        }

        @Override
        public void stored(Lsn to, long objectBytes) {
            throw new AssertionError("stored up to " + to);
        }

        @Override
        public void streams() {
            throw new AssertionError("streamed from");
        }

        @Override
        public void diverged(String reason) {
            throw new AssertionError("diverged: " + reason);
        }
    }

    private static String identifier(Postgres server) {
        try (ReplicationSession session = ReplicationSession.open(endpoint(server.port()))) {
            return session.identify().systemIdentifier();
        }
    }

    private static Endpoint endpoint(int port) {
        return Endpoint.local(port, "postgres", "postgres", () -> "secret");
    }

    private Manifest take(int port, @Nullable String before, MemoryStore store, BackupRequest.Options options) {
        BackupRequest request = new BackupRequest(
                endpoint(port),
                List.of("postgres"),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                before,
                options.withEvidence(null),
                Map.of());
        return new TakePhysicalBackup(store, keys, Clock.system(), request, BackupProgress.NONE).run();
    }
}
