package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.AzureServer;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.GoogleStandIn;
import dev.nightshift.testing.MemoryGroup;
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
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Backups of many gigabytes ({@code -Dnightshift.gigabytes}, 5) into stores that are killed in the middle and come back: each
 * completes and can be read. The product, its repository and all that they start never have a quarter of a gigabyte more meanwhile
 * than before, when nothing was asked of it: the kernel would end one of them.
 */
@Tag("large")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LargeBackupIT {
    private static final int GIGABYTES = Integer.getInteger("nightshift.gigabytes", 5);

    /** What the product is started with unless somebody says otherwise; nothing counts as not set. */
    private static final String JAVA = System.getProperty("nightshift.java", "");

    /** More than it has when nothing is asked of it. */
    private static final long MOST_BYTES = 256L << 20;

    private static final Duration LONG = Duration.ofMinutes(30);
    private static final String NAME = "large";

    private final MemoryGroup memory = MemoryGroup.create("nightshift-large");
    private Nightshift nightshift;
    private Path stores;
    private S3Server s3;
    private AzureServer azure;
    private GoogleStandIn google;
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aLargeDatabase(@TempDir Path folder) throws IOException, SQLException {
        stores = folder;
        s3 = S3Server.start(Files.createDirectories(stores.resolve("s3")));
        azure = AzureServer.start(Files.createDirectories(stores.resolve("azure")));
        google = GoogleStandIn.start(stores);
        nightshift = Nightshift.prepare(
                Map.of(
                        "NIGHTSHIFT_DEMO",
                        "false",
                        "NIGHTSHIFT_JAVA_OPTIONS",
                        JAVA,
                        "NIGHTSHIFT_STORE_ROOTS",
                        folder.resolve("nas").toString()),
                memory.command());
        nightshift.start();
        System.out.printf("idle when started: %d MB%n", idle() >> 20);
        // Nobody kills this one
        source = Postgres.start(17, Map.of("max_wal_senders", "6", "fsync", "off", "max_wal_size", "2GB"));
        // A quarter of a gigabyte that compresses 2:1, again and again: no level looks back that far
        source.execute(
                "postgres",
                "create table part0 as select string_agg(md5(i::text), '') as text"
                        + " from generate_series(1, 8000000) i group by i / 1000");
        for (int i = 1; i < 4 * GIGABYTES; i++) {
            source.execute("postgres", "create table part" + i + " as select * from part0");
        }
        project = TestProject.create(nightshift.admin(), NAME);
        project.register(NAME, source, "postgres");
        take("local"); // whatever is loaded and compiled once is
    }

    @AfterAll
    void close() {
        nightshift.remove();
        memory.close();
        source.close();
        s3.close();
        azure.close();
        google.close();
    }

    @Test
    void intoABucket() throws Exception {
        disturbed(
                described("s3", "S3")
                        .add("bucket", S3Server.BUCKET)
                        .add("endpoint", s3.endpoint())
                        .add("account", S3Server.KEY)
                        .add("secretFile", TestStores.secretFile(nightshift, "s3.key", S3Server.SECRET)),
                () -> bytes(s3.bucket()),
                s3::kill,
                s3::restart);
    }

    @Test
    void intoAContainer() throws Exception {
        disturbed(
                described("azure", "AZBLOB")
                        .add("bucket", AzureServer.CONTAINER)
                        .add("endpoint", azure.endpoint())
                        .add("account", AzureServer.ACCOUNT)
                        .add("secretFile", TestStores.secretFile(nightshift, "azure.key", AzureServer.SECRET)),
                azure::bytes,
                azure::kill,
                azure::restart);
    }

    @Test
    void intoABucketOfGoogles() throws Exception {
        disturbed(
                described("google", "GCS").add("bucket", GoogleStandIn.BUCKET).add("endpoint", google.endpoint()),
                google::bytes,
                google::kill,
                google::restart);
    }

    private static JsonObjectBuilder described(String name, String kind) {
        return Json.createObjectBuilder().add("name", name).add("kind", kind);
    }

    private void disturbed(JsonObjectBuilder described, LongSupplier stored, Runnable kill, Runnable restart)
            throws Exception {
        Api admin = nightshift.admin();
        String store =
                admin.post("api/stores", described.build()).expect(201).object().getString("name");
        long before = stored.getAsLong();
        long idle = idle();
        memory.limit(idle + MOST_BYTES);
        try (Peak held = new Peak()) {
            String run = project.start(
                    "backup",
                    NAME,
                    Json.createObjectBuilder().add("store", store).build());
            Eventually.isTrue(
                    "a third of it is stored", LONG, () -> stored.getAsLong() - before > ((long) GIGABYTES << 30) / 6);
            kill.run();
            Eventually.sleep(Duration.ofSeconds(5));
            restart.run();
            JsonObject ended = project.ended(run, LONG);
            assertEquals("COMPLETED", ended.getString("status"), () -> project.log(run));
            String backup = IncrementalRefusedIT.figures(ended).getString("backup");
            long taken = held.peak();
            JsonObject found = project.backup(backup);
            assertTrue(found.getJsonNumber("sizeBytes").longValue() >= (long) GIGABYTES << 30, found::toString);
            project.complete(
                    "restore-drill",
                    NAME,
                    Json.createObjectBuilder()
                            .add("backup", backup)
                            .add("upTo", "readable")
                            .build());
            long read = held.peak();
            System.out.printf(
                    "%s: %d MB stored, idle %d MB, at most %d MB while it was taken, %d MB until it was read%n",
                    store, found.getJsonNumber("storedBytes").longValue() >> 20, idle >> 20, taken >> 20, read >> 20);
            assertEquals(0, memory.ended(), "processes that the kernel ended");
        }
        freed(store, stored);
    }

    /** What expiry says is what the store has less. */
    private void freed(String store, LongSupplier stored) {
        take(store);
        long before = stored.getAsLong();
        JsonObject figures = IncrementalRefusedIT.figures(project.complete(
                "expire",
                NAME,
                Json.createObjectBuilder()
                        .add("keepCount", 1)
                        .add("apply", true)
                        .build()));
        // A server that does not know of versions does not say what it keeps of what is deleted
        String figure = figures.containsKey("bytesDeleted." + store) ? "bytesDeleted." : "bytesFreed.";
        long freed = figures.getJsonNumber(figure + store).longValue();
        assertTrue(freed > (long) GIGABYTES << 28, figures::toString);
        // A server may have lists of its own beside the objects
        Eventually.isTrue(
                freed + " bytes less than " + before,
                Duration.ofMinutes(2),
                () -> Math.abs(before - freed - stored.getAsLong()) < 16 << 20);
    }

    private void take(String store) {
        String run = project.start(
                "backup", NAME, Json.createObjectBuilder().add("store", store).build());
        assertEquals("COMPLETED", project.ended(run, LONG).getString("status"), () -> project.log(run));
    }

    private static long bytes(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> {
                        try {
                            return Files.size(file);
                        } catch (IOException e) {
                            return 0; // just deleted
                        }
                    })
                    .sum();
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    /** When nothing is asked of it for a while. */
    private long idle() {
        Eventually.sleep(Duration.ofSeconds(20));
        return memory.held();
    }

    /** Looks five times a second; a shorter one is not seen, but is limited all the same. */
    private final class Peak implements AutoCloseable {
        private final AtomicLong peak = new AtomicLong();
        private final AtomicBoolean closed = new AtomicBoolean();
        private final Thread looking = new Thread(
                () -> {
                    while (!closed.get()) {
                        peak.accumulateAndGet(memory.held(), Math::max);
                        Eventually.sleep(Duration.ofMillis(200));
                    }
                },
                "memory");

        Peak() {
            looking.start();
        }

        long peak() {
            return peak.get();
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }
}
