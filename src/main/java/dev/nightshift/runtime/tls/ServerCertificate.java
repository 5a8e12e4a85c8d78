package dev.nightshift.runtime.tls;

import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A certificate with its key, good to serve HTTPS with: they fit together, the chain is in order, and it is valid now.
 *
 * @param chain the server's own first
 */
public record ServerCertificate(List<X509Certificate> chain, PrivateKey key) {
    /** RFC 7468. */
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

    private static final Map<String, String> SIGNATURES = Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA");
    private static final String ALIAS = "nightshift";

    @Override
    public String toString() {
        return "ServerCertificate[" + own().getSubjectX500Principal() + ", until " + end() + "]";
    }

    /**
     * Reads and checks both files.
     *
     * @throws Failure.Invalid naming the variable, if they cannot be used
     */
    public static ServerCertificate read(CertificateFiles files, Instant now) {
        return read(files, files.content(), now);
    }

    static ServerCertificate read(CertificateFiles files, CertificateFiles.Content content, Instant now) {
        List<X509Certificate> chain = chain(files, content.certificate());
        PrivateKey key = key(files, content.key());
        ServerCertificate read = new ServerCertificate(chain, key);
        read.refuseOtherKey(files);
        read.refuseDisorder(files);
        X509Certificate own = read.own();
        if (now.isAfter(read.end())) {
            throw certificate(files, "ended on " + read.end() + ": get a new one");
        }
        if (now.isBefore(own.getNotBefore().toInstant())) {
            throw certificate(files, "is valid from " + own.getNotBefore().toInstant() + " on, which is not yet");
        }
        return read;
    }

    private X509Certificate own() {
        return chain.get(0);
    }

    /** When the first certificate of the chain ends. */
    public Instant end() {
        return chain.stream()
                .map(each -> each.getNotAfter().toInstant())
                .min(Instant::compareTo)
                .orElseThrow();
    }

    private static Failure.Invalid certificate(CertificateFiles files, String complaint) {
        return new Failure.Invalid(
                CertificateFiles.CERTIFICATE,
                CertificateFiles.CERTIFICATE + " points to " + files.certificate() + ", which " + complaint + ".");
    }

    private static Failure.Invalid key(CertificateFiles files, String kind, String fault) {
        return new Failure.Invalid(
                CertificateFiles.KEY,
                CertificateFiles.KEY + " points to " + files.key() + ", which " + kind + ": " + fault + ".");
    }

    private static List<X509Certificate> chain(CertificateFiles files, String text) {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                if (block.group(1).equals("CERTIFICATE")) {
                    byte[] der = Base64.getMimeDecoder().decode(block.group(2));
                    chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
                }
            }
        } catch (CertificateException | IllegalArgumentException e) {
            throw certificate(files, "holds a certificate that cannot be read");
        }
        if (chain.isEmpty()) {
            throw certificate(files, "holds no certificate (\"-----BEGIN CERTIFICATE-----\")");
        }
        return List.copyOf(chain);
    }

    private static PrivateKey key(CertificateFiles files, String text) {
        String convert = "convert it with \"openssl pkcs8 -topk8 -nocrypt -in " + files.key() + " -out new.key\"";
        if (text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")) {
            throw key(files, "is encrypted, and there is nobody to ask for its password", convert);
        }
        Matcher block = BLOCK.matcher(text);
        byte[] der = null;
        while (block.find()) {
            switch (block.group(1)) {
                case "RSA PRIVATE KEY" -> throw key(files, "is in the form PKCS-1, not PKCS-8", convert);
                case "EC PRIVATE KEY" -> throw key(files, "is in the form SEC1, not PKCS-8", convert);
                case "PRIVATE KEY" -> der = decoded(files, block.group(2));
                default -> {}
            }
        }
        if (der == null) {
            throw key(files, "holds no private key", "it must have \"-----BEGIN PRIVATE KEY-----\" (PKCS-8)");
        }
        byte[] read = der;
        return Stream.of("RSA", "EC")
                .flatMap(algorithm -> key(algorithm, read).stream())
                .findFirst()
                .orElseThrow(() -> key(files, "holds a key that cannot be read", "it must be an RSA or an EC key"));
    }

    private static Optional<PrivateKey> key(String algorithm, byte[] der) {
        try {
            return Optional.of(KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der)));
        } catch (InvalidKeySpecException e) {
            return Optional.empty(); // of another kind
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JVM knows no " + algorithm + ".", e);
        }
    }

    private static byte[] decoded(CertificateFiles files, String base64) {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw key(files, "holds a key that cannot be read", "it is not Base64");
        }
    }

    private void refuseOtherKey(CertificateFiles files) {
        if (!fits(own().getPublicKey())) {
            boolean later = chain.stream().anyMatch(each -> fits(each.getPublicKey()));
            throw key(
                    files,
                    "is not the key of the first certificate in " + files.certificate(),
                    later
                            ? "the server's own certificate must stand first in it, the authorities' behind it"
                            : "give the key that the certificate was made for");
        }
    }

    private boolean fits(PublicKey certified) {
        String algorithm = SIGNATURES.get(key.getAlgorithm());
        if (algorithm == null || !certified.getAlgorithm().equals(key.getAlgorithm())) {
            return false;
        }
        try {
            byte[] message = "nightshift".getBytes(StandardCharsets.US_ASCII);
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(message);
            Signature verifying = Signature.getInstance(algorithm);
            verifying.initVerify(certified);
            verifying.update(message);
            return verifying.verify(signing.sign());
        } catch (GeneralSecurityException e) {
            return false; // another curve or length
        }
    }

    private void refuseDisorder(CertificateFiles files) {
        for (int i = 1; i < chain.size(); i++) {
            X509Certificate below = chain.get(i - 1);
            if (!below.getIssuerX500Principal().equals(chain.get(i).getSubjectX500Principal())) {
                throw certificate(
                        files,
                        "is not in order: behind the certificate of " + below.getSubjectX500Principal()
                                + " that of its issuer must come");
            }
        }
    }

    /** Makes the key store, for its owner alone; whoever reads it meanwhile reads the old one or the new one. */
    public void write(Path keyStore, String password) {
        Path fresh = keyStore.resolveSibling("." + keyStore.getFileName() + ".new");
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(ALIAS, key, password.toCharArray(), chain.toArray(new Certificate[0]));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            store.store(bytes, password.toCharArray());
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(fresh, bytes.toByteArray());
            Files.move(fresh, keyStore, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (GeneralSecurityException | IOException e) {
            throw new Failure.Fatal("The key store " + keyStore + " cannot be made: " + e.getMessage(), null, e);
        }
    }
}
