package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Two installations that know the same backups and not each other's repository: what one reads the other does not delete. By the
 * test's own look into the bucket.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SharedStoreIT extends TwoStores {
    private static final String STRANGER = UUID.randomUUID().toString();
    private static final String PASSPHRASE = "for the other one, 2026";

    private Nightshift second;
    private TestProject there;
    private String projectId;
    private String old;
    private String changes;
    private String newest;

    SharedStoreIT() {
        super("shared");
    }

    @BeforeAll
    void anotherInstallationKnowsTheSameBackups() {
        old = take(with("store", "offsite"));
        changes = take(with("store", "offsite").add("kind", "incremental"));
        newest = take(with("store", "offsite"));
        String kit = project.recoveryKit(PASSPHRASE);
        try (var reader = Json.createReader(new StringReader(kit))) {
            projectId = reader.readObject().getString("project");
        }
        second = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        second.start();
        second.admin()
                .post(
                        "api/recovery-kit/import",
                        Json.createObjectBuilder()
                                .add("kit", kit)
                                .add("passphrase", PASSPHRASE)
                                .build())
                .expect(200);
        second.admin()
                .post("api/stores", bucket("same", line.port(), "prod").build())
                .expect(201);
        there = TestProject.of(second.admin(), "shared");
        there.register("shop", source, "shop");
        there.complete("rebuild-catalogue");
        assertEquals(3, there.backups("shop").size());
    }

    @AfterAll
    void end() {
        second.remove();
    }

    private Path leases() {
        return offsite().resolve("nightshift-leases");
    }

    private Set<String> inUse() {
        return objects(leases()).keySet();
    }

    private Path folder(String backup) {
        return offsite().resolve("shared").resolve("shop").resolve(backup);
    }

    private boolean isWhole(String backup) {
        return Files.exists(folder(backup).resolve("manifest.json"));
    }

    @Test
    @Order(1)
    void whatTheOtherOneRestoresStaysWithItsChainUntilItIsDone() throws Exception {
        Path restored = second.data().resolve("restore").resolve("there").toAbsolutePath();
        line.slow(SLOW);
        String run = there.start(
                "restore",
                "shop",
                Json.createObjectBuilder()
                        .add("backup", changes)
                        .add("folder", restored.toString())
                        .build());
        Eventually.isTrue("both of the chain are in use", LONG, () -> inUse().size() == 2);
        JsonObject expired = project.expire("shop", 1, true);
        assertFalse(TestProject.hasEnded(there.run(run).getString("status")), "expired while it read");
        String told = project.log(expired.getString("id"));
        assertAll(
                () -> assertEquals(0, figures(expired).getInt("backupsGoing"), told),
                () -> assertTrue(told.contains("being read in the store offsite by the run " + run), told),
                () -> assertEquals(3, project.backups("shop").size()),
                () -> assertTrue(isWhole(old) && isWhole(changes)));
        line.slow(Duration.ZERO);
        there.completed(run);
        try (RestoredServer server = RestoredServer.start(Postgres.binaries(18), restored)) {
            assertEquals("20000", server.answer("shop", source.password(), "select count(*) from item"));
        }
        Eventually.isTrue("nothing is in use", LONG, () -> inUse().isEmpty());
    }

    /** As one does that is just at it, or was killed a moment ago. */
    private Path write(String backup, String run, Instant until) throws IOException {
        Path folder = Files.createDirectories(leases().resolve(projectId));
        return Files.writeString(
                folder.resolve(backup + "." + until.getEpochSecond() + "." + run + "." + UUID.randomUUID()),
                "third\nnode");
    }

    /** Somebody began to read between the plan and the deletion: it is no backup any more, but its objects and the log stay. */
    @Test
    @Order(2)
    void whatIsDeletedAlreadyStaysInTheStoreWhileItIsRead() throws Exception {
        nightshift.repository().execute("update backup.backup set deleted_at = now() where id = '" + changes + "'");
        Path reading = write(changes, STRANGER, Instant.now().plusSeconds(900));
        JsonObject run = project.expire("shop", 2, true);
        String told = project.log(run.getString("id"));
        assertAll(
                () -> assertTrue(told.contains("stays in the store offsite for now"), told),
                () -> assertTrue(
                        told.contains("by the run " + STRANGER + " of the node third node of another Nightshift"),
                        told),
                () -> assertTrue(isWhole(changes)),
                () -> assertEquals(Set.of(leases().relativize(reading).toString()), inUse()));
    }

    @Test
    @Order(3)
    void oneThatEndedKeepsNothingNorDoesOneOfItsOwn() throws Exception {
        for (String name : inUse()) {
            Files.delete(leases().resolve(name));
        }
        String own = project.complete("vacuum", "shop", TestProject.none()).getString("id");
        write(old, own, Instant.now().plusSeconds(900)); // killed, and begun anew under the repository's own lease
        write(old, STRANGER, Instant.now().minusSeconds(600));
        write(old, STRANGER, Instant.now().plus(Duration.ofDays(400))); // none lasts as long
        JsonObject run = project.expire("shop", 1, true);
        String told = project.log(run.getString("id"));
        assertAll(
                () -> assertEquals(1, figures(run).getInt("backupsGoing"), told),
                () -> assertEquals(1, project.backups("shop").size()),
                () -> assertEquals(Map.of(), objects(folder(old)), told),
                () -> assertEquals(Map.of(), objects(folder(changes)), told),
                () -> assertTrue(isWhole(newest)),
                () -> assertEquals(3, inUse().size()));
    }
}
