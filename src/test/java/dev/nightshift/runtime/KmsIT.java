package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.AwsKmsStandIn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.GoogleKmsStandIn;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RestoredServer;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The product with its master key in a KMS that is away when it starts, comes, and is lost for good. */
@Tag("thorough")
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
                replaced(nightshift, kms);
                nightshift.stop();
                kms.asked().clear();
                nightshift.start();
                Eventually.isTrue(
                        "both projects are opened before anybody needs them",
                        SOON,
                        () -> kms.asked().stream()
                                        .filter(asked -> asked.contains(":project-key:"))
                                        .count()
                                >= 4);
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

    /** What it wrapped would open with that key only, and be stored beside what opens with the first. */
    private static void replaced(Nightshift nightshift, AwsKmsStandIn kms) {
        var first = kms.replace("nights");
        Api.Answer refused = nightshift.admin().post("api/projects", late().build());
        assertEquals(503, refused.status(), refused.body());
        assertTrue(refused.body().contains("NIGHTSHIFT_MASTER_KEY_URI was replaced by another one"), refused.body());
        assertTrue(refused.body().contains("Bring the former key back"), refused.body());
        kms.bringBack("nights", first);
        assertFalse(nightshift.admin().get("api/projects").body().contains("\"late\""), "nothing is stored");
    }

    private static JsonObjectBuilder late() {
        return Json.createObjectBuilder()
                .add("name", "late")
                .add("displayName", "Late")
                .add("timeZone", "UTC")
                .add("currency", "EUR");
    }

    private static void lost(Nightshift nightshift, Api plain, Path folder) throws Exception {
        TestProject project = TestProject.of(nightshift.admin(), "nights");
        project.complete("backup", "main", TestProject.none());
        plain.get("health/ready").expect(200);
        Api.Answer refused = project.api().post("api/projects", late().build());
        assertEquals(503, refused.status(), refused.body());
        assertTrue(refused.body().contains("NIGHTSHIFT_MASTER_KEY_URI cannot be reached"), refused.body());
        project.api().get("api/projects/asleep/keys").expect(200);

        String kit = project.recoveryKit(PASSPHRASE);
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

    /** Short: what a KMS is to the product is the same for each. */
    @Test
    void aKeyOfGoogleIsUsedByAServiceAccountAndBySeveralAtOnce(@TempDir Path folder) throws Exception {
        try (GoogleKmsStandIn google = GoogleKmsStandIn.start()) {
            Path credentials = google.credentials(folder.resolve("credentials.json"));
            Nightshift nightshift = Nightshift.prepare(Map.of(
                    "NIGHTSHIFT_DEMO",
                    "false",
                    "NIGHTSHIFT_DRAIN_SECONDS",
                    "0",
                    "NIGHTSHIFT_MASTER_KEY_URI",
                    google.key("nights"),
                    "NIGHTSHIFT_KMS_ENDPOINT",
                    google.endpoint(),
                    "NIGHTSHIFT_KMS_CREDENTIALS_FILE",
                    credentials.toString()));
            try {
                nightshift.start();
                TestProject project = TestProject.create(nightshift.admin(), "nights");
                assertTrue(google.asked().toString().contains("encrypt nights nightshift:project-key:v1:"));
                google.slow(100);
                List<CompletableFuture<Integer>> rotating = Stream.generate(() -> CompletableFuture.supplyAsync(() ->
                                project.api().post(project.path("keys/rotate")).status()))
                        .limit(3)
                        .toList();
                List<Integer> answers =
                        rotating.stream().map(CompletableFuture::join).toList();
                google.slow(0);
                long rotated = answers.stream().filter(answer -> answer == 200).count();
                assertTrue(rotated >= 1 && List.of(200, 409).containsAll(answers), answers.toString());
                assertEquals(
                        1 + rotated,
                        project.api()
                                .get(project.path("keys"))
                                .expect(200)
                                .items()
                                .size(),
                        "none is lost");
                google.allowed(false);
                Api.Answer refused =
                        project.api().post(project.path("keys/rotate")).expect(503);
                assertTrue(refused.body().contains("roles/cloudkms.cryptoKeyEncrypterDecrypter"), refused.body());
                for (Path log : nightshift.logs()) {
                    String text = Files.readString(log);
                    assertFalse(google.isIn(text) || text.contains("PRIVATE KEY"), log + " has a secret");
                }
            } finally {
                nightshift.remove();
            }
        }
    }

    private static boolean says(Nightshift nightshift, String text) {
        return Files.exists(nightshift.output(1)) && nightshift.output().contains(text);
    }
}
