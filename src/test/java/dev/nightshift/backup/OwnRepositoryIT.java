package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Nightshift backs up its own repository, loses it, and is given it back by the guide's commands. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OwnRepositoryIT {
    private static final Path GUIDE = Path.of("docs", "how-to", "back-up-nightshift-itself.md");
    private static final Pattern COMMANDS = Pattern.compile(" *```sh\\n(.*?)```", Pattern.DOTALL);
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin");
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final String PASSPHRASE = "five words nobody would guess";

    /** What nobody changes while nothing happens. */
    private static final String BOOKS = """
            select string_agg(line, '; ' order by line)
              from (select 'projects ' || count(*) || ' ' || sum(hash_record_extended(row(p.*), 0)) from fleet.project p
                    union all select 'audit ' || count(*) from audit.entry
                    union all select 'holds ' || string_agg(hold_reason, ' ') from backup.backup
                    union all select 'backups ' || string_agg(id::text, ' ' order by id) from backup.backup) of (line)
            """;

    private final Nightshift nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));

    @AfterAll
    void remove() {
        nightshift.remove();
    }

    @Test
    void whatIsLostComesBackFromStoreKitAndSecrets() throws Exception {
        Path work = nightshift.scratch("by-hand");
        nightshift.start();
        assertFalse(ofTheRepository().getBoolean("registered"));
        TestProject itself = TestProject.create(nightshift.admin(), "nightshift");
        itself.api().post(itself.path("databases"), registration()).expect(201);
        archive(itself, true);
        Eventually.isTrue(
                "streaming", SOON, () -> wal(itself).getString("state").equals("STREAMING"));
        itself.complete("backup", "repository", TestProject.parameters("checkpoint", "fast"));
        itself.complete("restore-drill", "repository", TestProject.none());
        JsonObject backup = itself.backups("repository").get(0);
        assertEquals("MATCHED", backup.getJsonObject("proof").getString("level"), backup::toString);

        // After the backup, so that it comes out of the log alone
        TestProject.create(nightshift.admin(), "made-later");
        itself.api()
                .put(itself.path("backups/" + backup.getString("id") + "/hold"), hold())
                .expect(200);
        Files.writeString(work.resolve("nightshift-recovery-kit.json"), itself.recoveryKit(PASSPHRASE));
        Files.writeString(work.resolve("passphrase"), PASSPHRASE + "\n");
        String books = books();
        Instant now = Instant.now();
        Eventually.isTrue("the moment", SOON, () -> covered(itself).isAfter(now));
        String archive = wal(itself).getString("location");

        nightshift.killEverything();
        nightshift.repository().stop();
        Files.move(nightshift.data().resolve("repository"), work.resolve("lost"));
        Files.move(nightshift.data().resolve("secrets"), work.resolve("copy"));
        run(work, commands("<copy of secrets>").replace("./mvnw -DskipTests package\n", ""));
        String listed = run(work, commands("--list"));
        assertTrue(listed.contains(backup.getString("location") + "  full backup of "), listed);
        run(
                work,
                commands("<backup id>")
                        .replace("nightshift/repository/<backup id>", backup.getString("location"))
                        .replace("nightshift/repository/log-<id>", archive));
        // Longer than a server takes that lets readers in before it has come to the end of its log
        run(work, commands("decoded/base.tar").replace("'cp ", "'sleep 1; cp "));
        nightshift.set("NIGHTSHIFT_START_PAUSED", "true");
        nightshift.start();
        nightshift.set("NIGHTSHIFT_START_PAUSED", "");

        TestProject again = TestProject.of(nightshift.admin(), "nightshift");
        assertAll(
                () -> assertEquals(books, books()),
                () -> nightshift.admin().get("api/projects/made-later").expect(200),
                () -> assertTrue(
                        nightshift.admin().get("api/pause").expect(200).body().contains("NIGHTSHIFT_START_PAUSED")),
                () -> assertEquals(
                        backup.getString("id"),
                        again.backups("repository").get(0).getString("id")));
        JsonObject known = ofTheRepository();
        assertAll(
                () -> assertEquals("nightshift", known.getString("project"), known::toString),
                () -> assertEquals(backup.getString("id"), known.getString("backup"), known::toString),
                () -> assertFalse(known.isNull("provenAt"), known::toString));
        // The keys open what they opened: the same backup is read to its end, and the next one taken
        again.complete("restore-drill", "repository", TestProject.none());
        again.complete("backup", "repository", TestProject.parameters("checkpoint", "fast"));
        Eventually.isTrue(
                "its new timeline", SOON, () -> wal(again).getString("state").equals("STREAMING"));
    }

    private JsonObject ofTheRepository() {
        return nightshift.admin().get("api/repository/backup").expect(200).object();
    }

    /** As the guide has it. */
    private JsonObject registration() throws IOException {
        return Json.createObjectBuilder()
                .add("name", "repository")
                .add("dbname", "nightshift")
                .add("host", "127.0.0.1")
                .add("port", nightshift.repository().port())
                .add("user", "nightshift_backup")
                .add(
                        "password",
                        Files.readString(nightshift.data().resolve("secrets/backup.password"))
                                .strip())
                .add("tlsMode", "disable")
                .build();
    }

    private static JsonObject hold() {
        return Json.createObjectBuilder().add("reason", "the year's end").build();
    }

    private static void archive(TestProject project, boolean enabled) {
        project.api()
                .put(
                        project.path("instances/repository/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", enabled)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
    }

    private static JsonObject wal(TestProject project) {
        return project.api()
                .get(project.path("instances/repository/wal"))
                .expect(200)
                .object();
    }

    private static Instant covered(TestProject project) {
        List<JsonObject> stretches = wal(project).getJsonArray("stretches").getValuesAs(JsonObject.class);
        return stretches.isEmpty() || stretches.get(0).isNull("coveredTo")
                ? Instant.EPOCH
                : Instant.parse(stretches.get(0).getString("coveredTo"));
    }

    private String books() throws SQLException {
        return nightshift.repository().texts(BOOKS).get(0);
    }

    /** The block of the guide that holds these words. */
    private static String commands(String words) throws IOException {
        return COMMANDS.matcher(Files.readString(GUIDE))
                .results()
                .map(block -> block.group(1).stripIndent())
                .filter(block -> block.contains(words))
                .findFirst()
                .orElseThrow(() -> new AssertionError("The guide has no commands with \"" + words + "\"."));
    }

    private String run(Path work, String commands) throws IOException {
        String script = commands.replace("$PWD/.nightshift", nightshift.data().toString())
                .replace("<store>", nightshift.data().resolve("store").toString())
                .replace("<copy of secrets>", work.resolve("copy").toString())
                .replace("target/nightshift-decoder.jar", ByHand.decoder().toString());
        return Processes.run(
                        SOON,
                        "env",
                        "-i",
                        "PATH=" + JAVA + ":/usr/bin:/bin",
                        "LC_ALL=C.UTF-8",
                        "sh",
                        "-euc",
                        "cd " + work + "\n" + script)
                .succeeded()
                .output();
    }
}
