package dev.nightshift.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Whose certificates are believed: those of a file instead of those that Java brings. There is no way to believe all. */
final class Trust {
    private Trust() {}

    /**
     * The certificates of a PEM file, an authority's or a server's own.
     *
     * @throws Trouble if it holds none
     */
    static SSLContext in(Path file) {
        byte[] pem = SettingsFile.text(file).getBytes(StandardCharsets.ISO_8859_1);
        try {
            Collection<? extends Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem));
            if (certificates.isEmpty()) {
                throw none(file);
            }
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (Certificate certificate : certificates) {
                store.setCertificateEntry("ca-" + number++, certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (CertificateException e) {
            throw none(file);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Trouble none(Path file) {
        return new Trouble(
                ExitCode.WRONG_USAGE,
                "The file " + file + " holds no certificate (\"-----BEGIN CERTIFICATE-----\").",
                null);
    }
}
