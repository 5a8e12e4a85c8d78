package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.LogArchiving;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.BareMachine;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guide's commands with a recovery kit, on a machine on which neither Nightshift's folders nor the build tree exist: the decoder's
 * jar, the kit, a copy of the store and PostgreSQL's programs bring back the rows of the backup and those that came after it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecoveryKitIT {
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
        LogArchiving log = new LogArchiving(project, "main");
        log.begin();
        project.complete("backup", "main", TestProject.none());
        project.api().post(project.path("keys/rotate")).expect(200);
        project.recoveryKit(PASSPHRASE);
        project.complete("rewrap-keys", "*", TestProject.none());
        source.execute("postgres", "insert into t select id, 'later' from generate_series(5001, 6000) id");
        rows = rows(source.connect("postgres"));
        log.awaitCovered();
        archive = log.location();
        log.end();
        backup = project.backups("main").get(0).getString("location");
        kit = Files.writeString(folder.resolve("kit.json"), project.recoveryKit(PASSPHRASE));
        store = folder.resolve("store");
        ByHand.copy(nightshift.data().resolve("store").resolve("kit"), store.resolve("kit"));
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

    /** The guide's own names stand for what is restored. */
    private String commands(String words) throws IOException {
        return ByHand.commands(words).replace("demo/demo/log-<id>", archive);
    }

    private BareMachine machine(Path home) throws IOException {
        return new BareMachine(home, store, Postgres.debian15().bin());
    }

    @Test
    void theGuidesCommandsBringBackTheRowsOfTheBackupAndOfTheLog(@TempDir Path work) throws Exception {
        BareMachine machine = machine(work);
        Files.copy(kit, work.resolve("demo-recovery-kit.json"));
        Files.writeString(work.resolve("passphrase"), PASSPHRASE + "\n");
        machine.has(false, nightshift.data(), Path.of("").toAbsolutePath(), kit);
        machine.has(true, Path.of(BareMachine.STORE, backup));
        String shown = machine.run(commands("--show")).succeeded().output();
        assertAll(
                () -> assertTrue(shown.contains("\"main\"") && shown.contains("\"systemIdentifier\""), shown),
                () -> assertTrue(
                        shown.contains(nightshift
                                .data()
                                .resolve("store")
                                .toAbsolutePath()
                                .toString()),
                        shown));
        String listed = machine.run(commands("--list")).succeeded().output();
        assertAll(
                () -> assertTrue(listed.contains(backup + "  full backup of "), listed),
                () -> assertTrue(listed.contains(archive + "  log of cluster "), listed));
        ByHand.cluster(machine, backup, "");
        machine.run(commands("<id> demo-recovery-kit.json archived-log")).succeeded();
        machine.run(commands("pg_verifybackup data")).succeeded();
        machine.run(commands("touch data/recovery.signal").replaceAll("recovery_target_time[^\\n]*\\n", ""))
                .succeeded();
        int port = RestoredServer.freePort();
        machine.run(commands("pg_ctl -D data").replace("5499", Integer.toString(port)))
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
        BareMachine machine = machine(work);
        Files.writeString(work.resolve("wrong"), PASSPHRASE.toUpperCase(Locale.ROOT));
        Files.writeString(work.resolve("right"), PASSPHRASE);
        Files.copy(kit, work.resolve("kit.json"));
        Files.writeString(
                work.resolve("cut.json"),
                Files.readString(kit).substring(0, Files.readString(kit).length() - 20));
        refused(machine, "wrong", "kit.json", "The passphrase does not open this recovery kit");
        refused(machine, "right", "cut.json", "is no whole recovery kit: it is cut off");
        assertFalse(Files.exists(work.resolve("out")), "nothing was decoded");
        Processes.Result unasked = machine.run("java -jar nightshift-decoder.jar --list <store> kit.json < /dev/null");
        assertTrue(unasked.exit() == 1 && unasked.output().contains("--passphrase-file"), unasked::output);
    }

    private void refused(BareMachine machine, String passphrase, String file, String why) throws IOException {
        Processes.Result refused = machine.run("java -jar nightshift-decoder.jar --passphrase-file " + passphrase
                + " <store>/" + backup + " " + file + " out");
        assertAll(
                () -> assertEquals(1, refused.exit(), refused.output()),
                () -> assertTrue(refused.output().contains(why), refused.output()),
                () -> assertFalse(refused.output().contains("\tat "), refused.output()));
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
