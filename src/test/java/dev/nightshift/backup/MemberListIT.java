package dev.nightshift.backup;

import static dev.nightshift.testing.TestArchive.awaitReplay;
import static dev.nightshift.testing.TestArchive.fill;
import static dev.nightshift.testing.TestArchive.on;
import static dev.nightshift.testing.TestArchive.sameAsOfServer;
import static dev.nightshift.testing.TestArchive.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** An instance that names the members of its cluster is followed through a failover, with no address that moves along. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class MemberListIT {
    private static final String NAME = "clustered";
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Map<String, String> SETTINGS = Map.of(
            "max_wal_senders", "8",
            "max_replication_slots", "6",
            "wal_keep_size", "1GB",
            "autovacuum", "off");

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private TestArchive archive;
    private Postgres primary;
    private Postgres standby;
    private Postgres stranger;

    @BeforeAll
    void aClusterAndAStranger() {
        primary = Postgres.start(15, SETTINGS);
        standby = primary.standby(SETTINGS);
        stranger = Postgres.start(15, SETTINGS);
        project = TestProject.create(nightshift.admin(), "with-members");
        archive = new TestArchive(project, NAME);
    }

    @AfterAll
    void stop() {
        stranger.close();
        standby.close();
        primary.close();
    }

    private Api.Answer register(String... members) {
        return project.api().post(project.path("databases"), body(members).build());
    }

    private JsonObjectBuilder body(String... members) {
        return TestProject.described(NAME, primary, members);
    }

    private static String field(Api.Answer refused) {
        return refused.expect(400).object().getString("field");
    }

    private JsonObject check() {
        return project.api()
                .post(project.path("databases/" + NAME + "/check"))
                .expect(200)
                .object();
    }

    private static String found(JsonObject check, Postgres member) {
        return check.getJsonArray("items").getValuesAs(JsonObject.class).stream()
                .filter(item -> item.getString("item").equals("member." + member.address()))
                .map(item -> item.getString("state") + " " + item.getString("found"))
                .collect(Collectors.joining());
    }

    @Test
    @Order(1)
    void aListIsRefusedByTheMemberThatBreaksARule() {
        assertEquals("members[1]", field(register(standby.address(), "not a host")));
        assertEquals("members[0]", field(register(primary.address())));
        assertEquals("members[0]", field(register("169.254.169.254")));
        JsonObject tested = project.api()
                .post(project.path("check"), body(standby.address()).build())
                .expect(200)
                .object();
        assertEquals("OK a standby", found(tested, standby), tested::toString);
        register(standby.address(), stranger.address()).expect(201);
        JsonObject shown =
                project.api().get(project.path("instances/" + NAME)).expect(200).object();
        assertEquals(
                List.of(standby.address(), stranger.address()),
                shown.getJsonArray("members").stream()
                        .map(each -> ((JsonString) each).getString())
                        .toList());
        assertEquals("password", field(change(standby.address(), stranger.address(), "db9.example.com")));
        change(stranger.address(), standby.address()).expect(200);
        JsonObject check = check();
        assertTrue(check.getBoolean("ok"), check::toString);
        assertEquals("OK the primary, on timeline 1", found(check, primary), check::toString);
        assertEquals("OK a standby", found(check, standby), check::toString);
        assertTrue(found(check, stranger).startsWith("WARNING a server of another cluster"), check::toString);
    }

    private Api.Answer change(String... members) {
        return project.api()
                .put(
                        project.path("instances/" + NAME),
                        Json.createObjectBuilder()
                                .add("members", Json.createArrayBuilder(List.of(members)))
                                .build());
    }

    @Test
    @Order(2)
    void theLogAndTheBackupsGoOnWithTheStandbyThatIsPromoted(@TempDir Path folder) throws Exception {
        ExportedKeys keys = ExportedKeys.read(project.recoveryKey(folder));
        archive.change(on());
        archive.awaitState("STREAMING");
        fill(primary, "before", 2);
        archive.awaitCovered();
        project.complete("backup", NAME, TestProject.none());
        assertEquals(1, project.backups(NAME).get(0).getInt("timeline"));
        awaitReplay(primary, standby);

        primary.kill();
        text(standby, "select pg_promote()::text");
        fill(standby, "after", 1);
        Eventually.isTrue("the new timeline", SOON, () -> archive.newest().getInt("timeline") == 2);
        archive.awaitState("STREAMING");
        archive.awaitCovered();
        assertGoesOnFromTheNewPrimary(keys);
        assertEquals(2, backedUp());
    }

    private void assertGoesOnFromTheNewPrimary(ExportedKeys keys) throws Exception {
        assertEquals(
                2,
                archive.wal().getJsonArray("stretches").size(),
                () -> archive.wal().toString());
        assertTrue(archive.newest().isNull("gap"), () -> archive.wal().toString());
        assertFalse(archive.finding("has a gap").isPresent());
        assertTrue(sameAsOfServer(archive.stored(nightshift.data().resolve("store"), keys), standby) >= 4);
        assertEquals(
                "1 true",
                text(
                        standby,
                        "select count(*) || ' ' || bool_and(active) from pg_replication_slots where not temporary"));
        assertEquals("0", text(stranger, "select count(*)::text from pg_replication_slots"));
    }

    /** Answers the timeline that the new backup is of. */
    private int backedUp() {
        int known = project.backups(NAME).size();
        project.complete("backup", NAME, TestProject.none());
        List<JsonObject> now = project.backups(NAME);
        assertEquals(known + 1, now.size());
        return now.get(0).getInt("timeline");
    }

    @Test
    @Order(3)
    void theOldPrimaryThatComesBackIsNotTaken(@TempDir Path folder) throws Exception {
        ExportedKeys keys = ExportedKeys.read(project.recoveryKey(folder));
        primary.startAgain(SETTINGS);
        fill(primary, "lost", 1);
        JsonObject check = check();
        assertTrue(check.getString("endpoint").contains(standby.address()), check::toString);
        assertEquals("OK the primary, on timeline 2", found(check, standby), check::toString);
        assertEquals("WARNING says that it is the primary too, on timeline 1", found(check, primary), check::toString);

        fill(standby, "kept", 1);
        archive.awaitCovered();
        assertGoesOnFromTheNewPrimary(keys);
        assertEquals(2, backedUp());
        assertEquals("STREAMING", archive.wal().getString("state"));
        assertSecondPrimaryFound(primary);
    }

    private void assertSecondPrimaryFound(Postgres other) {
        Eventually.isTrue(
                "a finding",
                SOON,
                () -> archive.finding("has a second primary: " + other.address())
                        .filter(each -> each.getString("severity").equals("CRITICAL"))
                        .isPresent());
    }

    @Test
    @Order(4)
    void onePromotedBesideAPrimaryThatStillAnswersIsGoneOverTo() throws Exception {
        try (Postgres third = standby.standby(SETTINGS)) {
            project.api()
                    .put(
                            project.path("instances/" + NAME),
                            Json.createObjectBuilder()
                                    .add("host", standby.host())
                                    .add("port", standby.port())
                                    .add("members", Json.createArrayBuilder(List.of(third.address())))
                                    .add("password", primary.password())
                                    .build())
                    .expect(200);
            assertTrue(archive.finding("has a second primary").isEmpty(), "it is no member any more");
            awaitReplay(standby, third);
            text(third, "select pg_promote()::text");
            fill(third, "beside", 1);
            Eventually.isTrue(
                    "the newest timeline",
                    Duration.ofMinutes(3),
                    () -> archive.newest().getInt("timeline") == 3);
            archive.awaitState("STREAMING");
            archive.awaitCovered();
            assertTrue(archive.newest().isNull("gap"), () -> archive.wal().toString());
            assertEquals("1", text(third, "select count(*)::text from pg_replication_slots where active"));
            assertEquals(3, backedUp());
            assertSecondPrimaryFound(standby);
            archive.off();
            assertEquals("0", text(third, "select count(*)::text from pg_replication_slots"));
        }
    }
}
