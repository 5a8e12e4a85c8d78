package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import dev.nightshift.testing.harness.CuttingProxy;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** One server, and beside the first store a bucket behind a line that can be slowed, and a folder. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TwoStores {
    static final String ROWS = "select count(*) || ' ' || sum(hash_record_extended(row(i.*), 0)) from item i";
    static final Duration LONG = Duration.ofMinutes(5);

    /** 64 KB at most pass in so long: an archive of 10 MB takes some seconds. */
    static final Duration SLOW = Duration.ofMillis(40);

    private final String name;
    Nightshift nightshift;
    Api admin;
    Path nas;
    S3Server s3;
    CuttingProxy line;
    Postgres source;
    TestProject project;
    TestProject other;

    /** @param name of the project */
    TwoStores(String name) {
        this.name = name;
    }

    @BeforeAll
    void aServerAndTwoStores(@TempDir Path folder) throws IOException, SQLException {
        s3 = S3Server.start(folder);
        line = CuttingProxy.to(URI.create(s3.endpoint()).getPort(), new Random(1));
        nas = folder.resolve("stores").resolve("nas");
        nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_STORE_ROOTS",
                folder.resolve("stores").toString()));
        nightshift.start();
        admin = nightshift.admin();
        source = Postgres.start(18, Map.of("max_wal_senders", "6", "summarize_wal", "on", "autovacuum", "off"));
        source.execute("postgres", "create database shop");
        source.execute(
                "shop",
                "create table item as select id, (select string_agg(md5(id::text || n), '') from generate_series(1, 16) n) as note"
                        + " from generate_series(1, 20000) id");
        project = TestProject.create(admin, name);
        other = TestProject.create(admin, name + "-other");
        project.register("shop", source, "shop");
        store(bucket("offsite", line.port(), "prod"));
        store(TestStores.folder("nas", nas));
    }

    static JsonObjectBuilder bucket(String name, int port, String prefix) {
        return TestStores.bucket(name, "http://127.0.0.1:" + port).add("prefix", prefix);
    }

    void store(JsonObjectBuilder described) {
        TestStores.define(admin, described);
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
        line.close();
        s3.close();
    }

    Path local() {
        return nightshift.data().resolve("store");
    }

    Path offsite() {
        return s3.bucket().resolve("prod");
    }

    /** Every object of a backup in a store, seen from behind, with its bytes. */
    static Map<String, Long> objects(Path store, JsonObject backup) {
        return objects(store.resolve(backup.getString("location")));
    }

    static Map<String, Long> objects(Path folder) {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(Files::isRegularFile)
                    .forEach(file -> found.put(
                            folder.relativize(file).toString(), file.toFile().length()));
        } catch (IOException | UncheckedIOException e) {
            return Map.of(); // nothing there yet, or no more
        }
        return found;
    }

    static Map<String, FileTime> times(Path folder) throws IOException {
        Map<String, FileTime> found = new HashMap<>();
        for (String name : objects(folder).keySet()) {
            found.put(name, Files.getLastModifiedTime(folder.resolve(name)));
        }
        return found;
    }

    static void assertSame(Path one, Path another) throws IOException {
        assertEquals(objects(one), objects(another));
        for (String name : objects(one).keySet()) {
            assertEquals(-1, Files.mismatch(one.resolve(name), another.resolve(name)), name);
        }
    }

    String take(JsonObjectBuilder parameters) {
        return figures(project.complete("backup", "shop", parameters.build())).getString("backup");
    }

    static JsonObjectBuilder with(String name, String value) {
        return Json.createObjectBuilder().add(name, value);
    }

    JsonObject copy(JsonObjectBuilder parameters) {
        return figures(project.complete("copy", "shop", parameters.build()));
    }

    JsonObject copyOf(String backup, String store) {
        return project.backup(backup).getJsonArray("copies").getValuesAs(JsonObject.class).stream()
                .filter(copy -> copy.getString("store").equals(store))
                .findFirst()
                .orElseThrow(() -> new AssertionError(project.backup(backup).toString()));
    }

    static String rows(Connection connection) throws SQLException {
        try (connection;
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(ROWS)) {
            row.next();
            return row.getString(1);
        }
    }

    JsonObject drills(String query) {
        return project.api()
                .get(project.path("databases/shop/drills" + query))
                .expect(200)
                .object();
    }
}
