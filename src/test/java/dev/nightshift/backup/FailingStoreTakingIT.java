package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import dev.nightshift.testing.harness.FaultyStore.Request;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store that fails at each step of taking a backup: either the run takes another way, and what is stored is whole to its last
 * byte, or it does not complete, and neither the catalogue nor the store has anything of it.
 */
@Tag("thorough")
class FailingStoreTakingIT extends FailingRuns {
    FailingStoreTakingIT() {
        super("failing-taking");
    }

    private static JsonObject of(String kind) {
        return Json.createObjectBuilder().add("kind", kind).add("store", STORE).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "logical"})
    void oneFaultAtAnyStepIsOvercomeOrTold(String kind) throws IOException {
        JsonObject parameters = of(kind);
        List<Trial> trials = trials(steps(() -> project.complete("backup", NAME, parameters)), true);
        ExportedKeys keys = keys();
        Set<String> known = ids();
        List<String> outcomes = new ArrayList<>();
        int met = 0;
        for (Trial trial : trials) {
            Ended ended = tried(trial, "backup", parameters);
            met += ended.met() ? 1 : 0;
            outcomes.add(trial + ": " + ended.run().getString("status"));
            Set<String> fresh = ids();
            fresh.removeAll(known);
            assertEquals(ended.completed() ? 1 : 0, fresh.size(), ended.what());
            for (String id : fresh) {
                assertWhole(project.backup(id), keys, ended.what());
            }
            known.addAll(fresh);
            assertNothingElseIsStored(ended.what());
            // The client does not ask again, and a backup is not whole without what was to be written
            boolean refused =
                    trial.fault() == Fault.REFUSED && trial.step().kind().equals("PUT");
            assertFalse(ended.met() && refused && ended.completed(), ended.what());
        }
        assertMet(met, trials);
        assertTrue(outcomes.stream().anyMatch(each -> each.endsWith("COMPLETED")), outcomes::toString);
        assertTrue(outcomes.stream().anyMatch(each -> each.endsWith("FAILED")), outcomes::toString);
        healthyAgain(parameters, keys);
    }

    /** The manifest alone makes a backup of what is stored: without it all else is nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"full", "logical"})
    void withoutItsManifestThereIsNoBackupHoweverTheStoreLosesIt(String kind) throws IOException {
        JsonObject parameters = of(kind);
        Predicate<Request> manifest = request -> request.kind().equals("PUT") && request.isOf("/manifest.json");
        Set<String> before = ids();
        for (Fault fault : List.of(Fault.SWALLOWED, Fault.DROPPED)) {
            Ended ended = tried(fault, ALWAYS, manifest, "backup", parameters);
            assertTrue(ended.met(), ended.what());
            assertEquals("FAILED", ended.run().getString("status"), ended.what());
            assertTrue(ended.what().contains("Trying again in"), ended.what());
            assertEquals(before, ids(), ended.what());
            assertNothingElseIsStored(ended.what());
        }
        healthyAgain(parameters, keys());
    }

    private void healthyAgain(JsonObject parameters, ExportedKeys keys) {
        String id = TestProject.figures(project.complete("backup", NAME, parameters))
                .getString("backup", "");
        List<JsonObject> backups = project.backups(NAME);
        assertTrue(id.isEmpty() || id.equals(backups.get(0).getString("id")), backups.get(0)::toString);
        assertWhole(backups.get(0), keys, "healthy again");
    }

    private Set<String> ids() {
        Set<String> ids = new TreeSet<>();
        all().forEach(each -> ids.add(each.getString("id")));
        return ids;
    }

    /** More than fit on one page. */
    private List<JsonObject> all() {
        return project.api()
                .get(project.path("backups?database=" + NAME + "&limit=500"))
                .expect(200)
                .items();
    }

    private void assertWhole(JsonObject backup, ExportedKeys keys, String what) {
        BackupReader reader = BackupReader.open(new FolderStore(behind(PREFIX)), backup.getString("location"), keys);
        assertNull(reader.verify(ProofLevel.READABLE, BackupProgress.NONE).damage(), what);
    }

    /** Not an object lies there that is of no backup in the catalogue. */
    private void assertNothingElseIsStored(String what) {
        Set<String> folders = new TreeSet<>();
        for (String object : TwoStores.objects(behind(PREFIX)).keySet()) {
            if (object.startsWith(project.name() + "/")) {
                folders.add(Path.of(object).subpath(0, 3).toString());
            }
        }
        Set<String> known = new TreeSet<>();
        all().forEach(each -> known.add(each.getString("location")));
        assertEquals(known, folders, what);
    }
}
