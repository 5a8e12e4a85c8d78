package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.remote.FaultyBucket;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.harness.FaultyStore;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A store that fails at each step of archiving: what counts as stored, to the server that will delete it then, lies in the store
 * to the byte.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FailingStoreArchiveIT {
    private static final int SMALL = 1 << 20;
    private static final int ALWAYS = Integer.MAX_VALUE;
    private static final Duration SOON = Duration.ofMinutes(1);

    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private FaultyBucket bucket;
    private int pushed;

    @BeforeAll
    void aBucket(@TempDir Path folder) {
        bucket = FaultyBucket.in(folder);
    }

    @AfterAll
    void stop() {
        bucket.close();
    }

    private WalFolder.Opened archive(String system, int segmentBytes) {
        UUID id = UUID.randomUUID();
        WalFolder of = new WalFolder(
                keys.project(),
                "shop",
                "main",
                id,
                system,
                segmentBytes,
                Instant.EPOCH,
                keys.wrap(keys.newDataKey(), id));
        return new WalFolder.Opened(of, of.begin(bucket.store(), keys));
    }

    @Test
    void anArchiveIsNotBegunWhoseDescriptionTheStoreHasNot() {
        bucket.faults().fail(Fault.SWALLOWED, 1, request -> request.kind().equals("PUT"));
        Failure failure = assertThrows(Failure.Retryable.class, () -> archive("7432988129021", SMALL));
        assertEquals(1, bucket.faults().failed());
        assertTrue(failure.getMessage().contains(WalFolder.NAME), failure::getMessage);
        bucket.faults().heal();
    }

    /** What a catalogue would say. */
    private static final class Told implements StoreSegment.Catalogue {
        private @Nullable Lsn stored;

        @Override
        public void begins(Lsn from) {}

        @Override
        public void stored(Lsn to, long objectBytes) {
            stored = to;
        }
    }

    private static byte[] content(int seed) {
        byte[] content = new byte[SMALL];
        new Random(seed).nextBytes(content);
        return content;
    }

    private byte[] stored(WalFolder.Opened archive, Lsn start) throws IOException {
        try (InputStream in = StoredLog.ofSegment(archive, 1, start).open(1, start)) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {
                "DROPPED",
                "UNAVAILABLE",
                "REFUSED",
                "MISSING",
                "EXISTS",
                "UNHEARD",
                "CUT",
                "SHORTENED",
                "SWALLOWED"
            })
    void aPushedSegmentIsStoredOrItsSenderKeepsIt(Fault fault) throws IOException {
        WalFolder.Opened archive = archive("7432988129021", SMALL);
        List<String> outcomes = new ArrayList<>();
        bucket.faults().heal();
        new StoreSegment(archive).store(1, new Lsn((long) ++pushed * SMALL), content(pushed), SMALL, new Told());
        int steps = bucket.faults().requests().size();
        for (int at = 1; at <= steps; at++) {
            int number = at;
            Lsn start = new Lsn((long) ++pushed * SMALL);
            byte[] content = content(pushed);
            Told told = new Told();
            Predicate<FaultyStore.Request> which = request -> request.number() == number
                    && (!ofPuts(fault) || request.kind().equals("PUT")); // nothing else is told so
            bucket.faults().fail(fault, 1, which);
            String outcome;
            try {
                outcome = new StoreSegment(archive)
                        .store(1, start, content, SMALL, told)
                        .name();
            } catch (Failure e) {
                outcome = e.getMessage();
            }
            String what = fault + " at " + number + " of " + bucket.faults().requests() + ": " + outcome;
            outcomes.add(what);
            boolean taken = outcome.equals("STORED") || outcome.equals("PRESENT");
            assertEquals(taken ? start.plus(SMALL) : null, told.stored, what);
            assertTrue(taken || outcome.contains("store offsite"), what);
            assertTrue(!taken || fault != Fault.SWALLOWED || bucket.faults().failed() == 0, what);
            bucket.faults().heal();
            if (taken) {
                assertArrayEquals(content, stored(archive, start), what);
            }
            new StoreSegment(archive).store(1, start, content, SMALL, new Told());
            assertArrayEquals(content, stored(archive, start), what + ", again");
            // Another one of the same name is never taken, whatever the store says in between
            bucket.faults().fail(fault, 1, which);
            byte[] other = content(-pushed);
            assertThrows(
                    Failure.class, () -> new StoreSegment(archive).store(1, start, other, SMALL, new Told()), what);
            bucket.faults().heal();
            assertArrayEquals(content, stored(archive, start), what + ", and the other");
        }
        assertTrue(steps > 1, outcomes::toString);
    }

    private static boolean ofPuts(Fault fault) {
        return fault == Fault.EXISTS || fault == Fault.SWALLOWED;
    }

    /** What is streamed, over sessions that begin again where the catalogue says. */
    private static final class Streamed implements ArchiveWal.Catalogue {
        private volatile ArchiveWal.@Nullable Reached reached;
        private volatile Lsn stored = Lsn.NONE;
        private final List<String> gaps = new ArrayList<>();

        @Override
        public ArchiveWal.@Nullable Reached reached() {
            return reached;
        }

        @Override
        public void begins(int timeline, Lsn from, @Nullable String gap) {
            if (gap != null) {
                gaps.add(gap);
            }
            reached = new ArchiveWal.Reached(timeline, from);
        }

        @Override
        public void stored(Lsn to, long objectBytes) {
            reached = new ArchiveWal.Reached(1, to);
            stored = to;
        }

        @Override
        public void streams() {}

        @Override
        public void diverged(String reason) {
            throw new AssertionError(reason);
        }

        Lsn to() {
            ArchiveWal.Reached known = reached;
            return known == null ? Lsn.NONE : known.to();
        }
    }

    @Test
    void aStreamedLogIsStoredBeforeItCountsAndGoesOnWithoutAGap() throws Exception {
        try (Postgres source = Postgres.start(18, TestArchive.KEEPS)) {
            String system = TestArchive.text(source, "select system_identifier from pg_control_system()");
            WalFolder.Opened archive = archive(system, 16 << 20);
            Streamed catalogue = new Streamed();
            int round = 0;
            for (String[] each : new String[][] {
                {"PUT", "REFUSED"},
                {"PUT", "EXISTS"},
                {"PUT", "UNHEARD"},
                {"PUT", "SWALLOWED"},
                {"LIST", "MISSING"},
                {"LIST", "SHORTENED"}
            }) {
                bucket.faults()
                        // To one piece the next ones would be added all the same
                        .fail(
                                Fault.valueOf(each[1]),
                                each[1].equals("EXISTS") ? ALWAYS : 1,
                                request -> request.kind().equals(each[0]));
                Failure ended = stream(source, archive, catalogue, "r" + ++round);
                bucket.faults().heal();
                assertTrue(
                        !each[1].equals("SWALLOWED")
                                || (ended instanceof Failure.Retryable
                                        && ended.getMessage().contains("as it was written")),
                        each[1] + ": " + ended);
                requireStored(source, archive, catalogue, each[1] + " of " + each[0]);
            }
            assertEquals(null, stream(source, archive, catalogue, "healthy"));
            requireStored(source, archive, catalogue, "healthy");
            assertEquals(List.of(), catalogue.gaps);
        }
    }

    /** One session, while the source writes; answers how it ended, null if as it was told. */
    private @Nullable Failure stream(Postgres source, WalFolder.Opened archive, Streamed catalogue, String table)
            throws Exception {
        var endpoint = Endpoint.local(source.port(), "postgres", source.user(), source::password);
        var session = new ArchiveWal(endpoint, "archive_of_test", archive, Duration.ofMillis(500), catalogue);
        CompletableFuture<@Nullable Failure> ended = CompletableFuture.supplyAsync(() -> {
            try {
                session.run();
                return null;
            } catch (Failure e) {
                return e;
            }
        });
        source.execute("postgres", "create table " + table + " as select generate_series(1, 20000) id");
        TestArchive.text(source, "select pg_switch_wal()");
        source.execute("postgres", "create table " + table + "_b as select generate_series(1, 20000) id");
        Lsn to = Lsn.parse(TestArchive.text(source, "select pg_current_wal_flush_lsn()"));
        Eventually.isTrue(
                "the log up to " + to,
                SOON,
                () -> ended.isDone() || catalogue.to().compareTo(to) >= 0);
        session.stop();
        return ended.get();
    }

    private void requireStored(Postgres source, WalFolder.Opened archive, Streamed catalogue, String what)
            throws Exception {
        StoredLog log = StoredLog.of(archive);
        Lsn listed = log.stretches().stream()
                .map(ArchivedLog.Stretch::to)
                .max(Lsn::compareTo)
                .orElse(Lsn.NONE);
        assertTrue(listed.compareTo(catalogue.stored) >= 0, what + ": " + listed + " of " + catalogue.stored);
        assertTrue(log.stretches().size() <= 1, what + ": " + log.stretches());
        TestArchive.sameAsOfServer(log, source);
        Lsn flushed = Lsn.parse(
                TestArchive.text(source, "select restart_lsn from pg_replication_slots where slot_type = 'physical'"));
        assertTrue(flushed.segmentStart(16 << 20).compareTo(catalogue.to()) <= 0, what + ": the slot is at " + flushed);
    }
}
