package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.Destination;
import dev.nightshift.backup.read.FolderLog;
import dev.nightshift.backup.read.PointSource;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Recovery;
import dev.nightshift.backup.read.RecoveryEnd;
import dev.nightshift.backup.read.RecoveryPlan;
import dev.nightshift.backup.read.RecoveryPlanner;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.RestoredServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drills to points behind a backup, by an archive that is a folder. */
@Tag("thorough")
class PointProofIT {
    private final Path folder;

    @RegisterExtension
    final Drills drills;

    PointProofIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    private static RecoveryTarget to(String kind, String text) {
        return RecoveryTarget.parse(kind, text, null, new RecoveryTarget.Fields("to", "point", "timeline"));
    }

    private StoredMaterial material(Manifest backup, FolderLog archive, RecoveryTarget target) {
        var planned = (RecoveryPlan.Planned)
                new RecoveryPlanner(List.of(RecoveryPlan.Candidate.of(backup)), archive).plan(target);
        return new StoredMaterial(drills.reader(backup), new Recovery(planned.plan(), archive));
    }

    private Proof prove(PointSource source, ProofMaterial material) {
        return drills.prove(source.server(), material, ProofOptions.STANDARD, ProofWatch.NONE);
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {15, 16, 17, 18})
    void aDrillReachesEachKindOfPointAndMatchesNothing(int major) throws Exception {
        try (PointSource source = PointSource.start(major)) {
            Manifest backup = drills.take(source.server(), () -> {});
            PointSource.Step first = source.step(20);
            source.restorePoint("a \"point\" of it's own");
            PointSource.Step second = source.preparedStep();
            PointSource.Step third = source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());
            Map<String, Instant> expected = Map.of(
                    "time " + second.at(),
                    second.at(),
                    "xid " + second.xid(),
                    second.at(),
                    "lsn " + first.after(),
                    first.at(),
                    "name a \"point\" of it's own",
                    first.at(),
                    "latest ",
                    third.at());
            for (var each : expected.entrySet()) {
                String[] words = each.getKey().split(" ", 2);
                StoredMaterial material = material(backup, archive, to(words[0], words[1]));
                Proof proof = prove(source, material);
                assertNull(proof.reason(), () -> each.getKey() + ": " + proof);
                assertEquals(Optional.of(ProofLevel.RESTORED), proof.level(), proof::toString);
                RecoveryEnd end = material.end().orElseThrow();
                assertEquals(each.getValue(), end.walk().times().replayed(), each::getKey);
                String evidence = proof.ladder().get(3).evidence();
                assertTrue(
                        evidence.contains(end.position() + " on timeline 1, where the last transaction ended at "
                                + each.getValue()),
                        evidence);
                assertTrue(proof.ladder().get(2).evidence().contains("" + end.position()), proof::toString);
                assertEquals(ProofOutcome.NOT_CHECKED, proof.ladder().get(4).outcome());
            }
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void whatIsReachedIsHeldAgainstWhatWasExpected() throws Exception {
        try (PointSource source = PointSource.start(17)) {
            Manifest backup = drills.take(source.server(), () -> {});
            PointSource.Step first = source.step(0);
            source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());
            RecoveryTarget target = to("time", first.at().toString());

            StoredMaterial further = material(backup, archive, target);
            Proof position = prove(
                    source,
                    new AimedMaterial(
                            further,
                            aim -> new ProofMaterial.Aim(
                                    aim.expected().plus(8), aim.timeline(), aim.recovery(), aim.point())));
            Lsn end = further.end().orElseThrow().position();
            assertEquals(
                    "Recovery stopped at " + end + " on timeline 1, expected was " + end.plus(8) + " on timeline 1.",
                    position.reason());
            assertTrue(position.failed());

            Instant other = first.at().minusSeconds(1);
            Proof time = prove(
                    source,
                    new AimedMaterial(
                            material(backup, archive, target),
                            aim -> new ProofMaterial.Aim(
                                    aim.expected(),
                                    aim.timeline(),
                                    aim.recovery(),
                                    new ProofMaterial.Point(TimelineHistory.of(1), other, other))));
            assertEquals(
                    "The last transaction that recovery replayed ended at " + first.at()
                            + ", expected was one that ended at " + other + ".",
                    time.reason());

            Proof timeline = prove(
                    source,
                    new AimedMaterial(
                            material(backup, archive, target),
                            aim -> new ProofMaterial.Aim(
                                    aim.expected(),
                                    aim.timeline(),
                                    aim.recovery(),
                                    new ProofMaterial.Point(
                                            TimelineHistory.parse(
                                                    2, "1\t" + backup.position().stop() + "\tx"),
                                            first.at(),
                                            first.at()))));
            assertTrue(
                    String.valueOf(timeline.reason()).startsWith("Recovery came over these timelines: 1 up to " + end),
                    timeline::reason);

            // The sandbox sees less than was planned for it
            Proof gone = prove(source, new ChangedMaterial(material(backup, archive, target), sandbox -> {
                try (var files = Files.list(sandbox.wal())) {
                    for (Path file : files.sorted().skip(1).toList()) {
                        Files.delete(file);
                    }
                }
            }));
            assertTrue(
                    String.valueOf(gone.reason()).startsWith("Recovery did not reach " + end + " on timeline 1: "),
                    gone::reason);
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {15, 18})
    void aDrillFollowsAPromotion(int major) throws Exception {
        try (PointSource source = PointSource.start(major)) {
            Manifest backup = drills.take(source.server(), () -> {});
            PointSource.Step first = source.step(20);
            source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());
            var planned =
                    (RecoveryPlan.Planned) new RecoveryPlanner(List.of(RecoveryPlan.Candidate.of(backup)), archive)
                            .plan(to("xid", "" + first.xid()));
            Path data = folder.resolve("promoted");
            drills.reader(backup)
                    .materialise(
                            Destination.beside(data, backup.tablespaces()).withDurable(false),
                            new Recovery(planned.plan(), archive),
                            BackupProgress.NONE,
                            end -> {});
            try (RestoredServer server =
                            RestoredServer.start(source.server().cluster().binaries(), data);
                    Connection connection = server.connect("postgres", "secret");
                    var statement = connection.createStatement()) {
                server.awaitEndOfRecovery(connection);
                statement.execute("insert into step values (100, '')");
                try (var row = statement.executeQuery("select pg_current_wal_flush_lsn()")) {
                    row.next();
                    archive.receive(data.resolve("pg_wal"), 2, Lsn.parse(row.getString(1)));
                }
            }
            StoredMaterial material = material(backup, archive, to("latest", ""));
            Proof proof = prove(source, material);
            assertNull(proof.reason(), proof::toString);
            assertEquals(2, material.end().orElseThrow().timeline());
            Proof before = prove(
                    source, material(backup, archive, to("time", first.at().toString())));
            assertNull(before.reason(), before::toString);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aDrillOnALaterTimelineNeedsNoHistory() throws Exception {
        try (PointSource source = PointSource.start(17)) {
            Path standby = source.server().cluster().data().resolve("standby.signal");
            source.server().cluster().stop();
            Files.createFile(standby);
            source.startAgainWith("hot_standby", "on");
            source.server().execute("postgres", "select pg_promote()");
            PointSource.Step first = source.step(0);
            Manifest backup = drills.take(source.server(), () -> {});
            assertEquals(2, backup.source().timeline());
            ArchivedLog none = ArchivedLog.none(backup.source().walSegmentBytes());
            var planned = (RecoveryPlan.Planned)
                    new RecoveryPlanner(List.of(RecoveryPlan.Candidate.of(backup)), none).plan(to("latest", ""));
            var material = new StoredMaterial(drills.reader(backup), new Recovery(planned.plan(), none));
            Proof proof = prove(source, material);
            assertNull(proof.reason(), () -> first + ": " + proof);
            assertEquals(Optional.of(ProofLevel.RESTORED), proof.level());
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aPointThatIsNotInTheLogIsKnownBeforeASandboxIsFilled() throws Exception {
        try (PointSource source = PointSource.start(18)) {
            Manifest backup = drills.take(source.server(), () -> {});
            source.step(0);
            FolderLog archive = FolderLog.in(folder.resolve("archive"));
            archive.receive(source.server());
            Proof proof = prove(source, material(backup, archive, to("name", "never")));
            assertTrue(proof.failed());
            assertEquals(Optional.of(ProofLevel.INTACT), proof.level());
            assertTrue(
                    String.valueOf(proof.reason()).contains("the restore point \"never\" is not possible"),
                    proof::reason);
        }
    }
}
