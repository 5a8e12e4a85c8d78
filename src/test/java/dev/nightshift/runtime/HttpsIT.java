package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.runtime.tls.ServedCertificate;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.harness.ClientHello;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The product served with a certificate of a test's own: its renewal, its versions of TLS, and what plain HTTP is for. */
class HttpsIT {
    private final Path folder;
    private final Path certificate;
    private final Path key;

    HttpsIT(@TempDir Path folder) {
        this.folder = folder;
        this.certificate = folder.resolve("tls.crt");
        this.key = folder.resolve("tls.key");
    }

    private void give(String host) throws Exception {
        Certificates made = Certificates.create(Files.createDirectory(folder.resolve(host)), host);
        Files.copy(made.key(), key, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(certificate, Files.readString(made.certificate()) + Files.readString(made.root()));
    }

    private static String served(Nightshift nightshift) {
        try {
            return ServedCertificate.at("localhost", nightshift.https().getPort())
                    .getSubjectX500Principal()
                    .getName();
        } catch (IOException e) {
            throw new AssertionError("HTTPS does not answer.", e);
        }
    }

    @Test
    void aGivenCertificateIsServedAndRenewedAndPlainHttpIsSentToItOrClosed() throws Exception {
        give("first.example");
        Nightshift nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_HTTP",
                "redirect",
                "NIGHTSHIFT_TLS_CERTIFICATE",
                certificate.toString(),
                "NIGHTSHIFT_TLS_KEY",
                key.toString()));
        try {
            nightshift.start();
            assertEquals("CN=first.example", served(nightshift));
            plainHttpIsSentToHttps(nightshift);
            oldVersionsOfTlsAreRefused(nightshift.https().getPort());
            http2IsNotSpoken(nightshift.https().getPort());
            theEndIsMeasuredAndWarnedOf(nightshift);

            give("second.example");
            Eventually.isTrue(
                    "the new certificate without a restart",
                    Duration.ofSeconds(90),
                    () -> served(nightshift).equals("CN=second.example"));
            assertTrue(nightshift.output().contains("Took the new certificate"), nightshift::output);

            nightshift.stop();
            assertFalse(Files.exists(nightshift.data().resolve("run/certificate.p12")), "it goes with the server");
            nightshift.set("NIGHTSHIFT_HTTP", "off");
            nightshift.start();
            assertEquals("CN=second.example", served(nightshift));
            assertThrows(
                    IOException.class,
                    () -> new Socket(
                                    InetAddress.getLoopbackAddress(),
                                    nightshift.http().getPort())
                            .close());
            Api.at(nightshift.https()).get("health/ready").expect(200);
        } finally {
            nightshift.remove();
        }
    }

    private static void plainHttpIsSentToHttps(Nightshift nightshift) {
        Api plain = Api.at(nightshift.http());
        for (Api caller : new Api[] {plain, plain.withKey(Nightshift.BOOTSTRAP_KEY)}) {
            Api.Answer answer = caller.get("api/me?x=1").expect(308);
            assertEquals(nightshift.https().resolve("api/me?x=1").toString(), answer.header("Location"));
        }
        plain.get("").expect(308);
        plain.post("api/login").expect(308);
        plain.get("health/ready").expect(200);
    }

    private static void oldVersionsOfTlsAreRefused(int port) throws IOException {
        assertFalse(ClientHello.accepted(port, ClientHello.TLS_1_0));
        assertFalse(ClientHello.accepted(port, ClientHello.TLS_1_1));
        assertTrue(ClientHello.accepted(port, ClientHello.TLS_1_2), "the same words in a version that is spoken");
        for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
            try (SSLSocket socket = (SSLSocket) ServedCertificate.believingAny()
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), port)) {
                socket.setEnabledProtocols(new String[] {version});
                socket.startHandshake();
                assertEquals(version, socket.getSession().getProtocol());
            }
        }
    }

    /** The server's own threads wait for one another under it: see server.xml. */
    private static void http2IsNotSpoken(int port) throws IOException {
        try (SSLSocket socket = (SSLSocket) ServedCertificate.believingAny()
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port)) {
            SSLParameters offered = socket.getSSLParameters();
            offered.setApplicationProtocols(new String[] {"h2", "http/1.1"});
            socket.setSSLParameters(offered);
            socket.startHandshake();
            assertNotEquals("h2", socket.getApplicationProtocol());
        }
    }

    /** The test's certificates live for two days. */
    private static void theEndIsMeasuredAndWarnedOf(Nightshift nightshift) throws IOException {
        String figure = Eventually.get(
                "the certificate's end in the metrics",
                Duration.ofSeconds(60),
                () -> nightshift
                        .scraper()
                        .get("metrics")
                        .expect(200)
                        .body()
                        .lines()
                        .filter(line -> line.startsWith("nightshift_certificate_expiry_seconds"))
                        .findFirst());
        double seconds = Double.parseDouble(figure.substring(figure.lastIndexOf(' ') + 1));
        assertTrue(seconds > 24 * 3600 && seconds <= 48 * 3600, figure);
        String log = Files.readString(nightshift.data().resolve("logs/messages.log"));
        assertTrue(log.contains("The certificate that HTTPS is served with ends in 1 days"), "warned");
    }
}
