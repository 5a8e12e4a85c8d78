package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteAddressTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

    private static RemoteAddress s3(@Nullable String endpoint, @Nullable String region) {
        return new RemoteAddress(
                RemoteAddress.Provider.S3, "acme-backups", endpoint, region, "nightshift/prod", "AKIA1");
    }

    @Test
    void noStoreIsOpenedByALoginThatNobodyNamed() {
        Map<String, String> s3 = s3(null, "eu-central-1").settings("a secret", NOW);
        assertEquals("true", s3.get("disable_config_load"));
        assertEquals("true", s3.get("disable_ec2_metadata"));
        assertNull(s3.get("endpoint"));
        assertEquals("/nightshift/prod", s3.get("root"));
        Map<String, String> google = new RemoteAddress(RemoteAddress.Provider.GCS, "acme-backups", null, null, "", "")
                .settings("{\"type\":\"service_account\"}", NOW);
        assertEquals("true", google.get("disable_vm_metadata"));
        assertEquals("eyJ0eXBlIjoic2VydmljZV9hY2NvdW50In0=", google.get("credential"));
        assertNull(google.get("allow_anonymous"));
    }

    @Test
    void whatIsLeftOutIsTheProvidersOwn() {
        Map<String, String> azure = new RemoteAddress(RemoteAddress.Provider.AZBLOB, "backups", null, null, "", "acme")
                .settings("a2V5", NOW);
        assertEquals("https://acme.blob.core.windows.net", azure.get("endpoint"));
        assertEquals(
                "us-east-1",
                s3("https://minio.example.org:9000", null).settings("x", NOW).get("region"));
        assertEquals(
                "minio.example.org", s3("https://minio.example.org:9000", null).host());
    }

    @Test
    void whatIsTemporaryOpensToo() {
        Map<String, String> s3 = s3(null, "eu-central-1").settings("""
                        {"Version": 1, "AccessKeyId": "ASIA2", "SecretAccessKey": "key", "SessionToken": "token",
                         "Expiration": "2026-11-29T12:00:01Z"}""", NOW);
        assertEquals("ASIA2", s3.get("access_key_id"));
        assertEquals("key", s3.get("secret_access_key"));
        assertEquals("token", s3.get("session_token"));
        var azure = new RemoteAddress(RemoteAddress.Provider.AZBLOB, "backups", null, null, "", "acme");
        assertEquals("sv=1&sig=x%3D", azure.settings("?sv=1&sig=x%3D", NOW).get("sas_token"));
        assertNull(azure.settings("?sv=1&sig=x%3D", NOW).get("account_key"));
        var google = new RemoteAddress(RemoteAddress.Provider.GCS, "acme-backups", null, null, "", "");
        assertEquals("ya29.x", google.settings("ya29.x", NOW).get("token"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'AccessKeyId':'ASIA2','SecretAccessKey':'hush','Expiration':'2026-11-29T12:00:00Z'}|expired",
                "{'AccessKeyId':'ASIA2','SecretAccessKey':'hush','Expiration':'soon'}|Expiration",
                "{'AccessKeyId':'ASIA2','SecretAccessKey':'hush',|JSON",
                "{'AccessKeyId':'ASIA2','SecretKey':'hush'}|SecretAccessKey",
                "{'AccessKeyId':7,'SecretAccessKey':'hush'}|AccessKeyId",
                "hush|id"
            },
            quoteCharacter = '`')
    void aSecretThatOpensNothingIsRefusedWithoutBeingShown(String secret, String about) {
        var address = new RemoteAddress(RemoteAddress.Provider.S3, "acme-backups", null, "eu-1", "", "");
        Failure said = assertThrows(Failure.Skippable.class, () -> address.settings(secret.replace('\'', '"'), NOW));
        assertTrue(said.getMessage().contains(about), said.getMessage());
        assertFalse(said.getMessage().contains("hush"), said.getMessage());
        assertNull(said.getCause());
    }

    /** OpenDAL exchanges the first two only where the whole process has them in its environment, and knows no third. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "S3|eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodXNoIn0.c2ln|identity token|export-credentials",
                "AZBLOB|eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodXNoIn0.c2ln|identity token|generate-sas",
                "GCS|eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodXNoIn0.c2ln|identity token|create-cred-config",
                "GCS|{'type':'authorized_user','refresh_token':'hush'}|type|external_account",
                "GCS|{'type':'external_account','token_url':'https://sts.example.org'}|credential_source|file",
                "GCS|{'type':'external_account','token_url':'https://a.org','credential_source':{'url':'http://hush'}}|file|addresses",
                "GCS|{'type':'external_account','token_url':'http://hush.org','credential_source':{'file':'/t'}}|token_url|https",
                "GCS|{'type':'external_account','credential_source':{'file':'/t'}}|token_url|https",
                "GCS|{'type':'external_account','token_url':'https://a.org','service_account_impersonation_url':'http://hush.org',"
                        + "'credential_source':{'file':'/t'}}|impersonation|https"
            },
            quoteCharacter = '`')
    void anIdentityThatOpensNothingHereIsRefusedWithWhatWould(
            RemoteAddress.Provider provider, String secret, String about, String remedy) {
        String account = provider == RemoteAddress.Provider.GCS ? "" : "acme";
        String region = provider == RemoteAddress.Provider.S3 ? "eu-1" : null;
        var address = new RemoteAddress(provider, "acme-backups", null, region, "", account);
        Failure said = assertThrows(Failure.Skippable.class, () -> address.settings(secret.replace('\'', '"'), NOW));
        assertTrue(said.getMessage().contains(about), said.getMessage());
        assertTrue(String.valueOf(said.remedy()).contains(remedy), said.remedy());
        assertFalse((said.getMessage() + said.remedy()).contains("hush"), said.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://minio.example.org",
                "http://10.0.0.1:9000",
                "http://127.0.0.1.example.org",
                "ftp://127.0.0.1",
                "https://key:secret@example.org",
                "https://example.org/?X-Amz-Signature=1",
                "https://example.org/#x",
                "example.org",
                "https://",
                "not an address"
            })
    void anEndpointIsHttpsExceptOnThisMachineAndHoldsNoLogin(String endpoint) {
        Failure.Invalid said = assertThrows(Failure.Invalid.class, () -> s3(endpoint, null));
        assertEquals("endpoint", said.field());
        assertFalse(said.getMessage().contains("secret"), said.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000", "https://example.org"})
    void theseEndpointsAreRight(String endpoint) {
        assertEquals(endpoint, s3(endpoint, null).endpoint());
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "S3, Bucket, eu-1, '', me, bucket",
                "S3, bucket, -, '', me, region",
                "S3, bucket, eu-1, /a, me, prefix",
                "S3, bucket, eu-1, a/, me, prefix",
                "S3, bucket, eu-1, a/../b, me, prefix",
                "S3, bucket, eu-1, '', 'a b', account",
                "AZBLOB, bucket, eu-1, '', me, region",
                "AZBLOB, bucket, -, '', '', account",
                "GCS, bucket, -, '', me, account",
                "GCS, bucket, eu-1, '', '', region"
            })
    void whatCannotBeIsRefusedByItsField(
            RemoteAddress.Provider provider,
            String bucket,
            @Nullable String region,
            String prefix,
            String account,
            String field) {
        Failure.Invalid said = assertThrows(
                Failure.Invalid.class, () -> new RemoteAddress(provider, bucket, null, region, prefix, account));
        assertEquals(field, Objects.requireNonNull(said.field()));
    }

    @Test
    void whatIsSaidOfAFailureHoldsNoAddress() {
        assertEquals("PreconditionFailed, It did not hold", RemoteCalls.words("""
                        ConditionNotMatch (permanent) at write => S3Error { code: "PreconditionFailed", message: "It did not\
                         hold.", resource: "", request_id: "1" }

                        Context:
                           uri: http://127.0.0.1:9701/bucket/a?sig=secret
                        """));
        assertEquals(
                "error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)",
                RemoteCalls.words("""
                        Unexpected (temporary) at write => send http request

                        Context:
                           url: http://127.0.0.1:1/bucket/x?sig=secret

                        Source:
                           error sending request for url (http://127.0.0.1:1/bucket/x?sig=secret): client error (Connect): tcp\
                         connect error: Connection refused (os error 111)

                        Backtrace:
                           0: <unknown>
                        """));
        assertEquals("region is missing", RemoteCalls.words("""
                        ConfigInvalid (permanent) at Builder::build => region is missing.

                        Context:
                           service: s3
                        """));
    }
}
