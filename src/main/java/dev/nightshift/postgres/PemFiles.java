package dev.nightshift.postgres;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys as PostgreSQL's own tools take them. */
final class PemFiles {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]+)-----END ([A-Z ]*PRIVATE KEY)-----");
    private static final String READABLE = "Put a PEM file there, and let Nightshift's user read it.";
    private static final String PKCS8 =
            "Convert it: openssl pkcs8 -topk8 -nocrypt -in <the key> -out <the file that is named here>.";

    private PemFiles() {}

    /**
     * The certificates in the file, in its order.
     *
     * @param what the file is, as the beginning of a sentence: {@code "the root certificate"}
     */
    static List<X509Certificate> certificates(String what, Path file) throws GeneralSecurityException {
        try {
            List<X509Certificate> found =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(read(what, file)))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (found.isEmpty()) {
                throw new UnusableFile(what, file, "holds no certificate", READABLE);
            }
            return found;
        } catch (CertificateException e) {
            throw new UnusableFile(what, file, "is not a PEM file of certificates", READABLE);
        }
    }

    /** A private key in PKCS #8 without a passphrase; the only form for which the JDK needs no other library. */
    static PrivateKey key(String what, Path file) throws GeneralSecurityException {
        Matcher pem = KEY.matcher(new String(read(what, file), StandardCharsets.ISO_8859_1));
        if (!pem.find()) {
            throw new UnusableFile(what, file, "is not a PEM file of a private key", PKCS8);
        }
        if (pem.group(1).startsWith("ENCRYPTED")) {
            throw new UnusableFile(what, file, "is encrypted with a passphrase, which Nightshift does not have", PKCS8);
        }
        if (!pem.group(1).equals("PRIVATE KEY")) {
            throw new UnusableFile(what, file, "is a key in the form " + pem.group(1) + ", not in PKCS #8", PKCS8);
        }
        PKCS8EncodedKeySpec encoded;
        try {
            encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(2)));
        } catch (IllegalArgumentException e) {
            throw new UnusableFile(what, file, "is not a PEM file of a private key", PKCS8);
        }
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException anotherAlgorithms) {
                // the next may be its own
            }
        }
        throw new UnusableFile(what, file, "is a key of no kind that is known here (RSA, EC, Ed25519)", PKCS8);
    }

    private static byte[] read(String what, Path file) throws UnusableFile {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UnusableFile(what, file, "cannot be read", READABLE);
        }
    }
}
