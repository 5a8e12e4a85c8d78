package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.PageChecksum;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** A server whose disk changed a byte: it notices while it sends its files, and nobody may take the copy for a good one. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DamagedSourceIT {
    private final Nightshift nightshift = Nightshift.shared();
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aServerWithATable() throws SQLException {
        source = Postgres.start(17, Map.of("max_wal_senders", "6", "summarize_wal", "on"));
        source.execute("postgres", "create database shop");
        source.execute(
                "shop",
                "create table orders as select id, md5(id::text) as note from generate_series(1, 1000) id",
                // Frozen: nothing that reads it makes the server write the page anew, over the byte that changes
                "vacuum (freeze) orders",
                "checkpoint");
        project = TestProject.create(nightshift.admin(), "damaged-source");
        project.register("shop", source, "shop");
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private static void flipAByteOfThePage(Path file) throws IOException {
        try (RandomAccessFile table = new RandomAccessFile(file.toFile(), "rw")) {
            byte[] page = new byte[PageChecksum.PAGE];
            table.readFully(page);
            assertEquals(PageChecksum.of(page, 0), PageChecksum.stored(page), "the page was right before");
            table.seek(PageChecksum.PAGE - 1);
            table.write(page[PageChecksum.PAGE - 1] ^ 1);
        }
    }

    private Path fileOfTheTable() throws SQLException {
        try (Connection connection = source.connect("shop");
                Statement statement = connection.createStatement();
                var row = statement.executeQuery(
                        "select current_setting('data_directory'), pg_relation_filepath('orders')")) {
            row.next();
            return Path.of(row.getString(1), row.getString(2));
        }
    }

    @Test
    @Order(1)
    void wrongPageChecksumsMakeTheBackupADamagedOneAndACriticalFinding() throws SQLException, IOException {
        project.complete("backup", "shop", TestProject.none());
        Path file = fileOfTheTable();
        flipAByteOfThePage(file);
        JsonObject run = project.complete("backup", "shop", TestProject.none());

        List<JsonObject> backups = project.backups("shop");
        JsonObject damaged = backups.get(0);
        JsonObject good = backups.get(1);
        String log = project.log(run.getString("id"));
        List<JsonObject> findings = project.api()
                .get(project.path("findings?state=OPEN&severity=CRITICAL"))
                .expect(200)
                .items();
        assertAll(
                () -> assertEquals("DAMAGED", damaged.getString("state")),
                () -> assertTrue(damaged.getJsonObject("checksums").getInt("failures") > 0, damaged::toString),
                () -> assertEquals("COMPLETE", good.getString("state")),
                () -> assertEquals(0, good.getJsonObject("checksums").getInt("failures")),
                () -> assertTrue(log.contains("ERROR The server reported wrong page checksums"), log),
                () -> assertTrue(log.contains(file.getFileName().toString()), log),
                () -> assertEquals(
                        List.of("The server of shop has damaged pages"),
                        findings.stream()
                                .map(finding -> finding.getString("title"))
                                .toList()));
    }

    @Test
    @Order(2)
    void nothingTakesTheDamagedOneForTheNewest() {
        JsonObject damaged = project.backups("shop").get(0);
        String good = project.backups("shop").get(1).getString("id");
        assertEquals("DAMAGED", damaged.getString("state"));

        JsonObject plan = project.planToLatest("shop");
        assertEquals(good, plan.getString("backup"), plan::toString);
        JsonObject drill = project.complete("restore-drill", "shop", TestProject.parameters("upTo", "readable"));
        assertEquals(good, IncrementalRefusedIT.figures(drill).getString("backup"));
        Path folder = nightshift.data().resolve("restore").resolve("before-the-damage");
        JsonObject restore = project.complete("restore", "shop", TestProject.parameters("folder", folder.toString()));
        assertTrue(Files.exists(folder.resolve("PG_VERSION")));
        assertTrue(
                project.log(restore.getString("id"))
                        .contains("taken at "
                                + project.backup(good).getString("takenAt").substring(0, 19)),
                project.log(restore.getString("id")));
        project.complete("backup", "shop", TestProject.parameters("kind", "incremental"));
        assertEquals(good, project.backups("shop").get(0).getString("parent"));
    }
}
