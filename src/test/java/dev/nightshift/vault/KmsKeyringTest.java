package dev.nightshift.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.testing.AwsKmsStandIn;
import dev.nightshift.testing.TestClock;
import dev.nightshift.testing.TransitStandIn;
import dev.nightshift.vault.kms.Kms;
import dev.nightshift.vault.kms.KmsConfig;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.config.Config;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key in a service that is replaced under its name while a node runs, or does not answer for a night. */
class KmsKeyringTest {
    private final ProjectId project = new ProjectId(UUID.randomUUID());
    private final ProjectKeys keys = ProjectKeys.generate(project);

    @Test
    void nothingIsWrappedByAnotherKeyThatCameUnderTheSameName() {
        try (TransitStandIn engine = TransitStandIn.start().with("nights", false);
                Kms kms = Kms.at(config(engine))) {
            MasterKey key = KmsMasterKey.begin(kms);
            String before = keys.wrap(key);
            engine.rotate("nights");
            keys.wrap(key);
            engine.with("nights", false);
            Failure wrapping = assertThrows(Failure.Fatal.class, () -> keys.wrap(key));
            assertTrue(wrapping.getMessage().contains("NIGHTSHIFT_MASTER_KEY_URI was replaced"), wrapping.getMessage());
            Failure rotating =
                    assertThrows(Failure.Fatal.class, () -> keys.rotated().wrap(key));
            assertTrue(rotating.getMessage().contains("was replaced"), rotating.getMessage());
            Failure opening = assertThrows(Failure.Fatal.class, () -> ProjectKeys.unwrap(project, before, key));
            assertTrue(opening.getMessage().contains("was replaced"), opening.getMessage());
        }
    }

    @Test
    void damagedKeysAreNotTakenForAReplacedMasterKey() {
        try (TransitStandIn engine = TransitStandIn.start().with("nights", false);
                Kms kms = Kms.at(config(engine))) {
            MasterKey key = KmsMasterKey.begin(kms);
            String wrapped = keys.wrap(key);
            ProjectId other = new ProjectId(UUID.randomUUID());
            Failure damaged = assertThrows(Failure.Fatal.class, () -> ProjectKeys.unwrap(other, wrapped, key));
            assertTrue(damaged.getMessage().contains("another project's"), damaged.getMessage());
        }
    }

    /** Each client of the SDK has threads that end only when it is closed. */
    @Test
    void aNightOfRefusalsLeavesNoThreadsBehind(@TempDir Path folder) throws Exception {
        Map<String, String> properties;
        try (AwsKmsStandIn aws = AwsKmsStandIn.start()) {
            properties = Map.of(
                    "aws.endpointUrlKms", aws.endpoint(),
                    "aws.sharedCredentialsFile",
                            credentials(folder, aws.login()).toString(),
                    "aws.disableEc2Metadata", "true");
            properties.forEach(System::setProperty);
            long before = threads();
            TestClock clock = new TestClock();
            Keyring keyring = keyring("aws-kms://" + aws.key("nights"), clock);
            aws.fail(1_000, "DisabledException");
            for (int i = 1; i <= 20; i++) {
                assertThrows(Failure.Fatal.class, keyring::check);
                assertThrows(Failure.Fatal.class, keyring::check, "it rests");
                assertEquals(i, aws.asked().size());
                clock.advance(Duration.ofSeconds(11));
            }
            assertTrue(threads() - before <= 5, threads() + " after " + before);
            keyring.close();
        } finally {
            System.clearProperty("aws.endpointUrlKms");
            System.clearProperty("aws.sharedCredentialsFile");
            System.clearProperty("aws.disableEc2Metadata");
        }
    }

    private static Path credentials(Path folder, AwsKmsStandIn.Login login) throws IOException {
        return Files.writeString(
                folder.resolve("credentials"),
                "[default]\naws_access_key_id = " + login.id() + "\naws_secret_access_key = " + login.secret() + "\n");
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("sdk-ScheduledExecutor"))
                .count();
    }

    private static KmsConfig config(TransitStandIn engine) {
        Map<String, String> all =
                Map.of("nightshift.master.key.uri", engine.uri("nights"), "nightshift.kms.token", TransitStandIn.TOKEN);
        return KmsConfig.of(KmsConfig.IN_USE, name -> Optional.ofNullable(all.get(name)))
                .orElseThrow();
    }

    /** Before its first start, so that each check wraps. */
    private static Keyring keyring(String uri, TestClock clock) throws ReflectiveOperationException {
        Keyring keyring = new Keyring();
        set(keyring, "clock", clock);
        set(keyring, "repository", new KeyringRepository() {
            @Override
            Optional<MasterKeyMark> mark() {
                return Optional.empty();
            }
        });
        set(
                keyring,
                "config",
                Proxy.newProxyInstance(
                        Config.class.getClassLoader(),
                        new Class<?>[] {Config.class},
                        (proxy, method, arguments) -> "nightshift.master.key.uri".equals(arguments[0])
                                ? Optional.of(uri)
                                : Optional.empty()));
        return keyring;
    }

    private static void set(Keyring keyring, String name, Object value) throws ReflectiveOperationException {
        Field field = Keyring.class.getDeclaredField(name);
        field.setAccessible(true);
        field.set(keyring, value);
    }
}
