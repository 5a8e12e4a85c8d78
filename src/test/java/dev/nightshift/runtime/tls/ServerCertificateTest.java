package dev.nightshift.runtime.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.testing.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The certificates are made once: each takes the JDK's keytool two seconds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerCertificateTest {
    private final Path folder;
    private final Certificates made;
    private final Certificates other;
    private final CertificateFiles files;
    private final Instant now;

    ServerCertificateTest(@TempDir Path folder) throws IOException, GeneralSecurityException {
        this.folder = folder;
        this.made = Certificates.create(Files.createDirectory(folder.resolve("first")), "first.example");
        this.other = Certificates.create(Files.createDirectory(folder.resolve("other")), "other.example");
        this.files = new CertificateFiles(folder.resolve("tls.crt"), folder.resolve("tls.key"));
        this.now = Instant.now().plusSeconds(1); // theirs is a whole second
    }

    @BeforeEach
    void takeTheFirst() throws IOException {
        take(made);
    }

    /** The server's certificate with its authority's, as an ACME client writes them. */
    private void take(Certificates certificates) throws IOException {
        Files.writeString(
                files.certificate(),
                Files.readString(certificates.certificate()) + Files.readString(certificates.root()));
        writeKey(Files.readString(certificates.key()));
    }

    private void writeKey(String text) throws IOException {
        Files.deleteIfExists(files.key());
        Files.createFile(
                files.key(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(files.key(), text);
    }

    private String refusal() {
        return refusal(now);
    }

    private String refusal(Instant at) {
        return String.valueOf(assertThrows(Failure.Invalid.class, () -> ServerCertificate.read(files, at))
                .getMessage());
    }

    @Test
    void aChainWithItsKeyBecomesAKeyStoreForItsOwnerAlone() throws Exception {
        Path keyStore = folder.resolve("keys.p12");
        ServerCertificate.read(files, now).write(keyStore, "a-password");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(keyStore)));
        KeyStore read = KeyStore.getInstance(keyStore.toFile(), "a-password".toCharArray());
        assertEquals(2, read.getCertificateChain("nightshift").length);
        assertTrue(((X509Certificate) read.getCertificate("nightshift"))
                .getSubjectX500Principal()
                .getName()
                .contains("first.example"));
    }

    @Test
    void oneFileWithoutTheOtherIsRefused() {
        Failure.Invalid noKey = assertThrows(
                Failure.Invalid.class, () -> CertificateFiles.of(Optional.of("/x/tls.crt"), Optional.empty()));
        assertEquals(CertificateFiles.KEY, noKey.field());
        Failure.Invalid noCertificate = assertThrows(
                Failure.Invalid.class, () -> CertificateFiles.of(Optional.empty(), Optional.of("/x/tls.key")));
        assertEquals(CertificateFiles.CERTIFICATE, noCertificate.field());
        assertEquals(Optional.empty(), CertificateFiles.of(Optional.empty(), Optional.empty()));
    }

    @Test
    void whatIsNotThereOrHoldsSomethingElseIsRefusedByItsVariable() throws IOException {
        writeKey("no key\n");
        assertTrue(refusal().startsWith("NIGHTSHIFT_TLS_KEY points to "), refusal());
        writeKey("-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----\n");
        assertTrue(refusal().contains("holds no private key"), refusal());
        writeKey("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        assertTrue(refusal().contains("must be an RSA or an EC key"), refusal());
        Files.writeString(files.certificate(), "no certificate\n");
        assertTrue(refusal().startsWith("NIGHTSHIFT_TLS_CERTIFICATE points to "), refusal());
        Files.delete(files.certificate());
        assertTrue(refusal().contains("NIGHTSHIFT_TLS_CERTIFICATE"), refusal());
    }

    @Test
    void aKeyInAnotherFormIsRefusedWithTheCommandThatConvertsIt() throws IOException {
        for (String kind : List.of("RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")) {
            writeKey("-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n");
            assertTrue(refusal().contains("openssl pkcs8 -topk8 -nocrypt -in " + files.key()), refusal());
        }
        writeKey("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");
        assertTrue(refusal().contains("encrypted"), refusal());
    }

    @Test
    void anotherCertificatesKeyIsRefused() throws Exception {
        writeKey(Files.readString(other.key()));
        assertTrue(refusal().contains("is not the key of the first certificate"), refusal());
    }

    @Test
    void aChainInTheWrongOrderIsRefused() throws Exception {
        Files.writeString(files.certificate(), Files.readString(made.root()) + Files.readString(made.certificate()));
        assertTrue(refusal().contains("must stand first"), refusal());
        Files.writeString(
                files.certificate(), Files.readString(made.certificate()) + Files.readString(other.certificate()));
        assertTrue(refusal().contains("is not in order"), refusal());
    }

    @Test
    void aCertificateIsTakenWhileItIsValidAndNotBeforeOrAfter() {
        assertTrue(refusal(now.plus(Duration.ofDays(3))).contains("ended on"));
        assertTrue(refusal(now.minus(Duration.ofDays(3))).contains("which is not yet"));
    }

    @Test
    void aKeyThatEverybodyCanReadIsRefusedAndOneForAGroupIsNot() throws IOException {
        Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r-----"));
        assertFalse(ServerCertificate.read(files, now).chain().isEmpty());
        Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r--r--"));
        assertTrue(refusal().contains("everybody on this machine can read"), refusal());
    }

    @Test
    void noTextOfItNamesTheKey() {
        ServerCertificate read = ServerCertificate.read(files, now);
        assertTrue(read.toString().startsWith("ServerCertificate[CN=first.example"), read.toString());
        assertEquals("Content[]", files.content().toString());
    }

    @Test
    void aReplacedCertificateIsTakenAndOneThatDoesNotFitIsSaidOnce() throws Exception {
        Path keyStore = folder.resolve("keys.p12");
        List<String> said = new ArrayList<>();
        try (var renewal = new CertificateRenewal(files, keyStore, "a-password", () -> now, said::add)) {
            renewal.begin();
            byte[] first = Files.readAllBytes(keyStore);
            renewal.look();
            assertEquals(List.of(), said);

            writeKey(Files.readString(other.key()));
            renewal.look();
            assertEquals(List.of(), said, "the certificate may follow in a moment");
            renewal.look();
            renewal.look();
            assertEquals(1, said.size(), said::toString);
            assertTrue(said.get(0).contains("the old one goes on"), said::toString);
            assertArrayEquals(first, Files.readAllBytes(keyStore));

            take(other);
            renewal.look();
            assertEquals(2, said.size(), said::toString);
            assertTrue(said.get(1).startsWith("Took the new certificate"), said::toString);
            KeyStore read = KeyStore.getInstance(keyStore.toFile(), "a-password".toCharArray());
            assertTrue(((X509Certificate) read.getCertificate("nightshift"))
                    .getSubjectX500Principal()
                    .getName()
                    .contains("other.example"));
        }
    }

    @Test
    void theEndIsWarnedOfFromFourteenDaysBeforeItOn() {
        assertFalse(CertificateWatch.ends(Duration.ofDays(14)));
        assertTrue(CertificateWatch.ends(Duration.ofDays(14).minusSeconds(1)));
        assertTrue(CertificateWatch.ends(Duration.ofDays(-1)));
        assertTrue(CertificateWatch.words(now, Duration.ofDays(9)).contains("ends in 9 days"));
        assertTrue(CertificateWatch.words(now, Duration.ofDays(-1)).contains("ended on"));
    }
}
