package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backups that may not load their server, and copies that may not load their store, take the time that their bytes need. */
@Tag("thorough")
class RateLimitIT {
    private static final int KILOBYTES_PER_SECOND = 3072;
    private static final String STORE = "slow-offsite";

    /** So many seconds a copy of all that is stored takes at the rate that it is given. */
    private static final int SECONDS = 10;

    /** A server sends by its own clock, an eighth of a second's bytes at a time, and the first of them at once. */
    private static final double ROUGHLY = 0.8;

    private final Nightshift nightshift = Nightshift.shared();

    private static JsonObjectBuilder limited(long kilobytesPerSecond) {
        return Json.createObjectBuilder().add("rateLimitKilobytesPerSecond", kilobytesPerSecond);
    }

    /** The run, which has to take as long as what it read needs at the rate. */
    private static JsonObject slow(
            TestProject project, String job, JsonObject parameters, String figure, long kilobytesPerSecond) {
        long began = System.nanoTime();
        JsonObject run = project.complete(job, "slow", parameters);
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        long bytes = figures(run).getJsonNumber(figure).longValue();
        double least = ROUGHLY * bytes / (kilobytesPerSecond * 1024.0);
        assertTrue(least > 5, "too few bytes to tell a limit from none: " + bytes);
        assertTrue(took.toMillis() >= 1000 * least, bytes + " bytes took " + took + " instead of " + least + " s");
        return run;
    }

    @Test
    void aBackupTakesAsLongAsItsRateAsks() throws SQLException {
        TestProject project = TestProject.create(nightshift.admin(), "slow-sending");
        try (Postgres source = Postgres.start(18)) {
            source.execute("postgres", "create table t as select generate_series(1, 200000) as id", "checkpoint");
            project.register("slow", source, "postgres");
            // Compressed here, so that what the server sends is what the figures count
            JsonObject parameters =
                    limited(KILOBYTES_PER_SECOND).add("compress", "here").build();
            slow(project, "backup", parameters, "sizeBytes", KILOBYTES_PER_SECOND);
        }
    }

    @Test
    void aLogicalBackupTakesAsLongAsItsRateAsks() throws SQLException {
        TestProject project = TestProject.create(nightshift.admin(), "slow-dumping");
        try (Postgres source = Postgres.start(15)) {
            source.execute(
                    "postgres",
                    "create table t as select id, repeat(md5(id::text), 4) from generate_series(1, 180000) id");
            project.register("slow", source, "postgres");
            JsonObject parameters =
                    limited(KILOBYTES_PER_SECOND).add("kind", "logical").build();
            slow(project, "backup", parameters, "sizeBytes", KILOBYTES_PER_SECOND);
        }
    }

    @Test
    void aCopyTakesAsLongAsItsRateAsks(@TempDir Path folder) throws SQLException {
        TestProject project = TestProject.create(nightshift.admin(), "slow-copying");
        try (Postgres source = Postgres.start(18);
                S3Server s3 = S3Server.start(folder)) {
            source.execute("postgres", "create table t as select generate_series(1, 200000) as id", "checkpoint");
            project.register("slow", source, "postgres");
            JsonObject taken = project.complete("backup", "slow", TestProject.none());
            long kilobytes = figures(taken).getJsonNumber("storedBytes").longValue() / 1024 / SECONDS;
            nightshift
                    .admin()
                    .post(
                            "api/stores",
                            Json.createObjectBuilder()
                                    .add("name", STORE)
                                    .add("kind", "S3")
                                    .add("bucket", S3Server.BUCKET)
                                    .add("endpoint", s3.endpoint())
                                    .add("account", S3Server.KEY)
                                    .add("secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST")
                                    .build())
                    .expect(201);
            try {
                JsonObject run = slow(
                        project, "copy", limited(kilobytes).add("store", STORE).build(), "storedBytes", kilobytes);
                assertTrue(figures(run).getInt("objectsSent") > 0, run::toString);
                theCopiesOfABackupTakeAsLongAsItsRateAsks(project, kilobytes);
                aStopIsHeardWhileItWaits(project);
            } finally {
                forgetTheStore();
            }
        }
    }

    private static void theCopiesOfABackupTakeAsLongAsItsRateAsks(TestProject project, long kilobytesPerSecond) {
        JsonObject run = slow(
                project,
                "backup",
                limited(kilobytesPerSecond).add("copies", STORE).build(),
                "storedBytes",
                kilobytesPerSecond);
        long copying =
                run
                        .getJsonArray("targets")
                        .getJsonObject(0)
                        .getJsonArray("steps")
                        .getValuesAs(JsonObject.class)
                        .stream()
                        .filter(step -> step.getString("name").equals("copies"))
                        .mapToLong(step -> step.getJsonNumber("durationMillis").longValue())
                        .sum();
        assertTrue(copying >= 1000 * ROUGHLY * SECONDS, copying + " ms");
    }

    /** At the lowest rate another backup would take two minutes. */
    private static void aStopIsHeardWhileItWaits(TestProject project) {
        project.complete("backup", "slow", TestProject.none());
        String run =
                project.start("copy", "slow", limited(32).add("store", STORE).build());
        Eventually.isTrue(
                "the copy of run " + run,
                Duration.ofMinutes(1),
                () -> project.currentStep(run).filter("copy"::equals).isPresent());
        project.api().post(project.path("runs/" + run + "/stop")).expect(202);
        assertEquals("STOPPED", project.ended(run, Duration.ofMinutes(1)).getString("status"), () -> project.log(run));
    }

    /** It goes with its server: nothing else of this run is to look for it. */
    private void forgetTheStore() throws SQLException {
        nightshift
                .repository()
                .execute("update backup.copy set state = 'FREED', freed_at = now() where store = '" + STORE + "'");
        nightshift.admin().delete("api/stores/" + STORE + "?confirm=" + STORE).expect(204);
    }
}
