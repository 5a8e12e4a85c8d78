package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.StoredScene;
import dev.nightshift.backup.remote.FaultyBucket;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.FaultyStore;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A store that fails while a backup is proven: no level counts as passed that was not, a store that refuses or contradicts
 * itself says nothing of the backup, and of the sandbox nothing is left.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FailingStoreDrillIT {
    /** Postgres 15, for its dumps too: the machine has that version's tools. */
    private static final int MAJOR = 15;

    private Path folder;
    private FaultyBucket bucket;
    private StoredScene scene;
    private Postgres source;
    private Manifest physical;
    private Manifest logical;

    @BeforeAll
    void backups(@TempDir Path temporary) throws Exception {
        folder = temporary;
        bucket = FaultyBucket.in(folder);
        source = Postgres.start(MAJOR);
        scene = new StoredScene(bucket.store(), source);
        source.execute(
                "postgres",
                "create table t as select id, md5(id::text) || md5((-id)::text) note from generate_series(1, 60000) id");
        physical = scene.full();
        logical = scene.dump(physical.source().systemIdentifier());
    }

    @AfterAll
    void stop() {
        bucket.close();
        source.close();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        bucket.faults().heal();
        Path sandboxes = folder.resolve("sandboxes");
        if (Files.exists(sandboxes)) {
            try (Stream<Path> left = Files.list(sandboxes)) {
                assertEquals(List.of(), left.toList());
            }
        }
    }

    /** What a proof does with each object, in this order; before each it asks how large it is. */
    private enum Phase {
        STORED,
        INTACT,
        READABLE,
        RESTORE
    }

    /** A request for an object in the middle of the backup, in a phase of its proof. */
    private static Predicate<FaultyStore.Request> in(Phase phase, String method, Manifest backup) {
        List<StoredObject> data =
                backup.objects(backup.dump() == null ? StoredObject.Kind.ARCHIVE : StoredObject.Kind.DUMP);
        String name = backup.folder() + "/" + data.get(data.size() / 2).name();
        AtomicInteger sizes = new AtomicInteger();
        int wanted = List.of(Phase.values()).indexOf(phase);
        return request -> {
            boolean asked = request.target().endsWith(name);
            int at = asked && request.kind().equals("HEAD") ? sizes.getAndIncrement() : sizes.get() - 1;
            return asked && at == wanted && request.kind().equals(method);
        };
    }

    private Proof prove(Manifest backup) {
        var sandboxes = new Sandboxes(folder.resolve("sandboxes"), Set.of(), Clock.system());
        List<Path> programs = List.of(source.cluster().binaries().bin());
        BackupReader reader = BackupReader.open(bucket.store(), backup.folder(), scene.keys());
        Provable material = backup.dump() == null ? new StoredMaterial(reader) : new DumpMaterial(reader, List.of());
        return new ProveBackup(sandboxes, programs, Clock.system())
                .run(material, ProofOptions.STANDARD, ProofWatch.NONE);
    }

    /**
     * One request for an object fails.
     *
     * @param expected the level that the proof says; {@code THROWN} where it says nothing of the backup
     */
    @ParameterizedTest
    @CsvSource({
        "physical, STORED, HEAD, MISSING, MATCHED",
        "physical, STORED, HEAD, REFUSED, THROWN",
        "physical, INTACT, GET, FLIPPED, STORED",
        "physical, INTACT, GET, MISSING, THROWN",
        "physical, INTACT, GET, REFUSED, THROWN",
        "physical, READABLE, GET, FLIPPED, INTACT",
        "physical, READABLE, GET, MISSING, THROWN",
        "physical, READABLE, GET, CUT, MATCHED",
        "physical, RESTORE, GET, FLIPPED, READABLE",
        "physical, RESTORE, GET, MISSING, THROWN",
        "physical, RESTORE, HEAD, REFUSED, THROWN",
        "physical, RESTORE, GET, REFUSED, THROWN",
        "physical, RESTORE, GET, DROPPED, MATCHED",
        "logical, INTACT, GET, FLIPPED, STORED",
        "logical, READABLE, GET, FLIPPED, INTACT",
        "logical, READABLE, GET, REFUSED, THROWN",
        "logical, RESTORE, GET, FLIPPED, READABLE",
        "logical, RESTORE, GET, MISSING, THROWN",
        "logical, RESTORE, GET, REFUSED, THROWN",
        "logical, RESTORE, GET, CUT, MATCHED",
    })
    void noLevelIsPassedThatWasNot(String kind, Phase phase, String method, Fault fault, String expected) {
        Manifest backup = kind.equals("physical") ? physical : logical;
        bucket.faults().fail(fault, 1, in(phase, method, backup));
        Proof proof;
        String thrown = null;
        try {
            proof = prove(backup);
        } catch (Failure.Retryable | Failure.Unusable e) {
            thrown = e.getMessage();
            proof = null;
        }
        Proof said = proof;
        String words = thrown;
        assertAll(
                () -> assertEquals(1, bucket.faults().failed(), "the fault was not met"),
                () -> assertEquals(expected, said == null ? "THROWN" : level(said), () -> said + " " + words),
                () -> assertTrue(words == null || words.contains("store offsite"), words),
                () -> requireReason(said, expected));
    }

    private static String level(Proof proof) {
        return proof.level().map(Enum::name).orElse("none");
    }

    private static void requireReason(@Nullable Proof said, String expected) {
        if (said == null) {
            return;
        }
        String reason = said.reason();
        if (expected.equals("MATCHED")) {
            assertNull(reason);
            return;
        }
        assertTrue(said.failed(), said::toString);
        assertTrue(reason != null && reason.contains("The object "), reason);
        assertFalse(said.stumbled().map(ProofRung::remedy).isEmpty() && !expected.equals("READABLE"), said::toString);
    }

    @ParameterizedTest
    @CsvSource({"physical, INTACT", "physical, RESTORE", "logical, RESTORE"})
    void aStoreThatGoesAwayInTheMiddleSaysNothingOfTheBackup(String kind, Phase phase) {
        Manifest backup = kind.equals("physical") ? physical : logical;
        bucket.faults().fail(Fault.UNAVAILABLE, Integer.MAX_VALUE, in(phase, "GET", backup));
        try {
            Proof proof = prove(backup);
            throw new AssertionError(proof);
        } catch (Failure.Retryable e) {
            assertTrue(e.getMessage().contains("store offsite"), e.getMessage());
        }
        bucket.faults().heal();
        Proof again = prove(backup);
        assertEquals(Optional.of(ProofLevel.MATCHED), again.level(), again::toString);
    }
}
