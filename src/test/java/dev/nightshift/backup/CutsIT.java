package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Fixture;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network between Nightshift and a source breaks where chance says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CutsIT {
    private static final String PROJECT = "cuts";
    private static final Duration LONG = Duration.ofMinutes(3);

    /** Four databases of 7 MB, and the log: the last cuts come shortly before the end. */
    private static final long WHOLE_BACKUP = 40_000_000;

    /** So little that no copy gets through. */
    private static final long TENTH_OF_A_BACKUP = 4_000_000;

    private final Nightshift nightshift = Nightshift.shared();
    private final Inventory inventory = new Inventory(nightshift);
    private TestProject project;
    private Fixture fixture;
    private CuttingProxy proxy;

    @BeforeAll
    void aSourceBehindABadNetwork(@TempDir Path folder) throws Exception {
        fixture = Fixture.start(18, Map.of("wal_level", "logical"), folder);
        proxy = CuttingProxy.to(fixture.server().port(), Seed.of("CutsIT"));
        nightshift.awaitDemoRound(); // else its sandbox counts as a stray one
        project = TestProject.create(nightshift.admin(), PROJECT);
        project.register(
                "shop",
                fixture.server(),
                proxy.port(),
                Fixture.SHOP,
                fixture.server().user(),
                fixture.server().password());
    }

    @AfterAll
    void stop() {
        proxy.close();
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1, 2})
    void aBackupThatIsCutTriesAgainAndCompletes(int times) {
        int before = inventory.backups(PROJECT).size();
        int cutBefore = proxy.cuts().size();
        proxy.cut(times, WHOLE_BACKUP);
        String run = project.start("backup", "shop", TestProject.none());
        JsonObject ended = project.ended(run, LONG);
        proxy.cut(0, WHOLE_BACKUP);
        assertAll(
                () -> assertEquals("COMPLETED", ended.getString("status"), () -> ended + "\n" + project.log(run)),
                () -> assertEquals(1, ended.getInt("attempt")),
                () -> assertFalse(proxy.cuts().size() == cutBefore, "nothing was cut"));
        oneMoreBackup(before);
    }

    @Test
    void aBackupThatIsCutAgainAndAgainFailsCleanlyAndItsRestartCompletes() {
        int before = inventory.backups(PROJECT).size();
        proxy.cut(Integer.MAX_VALUE, TENTH_OF_A_BACKUP);
        String run = project.start("backup", "shop", TestProject.none());
        JsonObject failed = project.ended(run, LONG);
        proxy.cut(0, WHOLE_BACKUP);
        assertAll(
                () -> assertEquals("FAILED", failed.getString("status"), () -> failed + "\n" + project.log(run)),
                () -> assertEquals(before, inventory.backups(PROJECT).size()),
                () -> assertEquals(List.of(), inventory.halfBackups(PROJECT)),
                () -> inventory.nothingIsStray(fixture.server()));

        project.api().post(project.path("runs/" + run + "/restart")).expect(202);
        JsonObject completed = project.ended(run, LONG);
        assertAll(
                () -> assertEquals(
                        "COMPLETED", completed.getString("status"), () -> completed + "\n" + project.log(run)),
                () -> assertEquals(2, completed.getInt("attempt")));
        oneMoreBackup(before);
    }

    /** Store, catalogue and source agree, and what was stored in spite of the cuts can be read to its end. */
    private void oneMoreBackup(int before) {
        List<String> stored = inventory.backups(PROJECT);
        List<JsonObject> known = project.backups("shop");
        assertAll(
                () -> assertEquals(before + 1, stored.size(), stored::toString),
                () -> assertEquals(
                        stored,
                        known.stream()
                                .map(backup -> backup.getString("location"))
                                .sorted()
                                .toList()),
                () -> assertEquals(List.of(), inventory.halfBackups(PROJECT)),
                () -> inventory.nothingIsStray(fixture.server()));
        project.complete("restore-drill", "shop", TestProject.parameters("upTo", "readable"));
        assertEquals(
                "READABLE",
                project.backups("shop").get(0).getJsonObject("proof").getString("level"));
    }
}
