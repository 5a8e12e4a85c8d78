package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.BucketLogins;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.RadosGateway;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Stores behind a real server that enforces locks and policies, from the check to what is freed; the truth is its own list. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RadosGatewayIT {
    private static final List<String> BUCKETS = List.of("compliance", "governance", "versions");
    private static final int ONE_REQUEST = 8 << 20;

    private @Nullable RadosGateway opened;
    private @Nullable Postgres started;
    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private TestProject project;
    private final Map<String, String> locations = new HashMap<>();
    private final Map<String, List<RadosGateway.Version>> stored = new HashMap<>();

    @BeforeAll
    void bucketsOfThreeKinds(@TempDir Path folder) throws SQLException {
        RadosGateway gateway = RadosGateway.start(folder.resolve("ceph"));
        opened = gateway;
        gateway.user("writes");
        gateway.user("deletes");
        for (String bucket : BUCKETS) {
            gateway.lockable(bucket);
            gateway.allow(bucket, BucketLogins.documented());
        }
        gateway.lock("compliance", "COMPLIANCE", 1);
        gateway.lock("governance", "GOVERNANCE", 1);
        Postgres source = Postgres.start(18, Map.of("max_wal_senders", "6"));
        started = source;
        source.execute("postgres", """
                create table item as
                select id, (select string_agg(md5((id * 1000 + n)::text), '') from generate_series(1, 30) n) as note
                  from generate_series(1, 40000) id
                """);
        project = TestProject.create(admin, "ceph-locks");
        project.register("vault", source, "postgres");
        for (String bucket : BUCKETS) {
            TestStores.define(
                    admin,
                    TestStores.bucket("ceph-" + bucket, bucket, gateway.endpoint(), "writes")
                            .add("prefix", "prod")
                            .add("lockDays", bucket.equals("versions") ? 0 : 1)
                            .add("deleteAccount", "deletes")
                            .add("deleteSecretVariable", "NIGHTSHIFT_CREDENTIAL_TEST"));
        }
    }

    @AfterAll
    void close() {
        if (started != null) {
            started.close();
        }
        if (opened != null) {
            opened.close();
        }
    }

    private RadosGateway gateway() {
        return Objects.requireNonNull(opened);
    }

    private Stream<RadosGateway.Version> contents(String bucket) {
        return gateway().versions(bucket, "prod/" + locations.get(bucket)).stream()
                .filter(version -> !version.marker());
    }

    private JsonObject last(String bucket, boolean works) {
        JsonObject check =
                admin.post("api/stores/ceph-" + bucket + "/check").expect(200).object();
        assertEquals(works, check.getBoolean("works"), check::toString);
        return check.getJsonArray("steps")
                .getJsonObject(check.getJsonArray("steps").size() - 1);
    }

    @Test
    @Order(1)
    void theCheckMeasuresLockModeAndDaysAndWhatEachLoginMay() {
        assertTrue(
                last("compliance", true).getString("found").contains("locks each object for 1 day, mode COMPLIANCE"));
        assertTrue(
                last("governance", true).getString("found").contains("locks each object for 1 day, mode GOVERNANCE"));
        assertTrue(last("versions", true).getString("found").contains("locks nothing by itself"));

        JsonObject longer = Json.createObjectBuilder().add("lockDays", 2).build();
        admin.put("api/stores/ceph-compliance", longer).expect(200);
        assertTrue(last("compliance", false).getString("reason").contains("defined with a lock of 2 days"));
        JsonObject right = Json.createObjectBuilder().add("lockDays", 1).build();
        admin.put("api/stores/ceph-compliance", right).expect(200);

        Map<String, List<String>> rights = new HashMap<>(BucketLogins.documented());
        List<String> few = Objects.requireNonNull(rights.get("writes"));
        try {
            rights.put(
                    "writes",
                    Stream.concat(few.stream(), Stream.of("s3:DeleteObjectVersion"))
                            .toList());
            gateway().allow("versions", rights);
            assertEquals("KEEP_VERSIONS", last("versions", false).getString("step"));
            rights.put(
                    "writes",
                    Stream.concat(few.stream(), Stream.of("s3:DeleteObject")).toList());
            gateway().allow("versions", rights);
            assertEquals("KEEP", last("versions", false).getString("step"));
        } finally {
            gateway().allow("versions", BucketLogins.documented()); // the other tests go by these
        }
        last("versions", true);
        assertTrue(admin.get("api/stores").expect(200).body().contains("ceph-versions"));
    }

    @Test
    @Order(2)
    void backupsLieThereInManyPartsAndTheFirstLoginDeletesNothing() {
        for (String bucket : BUCKETS) {
            JsonObject run = project.complete("backup", "vault", TestProject.parameters("store", "ceph-" + bucket));
            String backup = TestProject.figures(run).getString("backup");
            locations.put(bucket, project.backup(backup).getString("location") + "/");
            stored.put(bucket, contents(bucket).toList());
            assertTrue(contents(bucket).anyMatch(version -> version.bytes() > ONE_REQUEST), () -> "" + stored);
            assertEquals(
                    contents(bucket).map(RadosGateway.Version::key).distinct().count(),
                    of(bucket).size(),
                    "each object is stored once");
        }
        RadosGateway.Version some = of("versions").get(0);
        String path = "versions/" + some.key();
        assertEquals(
                403,
                gateway().as("writes", "DELETE", path, Map.of(), Map.of(), "").status());
        assertEquals(
                403,
                gateway()
                        .as("writes", "DELETE", path, Map.of("versionId", some.id()), Map.of(), "")
                        .status());
        RadosGateway.Version locked = of("compliance").get(0);
        assertEquals(
                403,
                gateway()
                        .as(
                                "deletes",
                                "DELETE",
                                "compliance/" + locked.key(),
                                Map.of("versionId", locked.id()),
                                Map.of(),
                                "")
                        .status());
        assertFalse(gateway().endLock("compliance", locked).status() < 300, "nobody shortens it");
    }

    @Test
    @Order(3)
    void aServerThatDiesInTheMiddleFailsNoBackup() {
        JsonObject asked = Json.createObjectBuilder()
                .add("store", "ceph-versions")
                .add("compress", "here")
                .add("rateLimitKilobytesPerSecond", 8192)
                .build();
        long before = gateway().versions("versions", "prod/").size();
        String run = project.start("backup", "vault", asked);
        Eventually.isTrue(
                "an object of the backup",
                Duration.ofMinutes(2),
                () -> gateway().versions("versions", "prod/").size() > before);
        gateway().kill();
        gateway().restart();
        project.completed(run);
        prove(TestProject.figures(project.run(run)).getString("backup"));
    }

    private void prove(String backup) {
        project.complete(
                "restore-drill",
                "vault",
                Json.createObjectBuilder()
                        .add("backup", backup)
                        .add("upTo", "readable")
                        .build());
        assertEquals("READABLE", project.backup(backup).getJsonObject("proof").getString("level"));
    }

    private JsonObject expire(boolean apply) {
        return project.expire("vault", 1, apply);
    }

    private List<RadosGateway.Version> of(String bucket) {
        return stored.getOrDefault(bucket, List.of());
    }

    private long bytes(String bucket) {
        return of(bucket).stream().mapToLong(RadosGateway.Version::bytes).sum();
    }

    @Test
    @Order(4)
    void whatIsLockedStaysUntilItsLockEndsAndTheRestIsGoneByTheServersOwnList() {
        JsonObject kept =
                project.complete("backup", "vault", Json.createObjectBuilder().build());
        prove(TestProject.figures(kept).getString("backup")); // else the one that is proven stays
        String plan = project.log(expire(false).getString("id"));
        for (String bucket : List.of("compliance", "governance")) {
            assertTrue(plan.contains("stays in the store ceph-" + bucket + ", locked until "), plan);
        }
        assertFalse(plan.contains("stays in the store ceph-versions"), plan);

        JsonObject applied = expire(true);
        assertEquals(1, project.backups("vault").size());
        assertEquals(List.of(), gateway().versions("versions", "prod/" + project.name()));
        assertEquals(of("compliance"), contents("compliance").toList());
        assertEquals(of("governance"), contents("governance").toList());
        assertEquals(bytes("compliance") + bytes("governance"), TestProject.figure(applied, "bytesLocked"));
        assertTrue(TestProject.figure(applied, "bytesFreed") >= bytes("versions"), applied::toString);

        contents("governance")
                .forEach(version -> gateway().endLock("governance", version).succeeded());
        Eventually.isTrue("what was locked is freed", Duration.ofMinutes(1), () -> {
            expire(true);
            return gateway().versions("governance", "prod/" + project.name()).isEmpty();
        });
        assertEquals(of("compliance"), contents("compliance").toList());
        admin.delete("api/stores/ceph-governance?confirm=ceph-governance").expect(204);
        admin.delete("api/stores/ceph-compliance?confirm=ceph-compliance").expect(409);
    }
}
