package dev.nightshift.runtime;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LauncherConfigTest {
    private static final Path BASE = Path.of("/project");
    private static final Map<String, String> EXTERNAL = Map.of(
            "NIGHTSHIFT_REPOSITORY_URL", "jdbc:postgresql://db.example:5433/books",
            "NIGHTSHIFT_REPOSITORY_USER", "app",
            "NIGHTSHIFT_REPOSITORY_PASSWORD", "app-secret",
            "NIGHTSHIFT_REPOSITORY_OWNER_USER", "owner",
            "NIGHTSHIFT_REPOSITORY_OWNER_PASSWORD", "owner-secret",
            "NIGHTSHIFT_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");

    private final Path folder;

    LauncherConfigTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void withoutAnyVariableEveryDefaultHolds() {
        LauncherConfig config = LauncherConfig.from(Map.of("PATH", "/bin"), BASE);
        assertEquals(9080, config.httpPort());
        assertEquals(9443, config.httpsPort());
        assertEquals("127.0.0.1", config.httpHost());
        assertEquals(PlainHttp.LOCAL, config.http());
        assertEquals(Optional.empty(), config.certificate());
        assertEquals(BASE.resolve(".nightshift"), config.data());
        assertEquals(9432, config.postgresPort());
        assertEquals(0, config.demoPort());
        assertEquals(Optional.empty(), config.repository());
        assertTrue(config.demo());
        assertEquals(Optional.empty(), config.masterKey());
        assertEquals(Optional.empty(), config.bootstrapKey());
        assertEquals(Duration.ZERO, config.drain(), "nobody watches the demo");
        assertEquals(List.of("-Xmx768m", "-XX:+UseSerialGC"), config.javaOptions());
        assertEquals(Map.of(), config.passedOn());
        assertEquals(100, config.threads(), "as server.xml has it without a launcher");
    }

    @Test
    void theServerHasThreadsForAllThatItsSettingsAllowAtOnce() {
        var settings = Map.of("NIGHTSHIFT_NODE_PARALLEL_RUNS", "20", "NIGHTSHIFT_RUN_PARALLEL_TARGETS", "9");
        assertEquals(420, LauncherConfig.from(settings, BASE).threads());
        var queue = Map.of("NIGHTSHIFT_MESSAGING", "embedded", "NIGHTSHIFT_MESSAGING_PASSWORD", "of-the-queue");
        assertEquals(116, LauncherConfig.from(queue, BASE).threads(), "two for each of eight targets from the queue");
    }

    @Test
    void anExternalRepositoryIsReadWithBothItsRoles() {
        LauncherConfig.Repository repository =
                LauncherConfig.from(EXTERNAL, BASE).repository().orElseThrow();
        assertEquals(new JdbcAddress("db.example", 5433, "books"), repository.address());
        assertEquals("jdbc:postgresql://db.example:5433/books?sslmode=prefer", repository.url());
        assertEquals("app", repository.user());
        assertEquals("app-secret", repository.password().value());
        assertEquals("owner", repository.ownerUser());
        assertEquals("owner-secret", repository.ownerPassword().value());
    }

    @Test
    void theRepositorysCertificateIsVerifiedWithTheRootThatIsGiven() throws IOException {
        Path root = Files.writeString(folder.resolve("ca 1.pem"), "-----BEGIN CERTIFICATE-----");
        Map<String, String> environment = new HashMap<>(EXTERNAL);
        environment.put("NIGHTSHIFT_REPOSITORY_TLS", "verify-full");
        Failure.Invalid refused = assertThrows(Failure.Invalid.class, () -> LauncherConfig.from(environment, BASE));
        assertEquals("NIGHTSHIFT_REPOSITORY_ROOT_CERTIFICATE", refused.field());
        environment.put("NIGHTSHIFT_REPOSITORY_ROOT_CERTIFICATE", root.toString());
        String url = LauncherConfig.from(environment, BASE)
                .repository()
                .orElseThrow()
                .url();
        assertEquals(
                "jdbc:postgresql://db.example:5433/books?sslmode=verify-full&sslrootcert="
                        + URLEncoder.encode(root.toString(), StandardCharsets.UTF_8),
                url);
        environment.put("NIGHTSHIFT_REPOSITORY_TLS", "sometimes");
        assertEquals("NIGHTSHIFT_REPOSITORY_TLS", refusedField(() -> LauncherConfig.from(environment, BASE)));
    }

    @Test
    void theSdksVariablesArePassedOnForAKeyInAwsOnly() {
        Map<String, String> environment = new HashMap<>(Map.of(
                "AWS_PROFILE",
                "nights",
                "NIGHTSHIFT_NEW_KMS_TOKEN",
                "hvs.of-the-new-one",
                "NIGHTSHIFT_MASTER_KEY_URI",
                "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/one"));
        Map<String, String> passedOn = LauncherConfig.from(environment, BASE).passedOn();
        assertEquals("nights", passedOn.get("AWS_PROFILE"));
        assertEquals(environment.get("NIGHTSHIFT_MASTER_KEY_URI"), passedOn.get("NIGHTSHIFT_MASTER_KEY_URI"));
        assertFalse(passedOn.containsKey("NIGHTSHIFT_NEW_KMS_TOKEN"));
        environment.put("NIGHTSHIFT_MASTER_KEY_URI", "vault+http://127.0.0.1/transit/one");
        assertFalse(LauncherConfig.from(environment, BASE).passedOn().containsKey("AWS_PROFILE"));
        environment.put("NIGHTSHIFT_MASTER_KEY", "a-key-too");
        Failure.Invalid both = assertThrows(Failure.Invalid.class, () -> LauncherConfig.from(environment, BASE));
        assertTrue(both.getMessage().startsWith("NIGHTSHIFT_MASTER_KEY_URI and NIGHTSHIFT_MASTER_KEY are both set"));
    }

    @Test
    void secretsMayComeFromFilesAndWhiteSpaceAtTheirEndsDoesNotMatter() throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "a-key-of-more-than-thirty-two-characters\n");
        LauncherConfig.Secret key = LauncherConfig.from(Map.of("NIGHTSHIFT_BOOTSTRAP_KEY_FILE", file.toString()), BASE)
                .bootstrapKey()
                .orElseThrow();
        assertEquals("a-key-of-more-than-thirty-two-characters", key.value());
        assertEquals(Optional.of(file), key.file());
    }

    @ParameterizedTest
    @CsvSource({
        "NIGHTSHIFT_HTTP_PORT, http",
        "NIGHTSHIFT_HTTPS_PORT, 0",
        "NIGHTSHIFT_POSTGRES_PORT, 65536",
        "NIGHTSHIFT_DEMO_PORT, -1",
        "NIGHTSHIFT_HTTP_PORT, 9443",
        "NIGHTSHIFT_HTTP, on",
        "NIGHTSHIFT_DEMO, yes",
        "NIGHTSHIFT_DRAIN_SECONDS, 3601",
        "NIGHTSHIFT_BOOTSTRAP_KEY, short",
        "NIGHTSHIFT_BOOTSTRAP_KEY_FILE, /nowhere/key",
        "NIGHTSHIFT_MASTER_KEY_FILE, /nowhere/key",
        "NIGHTSHIFT_REPOSITORY_URL, postgres://host/db",
        "NIGHTSHIFT_RUN_LOSSES, many",
        "NIGHTSHIFT_TARGET_POOL_WAIT, 5",
        "NIGHTSHIFT_FORBIDDEN_ADDRESSES, localhost",
        "NIGHTSHIFT_CREDENTIAL_ROOTS, secrets",
        "NIGHTSHIFT_PROOF_CPU_HOURS, 0",
        "NIGHTSHIFT_PROOF_LIBRARIES, $libdir/auto_explain",
        "NIGHTSHIFT_OIDC_ISSUER, http://login.example",
        "NIGHTSHIFT_LOCAL_LOGIN, false",
    })
    void aWrongValueIsRefusedByTheNameOfItsVariable(String variable, String value) {
        Failure.Invalid failure =
                assertThrows(Failure.Invalid.class, () -> LauncherConfig.from(Map.of(variable, value), BASE));
        assertTrue(String.valueOf(failure.getMessage()).contains(variable + " "), failure.getMessage());
    }

    @Test
    void aDataFolderThatLeavesNoRoomForTheSocketOfAProofIsRefused() {
        String longest = "/d" + "é".repeat(32) + "a";
        assertEquals(
                Path.of(longest),
                LauncherConfig.from(Map.of("NIGHTSHIFT_DATA", longest), BASE).data());
        Failure.Invalid refused = assertThrows(
                Failure.Invalid.class, () -> LauncherConfig.from(Map.of("NIGHTSHIFT_DATA", longest + "b"), BASE));
        assertEquals("NIGHTSHIFT_DATA", refused.field());
        assertTrue(refused.getMessage().contains("at most 67 bytes"), refused.getMessage());
    }

    @Test
    void everyMistakeIsNamedAtOnce() {
        Failure.Invalid failure = assertThrows(
                Failure.Invalid.class,
                () -> LauncherConfig.from(Map.of("NIGHTSHIFT_HTTP_PORT", "x", "NIGHTSHIFT_DEMO", "maybe"), BASE));
        assertTrue(String.valueOf(failure.getMessage()).contains("NIGHTSHIFT_HTTP_PORT"));
        assertTrue(String.valueOf(failure.getMessage()).contains("NIGHTSHIFT_DEMO"));
    }

    @ParameterizedTest
    @CsvSource({
        "NIGHTSHIFT_REPOSITORY_USER",
        "NIGHTSHIFT_REPOSITORY_PASSWORD",
        "NIGHTSHIFT_REPOSITORY_OWNER_USER",
        "NIGHTSHIFT_REPOSITORY_OWNER_PASSWORD",
        "NIGHTSHIFT_MASTER_KEY",
    })
    void anExternalRepositoryNeedsEachOfItsVariables(String missing) {
        Map<String, String> environment = new HashMap<>(EXTERNAL);
        environment.remove(missing);
        Failure.Invalid failure = assertThrows(Failure.Invalid.class, () -> LauncherConfig.from(environment, BASE));
        assertEquals(missing, failure.field());
    }

    @Test
    void theApplicationsRoleMustNotBeTheOwner() {
        Map<String, String> environment = new HashMap<>(EXTERNAL);
        environment.put("NIGHTSHIFT_REPOSITORY_USER", "owner");
        Failure.Invalid failure = assertThrows(Failure.Invalid.class, () -> LauncherConfig.from(environment, BASE));
        assertEquals("NIGHTSHIFT_REPOSITORY_USER", failure.field());
    }

    @Test
    void aSecretGivenTwiceIsRefused() {
        Map<String, String> environment = new HashMap<>(EXTERNAL);
        environment.put("NIGHTSHIFT_MASTER_KEY_FILE", "/etc/hostname");
        assertThrows(Failure.Invalid.class, () -> LauncherConfig.from(environment, BASE));
    }

    @Test
    void otherVariablesOfNightshiftArePassedOnAndSecretsOfTheLauncherAreNot() {
        Map<String, String> environment = new HashMap<>(EXTERNAL);
        environment.put("NIGHTSHIFT_HEARTBEAT", "PT5S");
        environment.put("HOME", "/home/me");
        assertEquals(
                Map.of("NIGHTSHIFT_HEARTBEAT", "PT5S"),
                LauncherConfig.from(environment, BASE).passedOn());
    }

    @Test
    void noSecretIsPrintedWithTheConfiguration() {
        String text = LauncherConfig.from(EXTERNAL, BASE).toString();
        assertFalse(text.contains("app-secret"));
        assertFalse(text.contains("owner-secret"));
        assertFalse(text.contains("MDEy"));
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:postgresql://localhost/nightshift, localhost, 5432, nightshift",
        "jdbc:postgresql://10.0.0.7:6432/n, 10.0.0.7, 6432, n",
        "jdbc:postgresql://[::1]:5433/n, [::1], 5433, n",
    })
    void aRepositoryUrlIsTakenApart(String url, String host, int port, String database) {
        assertEquals(Optional.of(new JdbcAddress(host, port, database)), JdbcAddress.parse(url));
        assertEquals(
                Optional.of(new JdbcAddress(host, port, database)),
                JdbcAddress.parse(new JdbcAddress(host, port, database).url()));
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:mysql://localhost/n",
        "jdbc:postgresql:n",
        "jdbc:postgresql://localhost:99999/n",
        "jdbc:postgresql://user:pw@localhost/n",
        "jdbc:postgresql://localhost/n?user=x",
    })
    void anyOtherUrlIsNone(String url) {
        assertEquals(Optional.empty(), JdbcAddress.parse(url));
    }
}
