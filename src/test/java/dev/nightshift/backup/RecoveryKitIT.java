package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guide's commands with a recovery kit, in an environment that holds nothing but a path: the decoder's jar, the kit, a copy of
 * the store and PostgreSQL's programs bring back the rows of the backup and those that came after it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecoveryKitIT {
    private static final Path GUIDE = Path.of("docs", "how-to", "restore-by-hand.md");
    private static final Pattern COMMANDS = Pattern.compile("```sh\\n(.*?)```", Pattern.DOTALL);
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin");
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final String PASSPHRASE = "five words nobody would guess";
    private static final String ROWS = "select count(*) || ' ' || sum(hash_record_extended(row(t.*), 0)) from t";

    private final Nightshift nightshift = Nightshift.shared();
    private Postgres source;
    private TestProject project;
    private Path store;
    private Path kit;
    private String backup;
    private String archive;
    private String rows;

    @BeforeAll
    void aBackupUnderAnOlderKeyAndItsLog(@TempDir Path folder) throws Exception {
        project = TestProject.create(nightshift.admin(), "kit");
        source = Postgres.start(Postgres.debian15(), Map.of("max_wal_senders", "6", "max_replication_slots", "6"));
        source.execute(
                "postgres", "create table t as select id, md5(id::text) as note from generate_series(1, 5000) id");
        project.register("main", source, "postgres");
        archive(true);
        Eventually.isTrue("streaming", SOON, () -> wal().getString("state").equals("STREAMING"));
        project.complete("backup", "main", TestProject.none());
        project.api().post(project.path("keys/rotate")).expect(200);
        kit();
        String run = project.start("rewrap-keys", "*", TestProject.none());
        assertEquals("COMPLETED", project.ended(run, SOON).getString("status"));
        source.execute("postgres", "insert into t select id, 'later' from generate_series(5001, 6000) id");
        rows = rows(source.connect("postgres"));
        Instant now = Instant.now();
        Eventually.isTrue("the moment", SOON, () -> {
            List<JsonObject> stretches = wal().getJsonArray("stretches").getValuesAs(JsonObject.class);
            return !stretches.isEmpty()
                    && !stretches.get(0).isNull("coveredTo")
                    && Instant.parse(stretches.get(0).getString("coveredTo")).isAfter(now);
        });
        archive = wal().getString("location");
        archive(false);
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        backup = project.backups("main").get(0).getString("location");
        kit = Files.writeString(folder.resolve("kit.json"), kit());
        store = folder.resolve("store");
        copy(
                nightshift.data().resolve("store").resolve("kit"),
                Files.createDirectory(store).resolve("kit"));
    }

    private String kit() {
        return project.api()
                .post(
                        project.path("recovery-kit"),
                        Json.createObjectBuilder().add("passphrase", PASSPHRASE).build())
                .expect(200)
                .body();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private void archive(boolean enabled) {
        project.api()
                .put(
                        project.path("instances/main/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", enabled)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
    }

    private JsonObject wal() {
        return project.api().get(project.path("instances/main/wal")).expect(200).object();
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private static String rows(Connection connection) throws SQLException {
        try (connection;
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(ROWS)) {
            row.next();
            return row.getString(1);
        }
    }

    /** The block of the guide that holds these words. */
    private static String commands(String words) throws IOException {
        return COMMANDS.matcher(Files.readString(GUIDE))
                .results()
                .map(block -> block.group(1))
                .filter(block -> block.contains(words))
                .findFirst()
                .orElseThrow(() -> new AssertionError("The guide has no commands with \"" + words + "\"."));
    }

    private Processes.Result run(Path work, String commands) throws IOException {
        String script = commands.replace(
                        "nightshift-decoder.jar", ByHand.decoder().toString())
                .replace("<store>/demo/demo/log-<id>", store.resolve(archive).toString())
                .replace("<store>/demo/demo/<backup id>", store.resolve(backup).toString())
                .replace("<store>", store.toString());
        String path = Postgres.debian15().bin() + ":" + JAVA + ":/usr/bin:/bin";
        return Processes.run(
                SOON, "env", "-i", "PATH=" + path, "LC_ALL=C.UTF-8", "sh", "-euc", "cd " + work + "\n" + script);
    }

    @Test
    void theGuidesCommandsBringBackTheRowsOfTheBackupAndOfTheLog(@TempDir Path work) throws Exception {
        Files.copy(kit, work.resolve("demo-recovery-kit.json"));
        Files.writeString(work.resolve("passphrase"), PASSPHRASE + "\n");
        String shown = run(work, commands("--show")).succeeded().output();
        assertAll(
                () -> assertTrue(shown.contains("\"main\"") && shown.contains("\"systemIdentifier\""), shown),
                () -> assertTrue(
                        shown.contains(nightshift
                                .data()
                                .resolve("store")
                                .toAbsolutePath()
                                .toString()),
                        shown));
        String listed = run(work, commands("--list")).succeeded().output();
        assertAll(
                () -> assertTrue(listed.contains(backup + "  full backup of "), listed),
                () -> assertTrue(listed.contains(archive + "  log of cluster "), listed));
        run(work, commands("<backup id> demo-recovery-kit.json decoded")).succeeded();
        run(work, commands("<id> demo-recovery-kit.json archived-log")).succeeded();
        run(work, commands("tar -xf decoded/base.tar")).succeeded();
        run(work, commands("pg_verifybackup data")).succeeded();
        run(work, commands("touch data/recovery.signal").replaceAll("recovery_target_time[^\\n]*\\n", ""))
                .succeeded();
        int port = RestoredServer.freePort();
        run(work, commands("pg_ctl -D data").replace("5499", Integer.toString(port)))
                .succeeded();
        try (RestoredServer restored = RestoredServer.running(Postgres.debian15(), work.resolve("data"), port)) {
            try (Connection connection = restored.connect("postgres", "secret")) {
                restored.awaitEndOfRecovery(connection);
            }
            assertEquals(rows, rows(restored.connect("postgres", "secret")));
        }
    }

    @Test
    void whatIsWrongWithAKitIsSaid(@TempDir Path work) throws Exception {
        Files.writeString(work.resolve("wrong"), PASSPHRASE.toUpperCase(Locale.ROOT));
        Files.writeString(work.resolve("right"), PASSPHRASE);
        Files.writeString(
                work.resolve("cut.json"),
                Files.readString(kit).substring(0, Files.readString(kit).length() - 20));
        refused(work, "wrong", kit.toString(), "The passphrase does not open this recovery kit");
        refused(work, "right", "cut.json", "is no whole recovery kit: it is cut off");
        Processes.Result unasked = run(work, "java -jar nightshift-decoder.jar --list <store> " + kit + " < /dev/null");
        assertTrue(unasked.exit() == 1 && unasked.output().contains("--passphrase-file"), unasked::output);
    }

    private void refused(Path work, String passphrase, String file, String why) throws IOException {
        Processes.Result refused = run(
                work,
                "java -jar nightshift-decoder.jar --passphrase-file " + passphrase + " <store>/demo/demo/<backup id> "
                        + file + " out");
        assertAll(
                () -> assertEquals(1, refused.exit(), refused.output()),
                () -> assertTrue(refused.output().contains(why), refused.output()),
                () -> assertFalse(refused.output().contains("\tat "), refused.output()),
                () -> assertFalse(Files.exists(work.resolve("out")), "nothing was decoded"));
    }

    @Test
    void aKitIsMadeUnderALongPassphraseByAnAdminAndNotedWithoutIt() {
        project.api()
                .post(
                        project.path("recovery-kit"),
                        Json.createObjectBuilder()
                                .add("passphrase", "too short")
                                .build())
                .expect(400);
        project.api().post(project.path("recovery-kit"), TestProject.none()).expect(400);
        String audit = project.api().get("api/audit?project=kit").expect(200).body();
        assertAll(
                () -> assertTrue(audit.contains("recovery-kit.make"), audit),
                () -> assertTrue(audit.contains("project-key.rotate"), audit),
                () -> assertFalse(audit.contains(PASSPHRASE), audit));
    }
}
