package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Stores that fail at each step of a copy, where it is read and where it is written, and of wrapping keys anew: what is said to
 * be done is done, to the byte, and what is not is done by the next run.
 */
@Tag("thorough")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FailingStoreCopyIT extends FailingRuns {
    private static final String SECOND = "second";
    private static final JsonObject TO_SECOND = TestProject.parameters("store", SECOND);

    private String backup;

    FailingStoreCopyIT() {
        super("failing-copies");
    }

    @BeforeAll
    void aBackupAndTheLogBehindItAndADump() throws SQLException {
        store(SECOND, SECOND);
        TestArchive archive = new TestArchive(project, NAME);
        archive.change(TestArchive.on().add("store", STORE));
        archive.awaitState("STREAMING");
        taken("logical");
        backup = taken("full");
        source.execute("postgres", "insert into t select id, 'more' from generate_series(1001, 2000) id");
        TestArchive.text(source, "select pg_switch_wal()");
        source.execute("postgres", "insert into t values (2001, 'the end')");
        archive.awaitCovered();
        archive.off();
    }

    private String taken(String kind) {
        project.complete(
                "backup",
                NAME,
                Json.createObjectBuilder().add("kind", kind).add("store", STORE).build());
        return project.backups(NAME).get(0).getString("id");
    }

    @Test
    @Order(1)
    void aCopyIsWholeOrIsNotSaidToBeAndTheNextRunMakesItWhole() throws Exception {
        List<Trial> trials = trials(steps(() -> project.complete("copy", NAME, TO_SECOND)), false);
        Map<String, String> whole = copied();
        assertTrue(whole.keySet().stream().anyMatch(name -> name.contains("/log-")), whole::toString);
        assertTrue(whole.keySet().stream().anyMatch(name -> name.contains(backup)), whole::toString);
        List<String> outcomes = new ArrayList<>();
        int met = 0;
        for (Trial trial : trials) {
            forgetCopies();
            Ended ended = tried(trial, "copy", TO_SECOND);
            met += ended.met() ? 1 : 0;
            outcomes.add(trial + ": " + ended.run().getString("status"));
            boolean refused =
                    trial.fault() == Fault.REFUSED && trial.step().kind().equals("PUT");
            assertFalse(ended.met() && refused && ended.completed(), ended.what());
            if (state().equals("WHOLE")) {
                assertLie(
                        whole.entrySet().stream()
                                .filter(each -> each.getKey().contains(backup))
                                .toList(),
                        ended.what());
            }
            if (!ended.completed()) {
                project.complete("copy", NAME, TO_SECOND);
            }
            assertEquals("WHOLE", state(), ended.what());
            assertLie(List.copyOf(whole.entrySet()), ended.what());
        }
        assertMet(met, trials);
        assertTrue(outcomes.stream().anyMatch(each -> each.endsWith("COMPLETED")), outcomes::toString);
        assertTrue(outcomes.stream().anyMatch(each -> each.endsWith("FAILED")), outcomes::toString);
    }

    /** What the catalogue says of the copy; empty if it knows of none. */
    private String state() {
        return project.backup(backup).getJsonArray("copies").getValuesAs(JsonObject.class).stream()
                .filter(copy -> copy.getString("store").equals(SECOND))
                .map(copy -> copy.getString("state"))
                .findFirst()
                .orElse("");
    }

    /** As if nothing had ever been copied. */
    private void forgetCopies() throws IOException, SQLException {
        nightshift
                .repository()
                .execute(
                        "delete from backup.copy",
                        "delete from backup.wal_copy_stretch",
                        "delete from backup.wal_copy");
        Path folder = behind(SECOND).resolve(project.name());
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** The SHA-256 of all that lies in the second store of the project, by names. */
    private Map<String, String> copied() throws IOException {
        Map<String, String> found = new TreeMap<>();
        Inventory.files(behind(SECOND).resolve(project.name()))
                .forEach((file, hash) ->
                        found.put(behind(SECOND).relativize(file).toString(), hash));
        return found;
    }

    private void assertLie(List<Map.Entry<String, String>> expected, String what) throws IOException {
        Map<String, String> there = copied();
        assertEquals(
                List.of(),
                expected.stream()
                        .filter(each -> !each.getValue().equals(there.get(each.getKey())))
                        .map(Map.Entry::getKey)
                        .toList(),
                what);
    }

    @Test
    @Order(2)
    void whatIsNotWrappedAnewOpensAsBeforeAndKeepsItsKey() throws IOException {
        project.complete(
                "copy",
                NAME,
                Json.createObjectBuilder()
                        .add("store", SECOND)
                        .add("which", "all")
                        .build());
        project.rotateKey();
        List<Trial> trials = trials(steps(() -> project.complete("rewrap-keys", NAME, TestProject.none())), true);
        List<String> outcomes = new ArrayList<>();
        int met = 0;
        for (Trial trial : trials) {
            String old = project.primaryKey();
            String key = project.rotateKey();
            Ended ended = tried(trial, "rewrap-keys", TestProject.none());
            met += ended.met() ? 1 : 0;
            outcomes.add(trial + ": " + ended.run().getString("status"));
            assertAllOpen();
            List<Path> left = thatDoNotName(key);
            if (ended.completed()) {
                assertEquals(List.of(), left, ended.what());
            } else {
                if (!left.isEmpty()) {
                    project.api()
                            .delete(project.path("keys/" + old + "?confirm=" + old))
                            .expect(409);
                }
                project.complete("rewrap-keys", NAME, TestProject.none());
                assertEquals(List.of(), thatDoNotName(key), ended.what());
                assertAllOpen();
            }
        }
        assertMet(met, trials);
        assertTrue(outcomes.stream().anyMatch(each -> each.endsWith("COMPLETED")), outcomes::toString);
        assertTrue(outcomes.stream().anyMatch(each -> each.endsWith("FAILED")), outcomes::toString);
    }

    /** The descriptions of backups, copies and logs in both stores. */
    private List<Path> descriptions() throws IOException {
        List<Path> found = new ArrayList<>();
        for (String prefix : List.of(PREFIX, SECOND)) {
            try (Stream<Path> files = Files.walk(behind(prefix).resolve(project.name()))) {
                files.filter(file -> file.endsWith("manifest.json") || file.endsWith(WalFolder.NAME))
                        .forEach(found::add);
            }
        }
        assertEquals(6, found.size(), found::toString);
        return found;
    }

    private List<Path> thatDoNotName(String key) throws IOException {
        List<Path> left = new ArrayList<>();
        for (Path each : descriptions()) {
            if (!Files.readString(each).contains("\"id\":\"" + key + "\"")) {
                left.add(each);
            }
        }
        return left;
    }

    private void assertAllOpen() throws IOException {
        ExportedKeys keys = keys();
        for (Path each : descriptions()) {
            FolderStore folder = new FolderStore(Objects.requireNonNull(each.getParent()));
            if (each.endsWith(WalFolder.NAME)) {
                WalFolder.open(folder, "", keys);
            } else {
                BackupReader.open(folder, "", keys);
            }
        }
    }
}
