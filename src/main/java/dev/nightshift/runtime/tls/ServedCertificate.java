package dev.nightshift.runtime.tls;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/** The certificate that a server shows, whatever its files hold. */
public final class ServedCertificate {
    private static final int MILLIS = (int) Duration.ofSeconds(5).toMillis();

    private ServedCertificate() {}

    /** Where this machine reaches what listens on an address, which may be all of them. */
    public static String reachable(String host) {
        return host.equals("*") || host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    }

    /** For looking at our own server on this machine, to which nothing secret is said. */
    public static SSLContext believingAny() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new X509ExtendedTrustManager[] {new Any()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JVM knows no TLS.", e);
        }
    }

    /**
     * The server's own certificate, the first of the chain that it shows.
     *
     * @throws IOException if nothing that speaks TLS answers there
     */
    public static X509Certificate at(String host, int port) throws IOException {
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(reachable(host), port), MILLIS);
            plain.setSoTimeout(MILLIS);
            try (SSLSocket socket =
                    (SSLSocket) believingAny().getSocketFactory().createSocket(plain, host, port, true)) {
                socket.startHandshake();
                return (X509Certificate) socket.getSession().getPeerCertificates()[0];
            }
        }
    }

    /** An extended trust manager answers for the host's name, too. */
    private static final class Any extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
