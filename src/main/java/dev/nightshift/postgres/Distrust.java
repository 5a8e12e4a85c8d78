package dev.nightshift.postgres;

import java.io.EOFException;
import java.net.SocketException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXReason;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.GT;
import org.postgresql.util.PSQLException;

/**
 * Why one side does not trust the other's certificate: a matter of settings, which no second attempt changes. Told by
 * exception types; none of their words are looked at but those that are in no language.
 *
 * @param words what is wrong, as a clause; null where only the exception knows
 * @param remedy what a person can do
 */
record Distrust(@Nullable String words, String remedy) {
    private static final String USUAL_REMEDY =
            "Give the root certificate that signed the server's and the host as its certificate names it, or another TLS"
                    + " mode.";

    /** Null if the exception stands for something else. */
    static @Nullable Distrust of(Throwable thrown) {
        UnusableFile file = SqlFailure.caused(thrown, UnusableFile.class);
        if (file != null) {
            return new Distrust(file.getMessage(), file.remedy());
        }
        if (otherHost(thrown)) {
            return new Distrust(
                    "the server's certificate does not name the host that is given here",
                    "Give the host as its certificate names it, or have a certificate made that names this host; verify-ca"
                            + " does not look at the name.");
        }
        Distrust dated = dated(thrown);
        if (dated != null) {
            return dated;
        }
        if (unknownAuthority(thrown)) {
            return new Distrust(
                    "the server's certificate comes from an authority that is not known here",
                    "Give the certificate of the authority that signed the server's as the root certificate.");
        }
        if (alerted(thrown)) {
            return new Distrust(
                    "the server does not accept the client certificate, or the way of encryption",
                    "Look into the server's log. Its ssl_ca_file must hold the authority of the client certificate, which"
                            + " must not have expired.");
        }
        boolean refused = (SqlFailure.caused(thrown, SSLHandshakeException.class) != null && !cutOff(thrown))
                || SqlFailure.caused(thrown, SSLPeerUnverifiedException.class) != null
                || SqlFailure.caused(thrown, GeneralSecurityException.class) != null;
        return refused ? new Distrust(null, USUAL_REMEDY) : null;
    }

    private static @Nullable Distrust dated(Throwable thrown) {
        if (SqlFailure.caused(thrown, CertificateExpiredException.class) != null) {
            return new Distrust(
                    "the server's certificate, or that of its authority, has expired",
                    "Have the server use a new certificate (ssl_cert_file; SELECT pg_reload_conf();).");
        }
        if (SqlFailure.caused(thrown, CertificateNotYetValidException.class) != null) {
            return new Distrust(
                    "the server's certificate, or that of its authority, is not valid yet",
                    "Look at the clocks of both machines, and at the certificate's dates.");
        }
        return null;
    }

    private static boolean unknownAuthority(Throwable thrown) {
        CertPathValidatorException path = SqlFailure.caused(thrown, CertPathValidatorException.class);
        return SqlFailure.caused(thrown, CertPathBuilderException.class) != null
                || (path != null && path.getReason() == PKIXReason.NO_TRUST_ANCHOR);
    }

    /** TLS's own word for it, which the JDK does not translate; in TLS 1.3 it comes after the handshake. */
    private static boolean alerted(Throwable thrown) {
        SSLException tls = SqlFailure.caused(thrown, SSLException.class);
        return tls != null && String.valueOf(tls.getMessage()).contains("Received fatal alert");
    }

    /**
     * The other side went away without a word, as no server does that refuses. Where that happens while the driver reads
     * how to log in, it drops the cause and keeps only these words.
     */
    static boolean cutOff(Throwable thrown) {
        return SqlFailure.caused(thrown, EOFException.class) != null
                || SqlFailure.caused(thrown, SocketException.class) != null
                || GT.tr("Invalid SCRAM client initialization").equals(driversWords(thrown));
    }

    /** A host that the certificate does not name: in any language the driver says just this, without a cause. */
    private static boolean otherHost(Throwable thrown) {
        return driversWords(thrown).contains("PgjdbcHostnameVerifier");
    }

    private static String driversWords(Throwable thrown) {
        PSQLException driver = SqlFailure.caused(thrown, PSQLException.class);
        return driver == null ? "" : String.valueOf(driver.getMessage());
    }
}
