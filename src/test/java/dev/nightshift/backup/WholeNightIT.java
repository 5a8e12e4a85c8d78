package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Seed;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A night of {@code -Dnightshift.minutes} (4) under load, with backups and archived log in a bucket: the source, the store and
 * the node are killed with -9 again and again, whichever and whenever chance says ({@link Seed}). In the morning restores to
 * {@code -Dnightshift.points} (20) moments hold every row that the server held then. {@link ShortNightIT} is its short form.
 */
@Tag("chaos")
class WholeNightIT {
    private static final int MINUTES = Integer.getInteger("nightshift.minutes", 4);
    private static final int POINTS = Integer.getInteger("nightshift.points", 20);

    private final Random chance = Seed.of("WholeNightIT");
    private final List<String> ended = new ArrayList<>();
    private volatile Instant morning = Instant.MAX;

    @Test
    void everyMomentOfItIsThereInTheMorning(@TempDir Path folder) throws Exception {
        try (Night night = Night.begin("whole-night", folder, chance, Duration.ofMillis(100), Map.of())) {
            TestProject project = night.project();
            project.completed(night.startBackup("full"));
            Instant first = Instant.parse(project.backups(Night.NAME).get(0).getString("endedAt"));
            morning = Instant.now().plus(Duration.ofMinutes(MINUTES));
            FutureTask<Integer> killed = Night.begun("killer", () -> kill(night));
            FutureTask<Integer> backups = Night.begun("backups", () -> backUp(night));
            System.out.println(killed.get() + " kills, " + backups.get() + " runs: " + ended);
            night.end();
            assertTrue(ended.stream().filter("COMPLETED"::equals).count() >= 2, ended::toString);
            night.logHasNoGap();
            night.restore(POINTS, first);
            project.complete("restore-drill", Night.NAME, TestProject.none());
        }
    }

    private boolean isNight() {
        return Instant.now().isBefore(morning);
    }

    /** In the morning all of them run again. */
    private int kill(Night night) {
        int kills = 0;
        while (isNight()) {
            Eventually.sleep(Duration.ofSeconds(5).plus(night.within(Duration.ofSeconds(15))));
            Duration away = Duration.ofMillis(500).plus(night.within(Duration.ofSeconds(6)));
            switch (chance.nextInt(3)) {
                case 0 -> night.killSource(away);
                case 1 -> night.killStore(away);
                default -> night.killNode();
            }
            kills++;
        }
        return kills;
    }

    /** Whatever they come to; those that say that they completed are believed in the morning. */
    private int backUp(Night night) {
        int runs = 0;
        while (isNight()) {
            String kind = runs % 4 == 3 ? "full" : "incremental";
            String run = Night.persistently(() -> night.startBackup(kind));
            runs++;
            ended.add(Night.persistently(
                    () -> night.project().ended(run, Night.LONG).getString("status")));
        }
        return runs;
    }
}
