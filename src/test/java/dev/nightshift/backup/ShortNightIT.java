package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.Workload;
import dev.nightshift.testing.harness.Seed;
import jakarta.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A night under load in which each part of it dies by kill -9: the store and the source while incremental backups are taken, the
 * node in the middle of a full one and of a restore at once, and whichever it is, the log is archived meanwhile. Chance says when
 * ({@link Seed}). Afterwards restores to any moments hold every row that the server held then. {@link LifeInMiniatureIT} looks
 * at more of what can be asked after such a night, {@link WholeNightIT} is the long form.
 */
class ShortNightIT {
    private static final int POINTS = 4;

    /** A table that vacuum cuts short would have a full backup taken where changes are asked for. */
    private static final Map<String, String> SETTINGS = Map.of("autovacuum", "off");

    private final Random chance = Seed.of("ShortNightIT");

    @Test
    void everyMomentOfItIsThereWhateverWasKilled(@TempDir Path folder) throws Exception {
        try (Night night = Night.begin("short-night", folder, chance, Duration.ofMillis(400), SETTINGS)) {
            TestProject project = night.project();
            project.completed(night.startBackup("full"));
            Instant first = Instant.parse(backups(night).get(0).getString("endedAt"));
            changesWhile(night, () -> night.killStore(away(night)));
            changesWhile(night, () -> night.killSource(away(night)));

            Workload.Moment moment = night.anyStored(first);
            night.slowStore();
            String full = night.startBackup("full");
            project.awaitStep(full, "copy"::equals);
            String restore = night.startRestore(moment, "killed");
            project.awaitStep(restore, "restore"::equals);
            Eventually.sleep(night.within(Duration.ofSeconds(2)));
            night.killNode();
            wentOn(project, restore);
            Workload.Moment held = night.heldBy("killed");
            assertTrue(held.holds(moment), () -> moment + " came back as " + held);
            wentOn(project, full);

            night.end();
            assertEquals(
                    List.of("FULL", "INCREMENTAL", "INCREMENTAL", "FULL"),
                    backups(night).stream().map(each -> each.getString("kind")).toList());
            night.logHasNoGap();
            night.restore(POINTS, first);
        }
    }

    private static List<JsonObject> backups(Night night) {
        return night.project().backups(Night.NAME);
    }

    private static Duration away(Night night) {
        return Duration.ofMillis(500).plus(night.within(Duration.ofSeconds(2)));
    }

    /** The same run, at the next start, to its good end. */
    private static void wentOn(TestProject project, String id) {
        JsonObject run = project.completed(id);
        assertEquals(2, run.getInt("attempt"), run::toString);
    }

    /** An incremental backup; a run that was hit may fail and say so, and then the next one is asked. */
    private static void changesWhile(Night night, Runnable kill) {
        String hit = night.startBackup("incremental");
        Eventually.sleep(night.within(Duration.ofSeconds(2)));
        kill.run();
        if (!night.project().ended(hit, Night.LONG).getString("status").equals("COMPLETED")) {
            night.project().completed(night.startBackup("incremental"));
        }
    }
}
