package dev.nightshift.backup;

import static dev.nightshift.testing.TestArchive.awaitReplay;
import static dev.nightshift.testing.TestArchive.fill;
import static dev.nightshift.testing.TestArchive.on;
import static dev.nightshift.testing.TestArchive.sameAsOfServer;
import static dev.nightshift.testing.TestArchive.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.vault.ExportedKeys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A switchover to the standby and one back, as for patching. The slot that stayed on the first primary holds more log by then than
 * archiving may keep, and that is no reason to give it up.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SwitchoverIT {
    private static final String NAME = "switched";
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final long LIMIT_BYTES = 64L << 20;
    private static final int MORE_SEGMENTS_THAN_THE_LIMIT = 6;
    private static final Map<String, String> SETTINGS =
            Map.of("max_wal_senders", "8", "max_replication_slots", "6", "wal_keep_size", "1GB", "autovacuum", "off");

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private TestArchive archive;
    private Postgres first;
    private Postgres second;

    @BeforeAll
    void aCluster() {
        first = Postgres.start(15, SETTINGS);
        second = first.standby(SETTINGS);
        project = TestProject.create(nightshift.admin(), "switching");
        archive = new TestArchive(project, NAME);
        project.registerCluster(NAME, first, second.address());
    }

    @AfterAll
    void stop() {
        second.close();
        first.close();
    }

    @Test
    void theLogGoesThereAndBackWithoutAGap(@TempDir Path folder) throws Exception {
        archive.change(on().add("retainedLimitBytes", LIMIT_BYTES).add("giveUp", true));
        archive.awaitState("STREAMING");
        fill(first, "before", 1);
        archive.awaitCovered();

        awaitReplay(first, second);
        first.cluster().stop();
        text(second, "select pg_promote()::text");
        fill(second, "there", MORE_SEGMENTS_THAN_THE_LIMIT);
        awaitTimeline(2);
        first.follow(second, SETTINGS);
        awaitReplay(second, first);
        assertEquals(
                "true",
                text(
                        first,
                        "select bool_and(pg_last_wal_replay_lsn() - restart_lsn > " + LIMIT_BYTES
                                + ")::text from pg_replication_slots where not active"),
                "the slot stayed, and holds more than the limit");

        second.cluster().stop();
        text(first, "select pg_promote()::text");
        fill(first, "back", 1);
        awaitTimeline(3);
        assertTrue(archive.newest().isNull("gap"), () -> archive.wal().toString());
        assertFalse(archive.finding("has a gap").isPresent());
        assertEquals("1", text(first, "select count(*)::text from pg_replication_slots where active"));
        ExportedKeys keys = ExportedKeys.read(project.recoveryKey(folder));
        assertTrue(sameAsOfServer(archive.stored(nightshift.data().resolve("store"), keys), first)
                > MORE_SEGMENTS_THAN_THE_LIMIT);
        project.complete("backup", NAME, TestProject.none());
        assertEquals(3, project.backups(NAME).get(0).getInt("timeline"));
        List<String> found = project.api().get(project.path("findings?limit=100")).expect(200).items().stream()
                .map(finding -> finding.getString("title"))
                .toList();
        assertTrue(found.stream().noneMatch(title -> title.contains("second primary")), found::toString);
    }

    private void awaitTimeline(int timeline) {
        Eventually.isTrue("timeline " + timeline, SOON, () -> archive.newest().getInt("timeline") == timeline);
        archive.awaitState("STREAMING");
        archive.awaitCovered();
    }
}
