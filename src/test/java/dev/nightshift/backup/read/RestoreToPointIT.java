package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.proof.Drills;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.RestoredServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RestoreToPointIT {
    private static final RecoveryTarget.Fields FIELDS = new RecoveryTarget.Fields("to", "point", "timeline");

    private final Path folder;
    private final Drills drills;
    private int restores;

    RestoreToPointIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    private static RecoveryTarget to(String kind, String text) {
        return RecoveryTarget.parse(kind, text, null, FIELDS);
    }

    private RecoveryPlan plan(ArchivedLog archive, RecoveryTarget target, Manifest... backups) {
        var outcome = new RecoveryPlanner(
                        List.of(backups).stream()
                                .map(RecoveryPlan.Candidate::of)
                                .toList(),
                        archive)
                .plan(target);
        if (outcome instanceof RecoveryPlan.Planned planned) {
            return planned.plan();
        }
        throw new AssertionError(outcome);
    }

    /** Restores, starts, and holds what the server says against what was expected of it; answers the rows. */
    private List<Integer> restored(PointSource source, Manifest backup, ArchivedLog archive, RecoveryTarget target)
            throws Exception {
        Path data = folder.resolve("restored-" + ++restores);
        RecoveryPlan plan = plan(archive, target, backup);
        RecoveryEnd end = materialise(data, backup, new Recovery(plan, archive));
        try (RestoredServer server =
                        RestoredServer.start(source.server().cluster().binaries(), data);
                Connection connection = server.connect("postgres", "secret")) {
            server.awaitEndOfRecovery(connection);
            // The new timeline's history says where the one that was followed was left
            Path last;
            try (var files = Files.list(data.resolve("pg_wal"))) {
                last = files.filter(file -> file.toString().endsWith(".history"))
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
            }
            String line =
                    Files.readString(last).strip().lines().reduce((a, b) -> b).orElseThrow();
            assertEquals(
                    plan.history().timeline() + " " + end.position(),
                    String.join(" ", List.of(line.split("\t")).subList(0, 2)),
                    () -> target + " in " + line);
            return PointSource.steps(connection);
        }
    }

    private RecoveryEnd materialise(Path data, Manifest backup, Recovery recovery) {
        AtomicReference<RecoveryEnd> told = new AtomicReference<>();
        RecoveryEnd end = drills.reader(backup)
                .materialise(
                        Destination.beside(data, backup.tablespaces()).withDurable(false),
                        recovery,
                        BackupProgress.NONE,
                        told::set);
        assertEquals(end, told.get());
        return end;
    }

    private static List<Integer> upTo(int n) {
        return IntStream.rangeClosed(1, n).boxed().toList();
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {15, 16, 17, 18})
    void aServerComesExactlyToEachKindOfTargetAndPromotes(int major) throws Exception {
        try (PointSource source = PointSource.start(major)) {
            source.step(0);
            // A target that an earlier recovery of the source left behind must not be in the way
            source.server().execute("postgres", "alter system set recovery_target_name = 'long gone'");
            Manifest backup = drills.take(source.server(), () -> {});
            PointSource.Step second = source.step(40);
            PointSource.Step third = source.preparedStep();
            source.restorePoint("it's \\ a point");
            PointSource.Step fourth = source.step(0);
            source.restorePoint("it's \\ a point");
            PointSource.Step fifth = source.step(20);
            PointSource.Step sixth = source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            Lsn flushed = archive.receive(source.server());

            assertEquals(upTo(6), restored(source, backup, archive, to("latest", "")));
            assertEquals(upTo(2), restored(source, backup, archive, to("xid", "" + second.xid())));
            assertEquals(upTo(3), restored(source, backup, archive, to("xid", "" + third.xid())));
            assertEquals(upTo(3), restored(source, backup, archive, to("name", "it's \\ a point")));
            assertEquals(
                    upTo(4),
                    restored(source, backup, archive, to("time", fourth.at().toString())));
            assertEquals(
                    upTo(3),
                    restored(
                            source,
                            backup,
                            archive,
                            to("time", fourth.at().minusNanos(1000).toString())));
            // The record that begins there is replayed too, and that is the commit of nothing yet
            assertEquals(upTo(5), restored(source, backup, archive, to("lsn", fifth.after())));
            assertEquals(
                    upTo(1),
                    restored(
                            source,
                            backup,
                            archive,
                            to("lsn", backup.position().stop().toString())));

            Instant later = sixth.at().plusSeconds(1);
            refused(backup, archive, to("time", later.toString()), "is stored only up to " + sixth.at());
            refused(backup, archive.coveredTo(sixth.at()), to("time", later.toString()), "is stored only up to");
            RecoveryTarget atLast = to("time", sixth.at().toString());
            assertEquals(upTo(6), restored(source, backup, archive, atLast));
            ArchivedLog covered = archive.coveredTo(later);
            RecoveryPlan plan = plan(covered, to("time", later.toString()), backup);
            RecoveryEnd end = materialise(folder.resolve("later"), backup, new Recovery(plan, covered));
            assertTrue(String.valueOf(end.note()).contains("No transaction that ended after"), end::toString);
            assertEquals(sixth.at(), end.walk().times().replayed());
            assertEquals(
                    Optional.of(sixth.at()),
                    drills.reader(backup).replayed(new Recovery(plan, archive)).lastTransaction());
            assertTrue(end.position().compareTo(flushed) <= 0, end::toString);
            assertBeyondIsFatal(source, folder.resolve("later"), flushed);
            for (RecoveryTarget missing : List.of(to("xid", "" + (sixth.xid() + 1000)), to("name", "no such point"))) {
                Path data = folder.resolve("missing");
                Recovery recovery = new Recovery(plan(archive, missing, backup), archive);
                Failure.Fatal refused = assertThrows(Failure.Fatal.class, () -> materialise(data, backup, recovery));
                assertTrue(refused.getMessage().contains("it is not in the log"), refused::getMessage);
                assertFalse(Files.exists(data));
            }
        }
    }

    /** What we refuse to write, the server refuses to promote. */
    private static void assertBeyondIsFatal(PointSource source, Path data, Lsn flushed) throws IOException {
        Path settings = data.resolve("postgresql.auto.conf");
        Files.writeString(
                settings, Files.readString(settings) + "recovery_target_lsn = '" + flushed.plus(1 << 20) + "'\n");
        Path log = data.resolveSibling(data.getFileName() + ".log");
        Files.createFile(log);
        try {
            RestoredServer.start(source.server().cluster().binaries(), data);
        } catch (AssertionError e) {
            // It ended before it answered as a hot standby
        }
        Eventually.isTrue("the end of " + data, Duration.ofSeconds(60), () -> {
            try {
                return Files.readString(log).contains("recovery ended before configured recovery target was reached");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Eventually.isTrue(
                "no server in " + data, Duration.ofSeconds(60), () -> !Files.exists(data.resolve("postmaster.pid")));
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aHoleOrDamageIsToldWithItsSegmentAndNothingIsLeft() throws Exception {
        try (PointSource source = PointSource.start(17)) {
            Manifest backup = drills.take(source.server(), () -> {});
            PointSource.Step first = source.step(40);
            PointSource.Step last = source.step(20);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());
            Path segment = archive.file(1, Lsn.parse(first.after()));
            byte[] whole = Files.readAllBytes(segment);

            byte[] damaged = whole.clone();
            damaged[damaged.length / 2] ^= 1;
            Files.write(segment, damaged);
            RecoveryTarget latest = to("latest", "");
            refused(backup, archive, latest, segment.getFileName().toString());

            byte[] zeros = whole.clone();
            Arrays.fill(zeros, zeros.length / 2, zeros.length, (byte) 0);
            Files.write(segment, zeros);
            refused(backup, archive, latest, segment.getFileName().toString());

            // Shorter than it was when the plan was made
            Files.write(segment, whole);
            RecoveryPlan plan = plan(archive, latest, backup);
            Files.write(segment, Arrays.copyOf(whole, 8192));
            Failure.Fatal cut = assertThrows(
                    Failure.Fatal.class, () -> materialise(folder.resolve("cut"), backup, new Recovery(plan, archive)));
            assertTrue(cut.getMessage().contains(segment.getFileName() + " holds 8192 bytes"), cut::getMessage);

            // Missing: what lies behind it cannot be reached, and nobody says that it was
            Files.delete(segment);
            var beyond = new RecoveryPlanner(List.of(RecoveryPlan.Candidate.of(backup)), archive)
                    .plan(to("lsn", Lsn.parse(last.after()).plus(-100).toString()));
            assertEquals(RecoveryPlan.Why.GAP, ((RecoveryPlan.Refused) beyond).why(), beyond::toString);
            refused(backup, archive, to("time", last.at().toString()), "it is missing");
            RecoveryEnd end =
                    materialise(folder.resolve("before"), backup, new Recovery(plan(archive, latest, backup), archive));
            assertTrue(String.valueOf(end.note()).contains("is missing"), end::toString);
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {15, 18})
    void recoveryDoesNotPauseWhereTheSourceWasGivenMoreConnections(int major) throws Exception {
        try (PointSource source = PointSource.start(major)) {
            Manifest backup = drills.take(source.server(), () -> {});
            source.step(0);
            source.startAgainWith("max_connections", "333");
            source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());
            assertEquals(upTo(2), restored(source, backup, archive, to("latest", "")));
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aTablespaceOnTheWayIsRefusedBeforeAServerCouldWriteIntoIt() throws Exception {
        try (PointSource source = PointSource.start(17)) {
            Manifest backup = drills.take(source.server(), () -> {});
            PointSource.Step first = source.step(0);
            Path live = Files.createDirectory(folder.resolve("live"));
            source.server().execute("postgres", "create tablespace late location '" + live + "'");
            source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());

            Path data = folder.resolve("strict");
            Recovery latest = new Recovery(plan(archive, to("latest", ""), backup), archive);
            Failure.Fatal refused =
                    assertThrows(Failure.Fatal.class, () -> materialise(data, backup, latest.withoutTablespaces()));
            assertTrue(refused.getMessage().contains(live.toString()), refused::getMessage);
            assertFalse(Files.exists(data));
            RecoveryPlan before = plan(archive, to("xid", "" + first.xid()), backup);
            materialise(data, backup, new Recovery(before, archive).withoutTablespaces());
            assertEquals(
                    1,
                    materialise(folder.resolve("accepted"), backup, latest)
                            .walk()
                            .outside()
                            .size());
        }
    }

    private void refused(Manifest backup, ArchivedLog archive, RecoveryTarget target, String word) {
        Path data = folder.resolve("refused");
        Recovery recovery = new Recovery(plan(archive, target, backup), archive);
        Failure.Fatal refused = assertThrows(Failure.Fatal.class, () -> materialise(data, backup, recovery));
        assertTrue(refused.getMessage().contains(word), refused::getMessage);
        assertFalse(Files.exists(data));
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {15, 18})
    void recoveryFollowsAPromotionAndCanStayBeforeIt(int major) throws Exception {
        try (PointSource source = PointSource.start(major)) {
            Manifest backup = drills.take(source.server(), () -> {});
            source.step(20);
            PointSource.Step second = source.step(0);
            source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());

            // The second timeline leaves the first after the second step, in mid-segment
            Path data = folder.resolve("second");
            RecoveryTarget branch = to("xid", "" + second.xid());
            RecoveryEnd left = materialise(data, backup, new Recovery(plan(archive, branch, backup), archive));
            Lsn flushed;
            try (RestoredServer server =
                            RestoredServer.start(source.server().cluster().binaries(), data);
                    Connection connection = server.connect("postgres", "secret");
                    var statement = connection.createStatement()) {
                server.awaitEndOfRecovery(connection);
                statement.execute("insert into step values (100, '')");
                statement.execute("select pg_switch_wal()");
                statement.execute("insert into step values (101, '')");
                flushed = Lsn.parse(PointSource.text(statement, "select pg_current_wal_flush_lsn()"));
                archive.receive(data.resolve("pg_wal"), 2, flushed);
            }
            RecoveryPlan plan = plan(archive, to("latest", ""), backup);
            assertEquals(2, plan.history().timeline());
            assertEquals(left.position(), plan.history().part(1).orElseThrow().to());
            assertEquals(List.of(1, 2, 100, 101), restored(source, backup, archive, to("latest", "")));
            assertEquals(
                    List.of(1, 2, 3),
                    restored(source, backup, archive, RecoveryTarget.parse("latest", null, 1, FIELDS)));
            assertEquals(List.of(1, 2), restored(source, backup, archive, branch));
            // A timeline of which nothing but its history is stored: its number is taken all the same
            String taken = Files.readString(archive.folder().resolve("00000002.history"));
            Files.writeString(archive.folder().resolve("00000003.history"), taken);
            assertEquals(List.of(1, 2), restored(source, backup, archive, branch));
            assertTrue(
                    Files.exists(folder.resolve("restored-" + restores).resolve("pg_wal/00000004.history")),
                    "the next number that is not taken");
            RecoveryEnd end = materialise(
                    folder.resolve("along"), backup, new Recovery(plan(archive, to("latest", ""), backup), archive));
            assertEquals(2, end.timeline());
            assertNull(end.note());

            // Without the segment that both have, the way to the second is cut; the first is the newest then
            Files.delete(archive.file(2, left.position()));
            assertEquals(1, plan(archive, to("latest", ""), backup).history().timeline());
        }
    }
}
