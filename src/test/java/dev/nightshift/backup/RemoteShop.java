package dev.nightshift.backup;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A shop's server, and a bucket behind a server that speaks S3: stores lie in it once they are defined, by a secret in a file. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RemoteShop {
    Nightshift nightshift;
    Api admin;
    Path roots;
    S3Server s3;
    Postgres source;
    TestProject project;
    String secretFile;

    @BeforeAll
    void aServerAndAStore(@TempDir Path folder) throws IOException, SQLException {
        s3 = S3Server.start(folder);
        roots = folder.resolve("stores");
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false", "NIGHTSHIFT_STORE_ROOTS", roots.toString()));
        nightshift.start();
        admin = nightshift.admin();
        source = Postgres.start(18, Map.of("wal_level", "logical", "max_wal_senders", "6", "summarize_wal", "on"));
        source.execute("postgres", "create database shop");
        source.execute(
                "shop",
                "create table item as select id, repeat(md5(id::text), 40) as note from generate_series(1, 60000) id",
                "create index on item (id)");
        project = TestProject.create(admin, "offsite");
        project.register("shop", source, "shop");
        secretFile = TestStores.secretFile(nightshift, "offsite.key", S3Server.SECRET);
    }

    @AfterAll
    void close() {
        nightshift.remove();
        source.close();
        s3.close();
    }

    /** A store in the bucket. */
    JsonObjectBuilder described(String name, String prefix, String secret) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("kind", "S3")
                .add("bucket", S3Server.BUCKET)
                .add("prefix", prefix)
                .add("endpoint", s3.endpoint())
                .add("account", S3Server.KEY)
                .add("secretFile", secret);
    }

    /** What a backup into a store is asked with. */
    static JsonObjectBuilder asked(String store) {
        return Json.createObjectBuilder().add("store", store);
    }

    /** What lies in a store of the bucket, seen from behind. */
    List<Path> objects(String prefix) {
        try (Stream<Path> files = Files.walk(s3.bucket().resolve(prefix))) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // just deleted, or nothing there yet
        }
    }

    /** Takes a backup, and answers its id. */
    String take(JsonObjectBuilder parameters) {
        JsonObject run = project.complete("backup", "shop", parameters.build());
        return TestProject.figures(run).getString("backup");
    }
}
