package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.harness.Greedy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drills of backups whose code wants more memory than a proof has: a lack of the sandbox, and no fault of the backup. */
@Tag("thorough")
class GreedyBackupIT {
    @RegisterExtension
    final Drills drills;

    GreedyBackupIT(@TempDir Path folder) {
        this.drills = new Drills(folder);
    }

    private static ProofOptions within(ProofLevel upTo) {
        ProofLimits usual = ProofLimits.STANDARD;
        return new ProofOptions(
                upTo, false, true, new ProofLimits(usual.timeToLive(), usual.cpu(), new Bytes(1L << 30), Set.of()));
    }

    private static void assertOutOfMemory(Proof proof) {
        ProofRung stumbled = proof.stumbled().orElseThrow(() -> new AssertionError(proof.toString()));
        assertAll(
                () -> assertEquals(Optional.of(ProofLevel.READABLE), proof.level(), proof::toString),
                () -> assertEquals(ProofOutcome.NOT_POSSIBLE, stumbled.outcome(), proof::toString),
                () -> assertTrue(String.valueOf(stumbled.reason()).contains("out of memory"), proof::toString),
                () -> assertTrue(
                        String.valueOf(stumbled.remedy()).contains("NIGHTSHIFT_PROOF_MEMORY_GIGABYTES"),
                        proof::toString));
    }

    /** It runs where the proof itself calls it: an index expression, evaluated when every row is looked for. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void anIndexThatTakesAllMemoryIsNotPossibleHere(int major) throws Exception {
        try (Postgres source = Postgres.start(major)) {
            source.execute(
                    "postgres",
                    Greedy.function(),
                    Greedy.indexed(),
                    "create table trap as select 1 as n",
                    "create index trap_n on trap (public.indexed(n))");
            assertEquals("12", TestArchive.text(source, "select public.greedy(12)"), "the source has it");
            assertOutOfMemory(drills.prove(
                    source,
                    drills.material(drills.take(source, () -> {})),
                    within(ProofLevel.RESTORED),
                    ProofWatch.NONE));
        }
    }

    @Test
    void aViewThatTakesAllMemoryWhenItIsFilledIsNotPossibleHere() throws Exception {
        List<Path> programs = List.of(Postgres.debian15().bin());
        try (Postgres source = Postgres.start(15)) {
            source.execute("postgres", "create database shop");
            source.execute(
                    "shop",
                    Greedy.function(),
                    Greedy.indexed(),
                    "create materialized view public.trap as select public.indexed(1) as n");
            var dump = drills.dump(source, "shop", ClientTools.require(15, programs));
            assertOutOfMemory(drills.prove(
                    source,
                    new DumpMaterial(drills.reader(dump), programs),
                    within(ProofLevel.MATCHED),
                    ProofWatch.NONE));
        }
    }
}
