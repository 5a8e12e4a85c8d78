package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Fixture;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network between Nightshift and a source breaks where chance says. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CutsIT {
    private static final String PROJECT = "cuts";
    private static final Duration LONG = Duration.ofMinutes(3);

    /** Four databases of 7 MB, and the log: the last cuts come shortly before the end. */
    private static final long WHOLE_BACKUP = 40_000_000;

    private static final String EVIDENCE_SESSIONS =
            "select count(*) from pg_stat_activity where application_name like 'nightshift_evidence_%'";

    /** So little that no copy gets through. */
    private static final long TENTH_OF_A_BACKUP = 4_000_000;

    /** Less than the evidence takes on the wire, so that a cut comes for certain. */
    private static final long EVIDENCE = 10_000;

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
        project.registerOn("shop", "idle", Fixture.IDLE);
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

    /**
     * As soon as the first session of the evidence is there, the network goes bad: twice it takes single connections, so that
     * the log goes on while a database is measured anew; once everything, so that the backup begins anew.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, true, false})
    void aBackupThatIsCutWhileItTakesEvidenceHoldsThatOfEveryDatabaseAndIsProvenByIt(boolean one) throws Exception {
        int before = inventory.backups(PROJECT).size();
        int cutBefore = proxy.cuts().size();
        String run = project.start("backup", "shop", TestProject.none());
        try (Connection watch = fixture.server().connect(Fixture.SHOP)) {
            while (Fixture.text(watch, EVIDENCE_SESSIONS).equals("0")) {
                assertTrue(project.run(run).isNull("endedAt"), () -> project.log(run));
                Eventually.sleep(Duration.ofMillis(5));
            }
        }
        if (one) {
            proxy.cutNew(3, EVIDENCE);
        } else {
            proxy.cut(2, EVIDENCE);
        }
        proxy.slow(Duration.ofMillis(2)); // nothing of it is over before it is cut
        JsonObject ended = project.ended(run, LONG);
        proxy.cut(0, EVIDENCE);
        proxy.slow(Duration.ZERO);
        String log = project.log(run);
        assertAll(
                () -> assertEquals("COMPLETED", ended.getString("status"), () -> ended + "\n" + log),
                () -> assertEquals(1, ended.getInt("attempt")),
                () -> assertFalse(proxy.cuts().size() == cutBefore, "nothing was cut"),
                () -> assertTrue(!one || log.contains(" broke off: "), log));
        oneMoreBackup(before);
        String id = project.backups("shop").get(0).getString("id");
        List<JsonObject> evidence = project.api()
                .get(project.path("backups/" + id + "/evidence"))
                .expect(200)
                .object()
                .getJsonArray("databases")
                .getValuesAs(JsonObject.class);
        assertEquals(
                Set.of(Fixture.SHOP, Fixture.IDLE),
                evidence.stream().map(each -> each.getString("database")).collect(Collectors.toSet()),
                log);
        evidence.forEach(each -> assertFalse(each.isNull("position"), each + log));
        project.complete("restore-drill", "shop", TestProject.parameters("backup", id));
        JsonObject proof = project.backup(id).getJsonObject("proof");
        assertEquals("MATCHED", proof.getString("level"), () -> proof + log);
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
