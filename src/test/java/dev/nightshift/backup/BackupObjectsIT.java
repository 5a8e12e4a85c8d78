package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What REST says of a backup's objects, held against what lies in the store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackupObjectsIT {
    private static final String MANIFEST = "manifest.json";

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private TestProject other;
    private Postgres source;
    private JsonObject physical;
    private JsonObject logical;

    @BeforeAll
    void aBackupOfEachSort() {
        project = TestProject.create(nightshift.admin(), "stored-objects");
        other = TestProject.create(nightshift.admin(), "stored-objects-elsewhere");
        source = Postgres.start(15); // Debian has its pg_dump
        project.register("shop", source, "postgres");
        physical = taken(TestProject.none());
        logical = taken(TestProject.parameters("kind", "logical"));
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private JsonObject taken(JsonObject parameters) {
        JsonObject run = project.complete("backup", "shop", parameters);
        return project.backup(TestProject.figures(run).getString("backup"));
    }

    private Path folder(JsonObject backup) {
        return nightshift.data().resolve("store").resolve(backup.getString("location"));
    }

    private Api.Answer asked(TestProject of, String backup, String query) {
        return of.api().get(of.path("backups/" + backup + "/objects" + query));
    }

    private List<JsonObject> objects(JsonObject backup) {
        return asked(project, backup.getString("id"), "?limit=500").expect(200).items();
    }

    @Test
    void areThoseThatLieInTheStoreWithTheirBytesAndHashes() throws Exception {
        for (JsonObject backup : List.of(physical, logical)) {
            Map<String, String> listed = new TreeMap<>();
            for (JsonObject each : objects(backup)) {
                listed.put(
                        each.getString("name"),
                        each.getJsonNumber("storedBytes").longValue() + " " + each.getString("sha256"));
                assertTrue(each.getJsonNumber("contentBytes").longValue() >= 0, each::toString);
                assertTrue(each.getString("name").startsWith(each.getString("stream")), each::toString);
            }
            assertEquals(lying(folder(backup)), listed);
        }
        assertEquals(
                Set.of("ARCHIVE", "EVIDENCE", "SERVER_MANIFEST", "SETTINGS", "WAL"),
                objects(physical).stream().map(each -> each.getString("kind")).collect(Collectors.toSet()));
        assertTrue(objects(logical).stream()
                .anyMatch(each -> each.getString("kind").equals("DUMP")));
    }

    /** All files but the manifest, which cannot list itself. */
    private static Map<String, String> lying(Path folder) throws IOException, NoSuchAlgorithmException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(file).toString();
                if (!name.equals(MANIFEST)) {
                    byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
                    found.put(name, Files.size(file) + " " + HexFormat.of().formatHex(hash));
                }
            }
        }
        return found;
    }

    @Test
    void comeInPagesThatLeaveNoneOutAndSayNoneTwice() {
        List<JsonObject> all = objects(physical);
        List<JsonObject> paged = new ArrayList<>();
        String after = "";
        int pages = 0;
        do {
            JsonObject page = asked(project, physical.getString("id"), "?limit=2" + after)
                    .expect(200)
                    .object();
            paged.addAll(page.getJsonArray("items").getValuesAs(JsonObject.class));
            after = page.isNull("next") ? "" : "&after=" + page.getString("next");
            pages++;
        } while (!after.isEmpty() && pages <= all.size());
        assertEquals(all, paged);
        assertEquals((all.size() + 1) / 2, pages);
        assertTrue(pages > 1, all::toString);
        Set<Integer> numbers =
                new TreeSet<>(all.stream().map(each -> each.getInt("number")).toList());
        assertEquals(all.size(), numbers.size());
        for (String beyond : List.of("100000", "9223372036854775807")) {
            assertEquals(
                    List.of(),
                    asked(project, physical.getString("id"), "?after=" + beyond)
                            .expect(200)
                            .items());
        }
        for (String wrong : List.of("limit=0", "limit=501", "limit=all", "after=x", "after=-1")) {
            assertEquals(
                    wrong.split("=", 2)[0],
                    asked(project, physical.getString("id"), "?" + wrong)
                            .expect(400)
                            .object()
                            .getString("field"),
                    wrong);
        }
    }

    @Test
    void areNotFoundFromAnotherProject() {
        assertEquals(
                asked(other, "01938a5c-0000-7000-8000-000000000001", "")
                        .expect(404)
                        .body(),
                asked(other, physical.getString("id"), "").expect(404).body(),
                "as of a backup that nobody has");
        asked(project, "no-id", "").expect(404);
    }

    /** The backup is there all the same: 404 would say that it is not. */
    @Test
    void aManifestThatIsGoneDamagedOrCannotBeReadIsSaidSo() throws IOException {
        JsonObject backup = taken(TestProject.parameters("evidence", "none"));
        Path manifest = folder(backup).resolve(MANIFEST);
        byte[] good = Files.readAllBytes(manifest);
        byte[] bad = good.clone();
        bad[good.length / 2] ^= 1;
        Files.write(manifest, bad);
        JsonObject damaged =
                asked(project, backup.getString("id"), "").expect(409).object();
        assertTrue(damaged.getString("detail").contains(MANIFEST), damaged::toString);
        Files.delete(manifest);
        JsonObject gone = asked(project, backup.getString("id"), "").expect(409).object();
        assertTrue(gone.getString("detail").contains("is not in the store local"), gone::toString);
        assertTrue(gone.getString("remedy").contains("mounted"), gone::toString);
        Files.createDirectory(manifest); // a read of it fails, as of a disk that does not answer
        JsonObject away = asked(project, backup.getString("id"), "").expect(503).object();
        assertTrue(away.getString("detail").contains("cannot be read"), away::toString);
        Files.delete(manifest);
        Files.write(manifest, good);
        assertTrue(objects(backup).size() > 2);
    }
}
