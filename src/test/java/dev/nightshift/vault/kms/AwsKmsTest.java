package dev.nightshift.vault.kms;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.AwsKmsStandIn;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The SDK as the server has it, with credentials from a file. */
class AwsKmsTest {
    private static final byte[] PLACE = "nightshift:project-key:v1:p:backups".getBytes(StandardCharsets.UTF_8);
    private static final byte[] KEYSET = "k".repeat(20_000).getBytes(StandardCharsets.UTF_8);
    private static final String ENDPOINT = "aws.endpointUrlKms";
    private static final String FILE = "aws.sharedCredentialsFile";
    private static final String NO_MACHINE = "aws.disableEc2Metadata";

    private final AwsKmsStandIn aws = AwsKmsStandIn.start();
    private final String arn = aws.key("one");
    private final Path file;

    AwsKmsTest(@TempDir Path folder) {
        file = folder.resolve("credentials");
    }

    @BeforeEach
    void settings() throws IOException {
        System.setProperty(ENDPOINT, aws.endpoint());
        System.setProperty(FILE, file.toString());
        System.setProperty(NO_MACHINE, "true");
        write(aws.login());
    }

    @AfterEach
    void stop() {
        System.clearProperty(ENDPOINT);
        System.clearProperty(FILE);
        System.clearProperty(NO_MACHINE);
        aws.close();
    }

    private void write(AwsKmsStandIn.Login login) throws IOException {
        Files.writeString(
                file,
                "[default]\naws_access_key_id = " + login.id() + "\naws_secret_access_key = " + login.secret() + "\n"
                        + (login.session().isEmpty() ? "" : "aws_session_token = " + login.session() + "\n"));
    }

    @Test
    void whatItWrapsOpensInItsPlaceOnlyWhichStandsInTheServicesLog() throws Exception {
        Kms kms = kms(arn);
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
        assertEquals(
                "Decrypt {nightshift=\"nightshift:project-key:v1:p:backups\"}",
                aws.asked().get(1));
        assertThrows(
                GeneralSecurityException.class,
                () -> kms.decrypt(wrapped, "elsewhere".getBytes(StandardCharsets.UTF_8)));
        Kms other = kms(aws.key("two"));
        assertThrows(GeneralSecurityException.class, () -> other.decrypt(wrapped, PLACE));
        wrapped[10] ^= 1;
        assertThrows(GeneralSecurityException.class, () -> kms.decrypt(wrapped, PLACE));
    }

    @Test
    void credentialsThatExpireAreReadAgain() throws Exception {
        Kms kms = kms(arn);
        byte[] wrapped = kms.encrypt(KEYSET, PLACE);
        aws.login(new AwsKmsStandIn.Login("ASIARENEWED", "another-secret", "session-token-1"));
        Failure expired = assertThrows(Failure.Retryable.class, () -> kms.decrypt(wrapped, PLACE));
        assertTrue(expired.getMessage().contains("expired"), expired.getMessage());
        write(aws.login());
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
        aws.login(new AwsKmsStandIn.Login("ASIARENEWED2", "a-third-secret", "session-token-2"));
        write(aws.login());
        assertArrayEquals(KEYSET, kms.decrypt(wrapped, PLACE));
    }

    @Test
    void aWrongSecretIsRefusedAndNothingOfItIsSaid() throws Exception {
        write(new AwsKmsStandIn.Login(aws.login().id(), "wrong", ""));
        Failure refused = assertThrows(Failure.Retryable.class, () -> kms(arn).encrypt(KEYSET, PLACE));
        StringWriter all = new StringWriter();
        refused.printStackTrace(new PrintWriter(all));
        assertTrue(all.toString().contains("InvalidSignatureException"), all.toString());
        assertFalse(all.toString().contains(aws.login().secret()), all.toString());
    }

    @Test
    void withoutCredentialsItSaysWhereTheyAreLookedFor() throws Exception {
        Files.delete(file);
        Failure missing = assertThrows(Failure.Retryable.class, () -> kms(arn).encrypt(KEYSET, PLACE));
        assertTrue(missing.getMessage().contains("no credentials"), missing.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "DisabledException, Enable it",
        "KMSInvalidStateException, Cancel its deletion",
        "AccessDeniedException, kms:Decrypt",
        "NotFoundException, Correct the variable",
        "InvalidKeyUsageException, symmetric",
    })
    void whatAPersonHasToMendIsFatalAndSaysHow(String type, String remedy) {
        aws.fail(9, type);
        Failure refused = assertThrows(Failure.Fatal.class, () -> kms(arn).encrypt(KEYSET, PLACE));
        assertTrue(String.valueOf(refused.remedy()).contains(remedy), refused.remedy());
        assertEquals(1, aws.asked().size());
    }

    @ParameterizedTest
    @CsvSource({"ThrottlingException", "KMSInternal", "DependencyTimeout"})
    void whatPassesIsAskedAgain(String type) throws Exception {
        aws.fail(2, type);
        kms(arn).encrypt(KEYSET, PLACE);
        assertEquals(3, aws.asked().size());
        aws.fail(99, type);
        assertThrows(Failure.Retryable.class, () -> kms(arn).encrypt(KEYSET, PLACE));
        assertEquals(6, aws.asked().size());
    }

    @Test
    void aServiceThatIsAwayIsSaidToBe() {
        aws.close();
        Failure away = assertThrows(Failure.Retryable.class, () -> kms(arn).encrypt(KEYSET, PLACE));
        assertTrue(away.getMessage().contains("cannot be reached"), away.getMessage());
    }

    private static Kms kms(String arn) {
        return Kms.at(KmsConfig.of(
                        KmsConfig.IN_USE,
                        name -> name.equals("nightshift.master.key.uri")
                                ? Optional.of("aws-kms://" + arn)
                                : Optional.empty())
                .orElseThrow());
    }
}
