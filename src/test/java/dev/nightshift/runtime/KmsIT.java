package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.AwsKmsStandIn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The product with its master key in a KMS that is away when it starts, comes, and is lost for good. */
class KmsIT {
    private static final Duration SOON = Duration.ofMinutes(4);
    private static final AwsKmsStandIn.Login LOGIN =
            new AwsKmsStandIn.Login("ASIANIGHTS", "secret-of-the-nights-5c1f", "session-of-the-nights-9e07");
    private static final String PASSPHRASE = "five words nobody would guess";

    @Test
    void itWaitsForTheKmsAndWhatIsOpenOutlivesIt(@TempDir Path folder) throws Exception {
        int port = RestoredServer.freePort();
        Path credentials = Files.writeString(
                folder.resolve("credentials"),
                "[default]\naws_access_key_id = " + LOGIN.id() + "\naws_secret_access_key = " + LOGIN.secret()
                        + "\naws_session_token = " + LOGIN.session() + "\n");
        Nightshift nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_DRAIN_SECONDS",
                "0",
                "NIGHTSHIFT_MASTER_KEY_URI",
                "aws-kms://" + AwsKmsStandIn.arn("nights"),
                "AWS_ENDPOINT_URL_KMS",
                "http://127.0.0.1:" + port,
                "AWS_SHARED_CREDENTIALS_FILE",
                credentials.toString()));
        try (Postgres source = Postgres.start(18)) {
            CompletableFuture<Void> started = CompletableFuture.runAsync(nightshift::start);
            Eventually.isTrue(
                    "the launcher says that the KMS is away", SOON, () -> says(nightshift, "Not ready: The KMS of"));
            Api plain = Api.at(nightshift.http());
            Api.Answer down = plain.get("health/ready").expect(503);
            assertTrue(down.body().contains("NIGHTSHIFT_MASTER_KEY_URI cannot be reached"), down.body());
            assertTrue(down.body().contains("Make sure that it runs"), down.body());
            plain.get("health/live").expect(200);

            try (AwsKmsStandIn kms = AwsKmsStandIn.start(port)) {
                kms.login(LOGIN);
                kms.key("nights");
                started.get(SOON.toMinutes(), TimeUnit.MINUTES);
                plain.get("health/ready").expect(200);
                assertFalse(Files.exists(nightshift.data().resolve("secrets/master.key")), "no key of its own");
                TestProject.create(nightshift.admin(), "asleep");
                TestProject project = TestProject.create(nightshift.admin(), "nights");
                project.register("main", source, "postgres");
                assertTrue(kms.asked().toString().contains("nightshift:project-key:v1:"), "what the key is for");
            }
            lost(nightshift, plain, folder);
            for (Path log : nightshift.logs()) {
                String text = Files.readString(log);
                assertFalse(text.contains(LOGIN.secret()) || text.contains(LOGIN.session()), log + " has a secret");
            }
        } finally {
            nightshift.remove();
        }
    }

    private static void lost(Nightshift nightshift, Api plain, Path folder) throws Exception {
        TestProject project = TestProject.of(nightshift.admin(), "nights");
        project.complete("backup", "main", TestProject.none());
        plain.get("health/ready").expect(200);
        Api.Answer refused = project.api()
                .post(
                        "api/projects",
                        Json.createObjectBuilder()
                                .add("name", "late")
                                .add("displayName", "Late")
                                .add("timeZone", "UTC")
                                .add("currency", "EUR")
                                .build());
        assertEquals(503, refused.status(), refused.body());
        Api.Answer asleep = project.api().get("api/projects/asleep/keys");
        assertEquals(503, asleep.status(), asleep.body());
        assertTrue(asleep.body().contains("NIGHTSHIFT_MASTER_KEY_URI cannot be reached"), asleep.body());

        String kit = project.api()
                .post(
                        project.path("recovery-kit"),
                        Json.createObjectBuilder().add("passphrase", PASSPHRASE).build())
                .expect(200)
                .body();
        String location = project.backups("main").get(0).getString("location");
        nightshift.stop();
        Processes.run(
                        SOON,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        ByHand.decoder().toString(),
                        "--passphrase-file",
                        Files.writeString(folder.resolve("passphrase"), PASSPHRASE)
                                .toString(),
                        nightshift.data().resolve("store").resolve(location).toString(),
                        Files.writeString(folder.resolve("kit.json"), kit).toString(),
                        folder.resolve("decoded").toString())
                .succeeded();
        assertTrue(Files.size(folder.resolve("decoded/base.tar")) > 1_000_000);
    }

    private static boolean says(Nightshift nightshift, String text) {
        return Files.exists(nightshift.output(1)) && nightshift.output().contains(text);
    }
}
