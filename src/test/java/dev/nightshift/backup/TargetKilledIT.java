package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The machine of the server that is backed up fails while its files are copied. */
@Tag("thorough")
class TargetKilledIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final TestProject project = TestProject.create(nightshift.admin(), "fragile");
    private final Path stored = nightshift.data().resolve("store/fragile");

    @Test
    void aServerThatIsKilledInMidCopyLeavesNothingHalfAndTheRestartedRunCompletes() throws SQLException {
        try (Postgres source = Postgres.start(17)) {
            source.execute("postgres", "create database shop");
            source.execute(
                    "shop", "create table digits as select md5(id::text) as text from generate_series(1, 600000) id");
            project.register("shop", source, "shop");
            String run = project.start(
                    "backup",
                    "shop",
                    Json.createObjectBuilder()
                            .add("rateLimitKilobytesPerSecond", 8_192)
                            .build());
            Eventually.isTrue("the middle of the copy", Duration.ofMinutes(3), () -> copied(run) > 10_000_000);
            source.kill();

            JsonObject failed = project.ended(run, Duration.ofMinutes(2));
            JsonObject target = target(failed);
            String host = source.address();
            assertAll(
                    () -> assertEquals("FAILED", failed.getString("status"), failed.toString()),
                    () -> assertTrue(target.getString("reason").contains(host), target.toString()),
                    () -> assertTrue(target.getString("remedy").contains("whether the server runs"), target.toString()),
                    () -> assertTrue(project.log(run).contains("The replication session on"), project.log(run)),
                    () -> assertEquals(List.of(), files(), "stored files"),
                    () -> assertEquals(List.of(), project.backups("shop")),
                    () -> assertEquals(
                            List.of("Backup of shop failed"),
                            openFindings().stream()
                                    .map(finding -> finding.getString("title"))
                                    .toList()));

            source.startAgain(Map.of());
            assertEquals(0, slots(source));
            project.api().post(project.path("runs/" + run + "/restart")).expect(202);
            JsonObject completed = project.ended(run, Duration.ofMinutes(2));
            assertAll(
                    () -> assertEquals(
                            "COMPLETED", completed.getString("status"), () -> completed + "\n" + project.log(run)),
                    () -> assertEquals(2, completed.getInt("attempt")),
                    () -> assertEquals(1, project.backups("shop").size()),
                    () -> assertNotEquals(List.of(), files()),
                    () -> assertEquals(0, slots(source)),
                    () -> assertEquals(List.of(), openFindings(), "the finding is closed"));
        }
    }

    private static JsonObject target(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0);
    }

    /** Bytes of the copy that is under way. */
    private long copied(String run) {
        JsonObject now = project.run(run);
        assertTrue(now.isNull("endedAt"), now.toString());
        JsonValue progress = target(now).getOrDefault("progress", JsonValue.NULL);
        return progress instanceof JsonObject known
                        && project.currentStep(run).filter("copy"::equals).isPresent()
                ? known.getJsonNumber("done").longValue()
                : 0;
    }

    private List<JsonObject> openFindings() {
        return project.api()
                .get(project.path("findings?state=OPEN"))
                .expect(200)
                .items();
    }

    private List<Path> files() {
        if (!Files.exists(stored)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(stored)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int slots(Postgres source) throws SQLException {
        try (Connection connection = source.connect("shop");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from pg_replication_slots")) {
            row.next();
            return row.getInt(1);
        }
    }
}
