package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A backup that may not load its server takes the time that its bytes need at the rate it may have. */
@Tag("thorough")
class RateLimitIT {
    private static final int KILOBYTES_PER_SECOND = 3072;

    /** A server sends by its own clock, an eighth of a second's bytes at a time, and the first of them at once. */
    private static final double ROUGHLY = 0.8;

    @Test
    void aBackupTakesAsLongAsItsRateAsks() throws SQLException {
        TestProject project = TestProject.create(Nightshift.shared().admin(), "slow-sending");
        try (Postgres source = Postgres.start(18)) {
            source.execute("postgres", "create table t as select generate_series(1, 200000) as id", "checkpoint");
            project.register("slow", source, "postgres");
            long began = System.nanoTime();
            // Compressed here, so that what the server sends is what the figures count
            JsonObject run = project.complete(
                    "backup",
                    "slow",
                    Json.createObjectBuilder()
                            .add("rateLimitKilobytesPerSecond", KILOBYTES_PER_SECOND)
                            .add("compress", "here")
                            .build());
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            long bytes = figures(run).getJsonNumber("sizeBytes").longValue();
            double least = ROUGHLY * bytes / (KILOBYTES_PER_SECOND * 1024.0);
            assertTrue(least > 5, "too few bytes to tell a limit from none: " + bytes);
            assertTrue(took.toMillis() >= 1000 * least, bytes + " bytes took " + took + " instead of " + least + " s");
        }
    }
}
