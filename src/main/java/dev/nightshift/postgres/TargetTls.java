package dev.nightshift.postgres;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Properties;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyStoreBuilderParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.postgresql.ssl.NonValidatingFactory;
import org.postgresql.ssl.WrappedFactory;

/**
 * The driver's {@code sslfactory} for every connection to a target: libpq's modes, with files in PEM. The driver's own
 * factories tell a key's form by the end of its file's name, look for files in the home folder by themselves, and show no
 * client certificate where the JDK's trust store is used. Whether the certificate names the host, the driver looks
 * afterwards. Public because the driver makes it by name.
 */
public final class TargetTls extends WrappedFactory {
    private final @Nullable String captured;

    /**
     * Made by the driver, from {@code sslmode}, {@code sslrootcert}, {@code sslcert} and {@code sslkey}.
     *
     * @throws GeneralSecurityException if a file cannot be used
     */
    public TargetTls(Properties properties) throws GeneralSecurityException, IOException {
        this.captured = CapturedSocket.key(properties);
        TlsMode mode = TlsMode.of(properties.getProperty("sslmode"));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                shown(file(properties, "sslcert"), file(properties, "sslkey")),
                mode.verifies() ? trusted(file(properties, "sslrootcert")) : anybody(),
                null);
        this.factory = context.getSocketFactory();
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        return CapturedSocket.leave(captured, super.createSocket(socket, host, port, autoClose));
    }

    private static @Nullable Path file(Properties properties, String name) {
        String path = properties.getProperty(name);
        return path == null ? null : Path.of(path);
    }

    private static TrustManager[] anybody() {
        return new TrustManager[] {new NonValidatingFactory.NonValidatingTM()};
    }

    /** The authorities in the file, or those of the JDK. */
    private static TrustManager[] trusted(@Nullable Path root) throws GeneralSecurityException, IOException {
        KeyStore authorities = null;
        if (root != null) {
            authorities = empty();
            int count = 0;
            for (X509Certificate authority : PemFiles.certificates("the root certificate", root)) {
                authorities.setCertificateEntry("root" + count++, authority);
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
        managers.init(authorities);
        return managers.getTrustManagers();
    }

    private static KeyManager @Nullable [] shown(@Nullable Path certificate, @Nullable Path key)
            throws GeneralSecurityException, IOException {
        if (certificate == null || key == null) {
            return null;
        }
        char[] unused = {};
        List<X509Certificate> chain = PemFiles.certificates("the client certificate", certificate);
        KeyStore own = empty();
        own.setKeyEntry("client", PemFiles.key("the client key", key), unused, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory managers = KeyManagerFactory.getInstance("NewSunX509");
        managers.init(new KeyStoreBuilderParameters(
                KeyStore.Builder.newInstance(own, new KeyStore.PasswordProtection(unused))));
        return managers.getKeyManagers();
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
