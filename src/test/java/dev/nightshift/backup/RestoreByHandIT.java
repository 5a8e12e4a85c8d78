package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Binaries;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import dev.nightshift.testing.harness.Damage;
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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The how-to's own commands make a cluster of a stored backup: the decoder's jar, tar and Debian's PostgreSQL. Nightshift has
 * no part in it but a copy of what it stored, and the recovery key.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestoreByHandIT {
    private static final Pattern KEY = Pattern.compile("\"key\":\"[^\"]+\"");
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin");
    private static final Duration DEADLINE = Duration.ofMinutes(1);

    private final Binaries debian = Postgres.debian15();
    private Postgres source;
    private Path spaces;
    private String backup;
    private Path stored;
    private Path key;
    private Path otherKey;

    @BeforeAll
    void aBackupTakenWhileRowsCameAndItsKey(@TempDir Path folder) throws Exception {
        Nightshift nightshift = Nightshift.shared();
        TestProject project = TestProject.create(nightshift.admin(), "by-hand");
        TestProject other = TestProject.create(nightshift.admin(), "by-other-hand");
        spaces = Files.createDirectory(folder.resolve("side"));
        source = Postgres.start(debian, Map.of());
        source.execute("postgres", "create database shop", "create tablespace side location '" + spaces + "'");
        source.execute(
                "shop",
                "create table orders as select id, md5(id::text) as note from generate_series(1, 50000) id",
                "create table spaced tablespace side as select id, md5(id::text) as note from generate_series(1, 5000) id");
        project.register("shop", source, "shop");
        String run = project.start(
                "backup",
                "shop",
                Json.createObjectBuilder()
                        .add("rateLimitKilobytesPerSecond", 768)
                        .build());
        Eventually.isTrue(
                "the copy",
                DEADLINE,
                () -> project.currentStep(run).filter("copy"::equals).isPresent());
        source.execute(
                "shop",
                "create table late as select id, md5(id::text) as note from generate_series(1, 1000) id",
                "update spaced set note = 'changed' where id % 7 = 0",
                "delete from orders where id % 5 = 0");
        assertEquals("copy", project.currentStep(run).orElse("none"), "the rows came while the files were copied");
        JsonObject ended = project.ended(run, DEADLINE);
        assertEquals("COMPLETED", ended.getString("status"), () -> ended + "\n" + project.log(run));

        JsonObject found = project.backups("shop").get(0);
        backup = found.getString("id");
        stored = folder.resolve("stored");
        ByHand.copy(nightshift.data().resolve("store").resolve(found.getString("location")), stored);
        key = project.recoveryKey(folder);
        otherKey = other.recoveryKey(folder);
    }

    @AfterAll
    void stop() {
        source.close();
    }

    @Test
    void theGuidesCommandsBringUpAClusterThatHoldsWhatTheSourceHolds(@TempDir Path work) throws Exception {
        Files.copy(key, work.resolve("demo-recovery-key.json"));
        String said = run(
                        work,
                        ByHand.commands("demo-recovery-key.json decoded")
                                .replace(
                                        "nightshift-decoder.jar",
                                        ByHand.decoder().toString())
                                .replace("<store>/demo/demo/<backup id>", stored.toString()))
                .succeeded()
                .output();
        assertTrue(said.contains("Backup " + backup + " of by-hand/"), said);
        assertTrue(said.contains("base.tar") && said.contains("backup_manifest") && said.contains("pg_wal/"), said);

        run(work, ByHand.commands("tar -xf decoded/base.tar")).succeeded();
        String oid = text(source.connect("shop"), "select oid from pg_tablespace where spcname = 'side'");
        assertTrue(said.contains("Tablespace " + oid + " was at " + spaces), said);
        Path space = Files.createDirectory(work.resolve("restored")).resolve(oid);
        run(
                        work,
                        ByHand.commands("/srv/restored/16500")
                                .replace("/srv/restored/16500", space.toString())
                                .replace("16500", oid))
                .succeeded();
        run(work, ByHand.commands("pg_verifybackup data")).succeeded();
        int port = RestoredServer.freePort();
        run(work, ByHand.commands("pg_ctl -D data").replace("5499", Integer.toString(port)))
                .succeeded();
        try (RestoredServer restored = RestoredServer.running(debian, work.resolve("data"), port)) {
            String log = Files.readString(work.resolve("log"));
            assertTrue(log.contains("consistent recovery state reached at"), log);
            assertEquals(fingerprint(source.connect("shop")), fingerprint(restored.connect("shop", "secret")));
            assertEquals(
                    space.toString(),
                    text(
                            restored.connect("shop", "secret"),
                            "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'side'"));
            String counted = run(
                            work,
                            "export PGPASSWORD=secret\n"
                                    + ByHand.commands("psql").replace("5499", "" + port))
                    .succeeded()
                    .output();
            assertTrue(counted.contains("40000"), counted);
        }
    }

    /** As a person would, in a shell that ends at the first failure. */
    private Processes.Result run(Path work, String commands) throws IOException {
        return Processes.run(
                DEADLINE, "sh", "-euc", "PATH=" + debian.bin() + ":" + JAVA + ":$PATH\ncd " + work + "\n" + commands);
    }

    private static String fingerprint(Connection connection) throws SQLException {
        return text(connection, """
                select string_agg(name || ' ' || count || ' ' || sum, ', ' order by name)
                  from (select tableoid::regclass::text as name, count(*), sum(hash_record_extended(row(id, note), 0))
                          from (select tableoid, * from orders union all select tableoid, * from spaced
                                union all select tableoid, * from late) every_row group by 1) per_table
                """);
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (connection;
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    void oneFlippedByteOfAnyObjectEndsTheDecoderWithTheObjectsName(@TempDir Path work) throws Exception {
        for (Path victim : List.of(
                largest(file -> !file.startsWith("wal")),
                largest(file -> file.startsWith("wal")),
                Path.of("backup_manifest"),
                Path.of("settings", "settings.json"),
                Path.of("manifest.json"))) {
            Damage.flip(stored.resolve(victim));
            Processes.Result refused = ByHand.decode(stored, key, work.resolve("flipped-" + victim.getFileName()));
            Damage.flip(stored.resolve(victim));
            assertAll(
                    () -> assertEquals(1, refused.exit(), victim + ": " + refused.output()),
                    () -> assertTrue(refused.output().contains(victim.toString()), refused.output()),
                    () -> assertFalse(refused.output().contains("\tat "), refused.output()));
        }
        ByHand.decode(stored, key, work.resolve("whole")).succeeded();
    }

    @Test
    void anotherProjectsKeyFileIsRefusedInClearWords(@TempDir Path work) throws IOException {
        refused(
                otherKey,
                work.resolve("out"),
                "the keys are of project",
                "Give the keys of the project that took the backup");
    }

    @Test
    void aWrongKeyInTheRightProjectsFileIsRefusedInClearWords(@TempDir Path work) throws IOException {
        Matcher other = KEY.matcher(Files.readString(otherKey));
        assertTrue(other.find());
        Path wrong = Files.writeString(
                work.resolve("wrong.json"), KEY.matcher(Files.readString(key)).replaceFirst(other.group()));
        refused(
                wrong,
                work.resolve("out"),
                "The data key of backup " + backup + " does not open with the key file of project",
                "Give the key file of the project that took the backup");
    }

    private void refused(Path keyFile, Path into, String what, String remedy) throws IOException {
        Processes.Result refused = ByHand.decode(stored, keyFile, into);
        assertAll(
                () -> assertEquals(1, refused.exit(), refused.output()),
                () -> assertTrue(refused.output().contains(what), refused.output()),
                () -> assertTrue(refused.output().contains(remedy), refused.output()),
                () -> assertFalse(Files.exists(into), "nothing was decoded"));
    }

    private Path largest(Predicate<Path> which) throws IOException {
        try (Stream<Path> files = Files.walk(stored)) {
            return files.filter(Files::isRegularFile)
                    .map(stored::relativize)
                    .filter(which)
                    .max(Comparator.comparing(
                            file -> stored.resolve(file).toFile().length()))
                    .orElseThrow();
        }
    }
}
