package dev.nightshift.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/**
 * A certification authority of a test's own and the certificate of one server, as PostgreSQL and Node want them.
 *
 * @param root of the authority, PEM
 * @param certificate of the server, PEM
 * @param key of the server, PEM, for its user alone
 */
public record Certificates(Path root, Path certificate, Path key) {
    private static final String PASSWORD = "changeit";
    private static final String STORE = "keys.p12";
    private static final List<String> RSA = List.of("-keyalg", "RSA", "-keysize", "2048");
    private static final List<String> CURVE = List.of("-keyalg", "EC", "-groupname", "secp256r1");
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    /** One certificate of the authority's with its key, PEM; the key in PKCS #8. */
    public record Issued(Path certificate, Path key) {}

    /** Makes them in the folder with the JDK's keytool; the server's certificate names this host, or this address, and no other. */
    public static Certificates create(Path folder, String host) throws IOException, GeneralSecurityException {
        Path store = folder.resolve(STORE);
        generate(store, "ca", RSA, List.of("-dname", "CN=Test authority", "-ext", "bc:c=ca:true"));
        Issued server = issue(folder, "server", RSA, server(host));
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        Path root = pem(
                folder.resolve("root.crt"),
                "CERTIFICATE",
                keys.getCertificate("ca").getEncoded());
        return new Certificates(root, server.certificate(), server.key());
    }

    /** For a server of another name. */
    public Issued server(String name, String host) throws IOException, GeneralSecurityException {
        return issue(folder(), name, RSA, server(host));
    }

    /** For a server; its time was over days ago. */
    public Issued expired(String name, String host) throws IOException, GeneralSecurityException {
        return issue(folder(), name, RSA, past(server(host)));
    }

    /** For a client whose common name is this, with a key on an elliptic curve. */
    public Issued client(String commonName) throws IOException, GeneralSecurityException {
        return issue(folder(), commonName, CURVE, List.of("-dname", "CN=" + commonName));
    }

    /** For a client; its time was over days ago. */
    public Issued expiredClient(String commonName) throws IOException, GeneralSecurityException {
        return issue(folder(), commonName + "-expired", RSA, past(List.of("-dname", "CN=" + commonName)));
    }

    private Path folder() {
        return Objects.requireNonNull(root.getParent(), "the folder they were made in");
    }

    private static List<String> server(String host) {
        String kind = host.matches("[0-9.]+") ? "ip:" : "dns:";
        return List.of("-dname", "CN=" + host, "-ext", "san=" + kind + host);
    }

    private static List<String> past(List<String> options) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of("-startdate", "-10d"));
        return all;
    }

    private static Issued issue(Path folder, String alias, List<String> kind, List<String> more)
            throws IOException, GeneralSecurityException {
        Path store = folder.resolve(STORE);
        List<String> signed = new ArrayList<>(more);
        signed.addAll(List.of("-signer", "ca"));
        generate(store, alias, kind, signed);
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        return new Issued(
                pem(
                        folder.resolve(alias + ".crt"),
                        "CERTIFICATE",
                        keys.getCertificate(alias).getEncoded()),
                pem(
                        folder.resolve(alias + ".key"),
                        "PRIVATE KEY",
                        keys.getKey(alias, PASSWORD.toCharArray()).getEncoded()));
    }

    private static void generate(Path store, String alias, List<String> kind, List<String> more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                alias,
                "-validity",
                "2"));
        command.addAll(kind);
        command.addAll(more);
        Processes.run(Duration.ofMinutes(1), command).succeeded();
    }

    private static Path pem(Path file, String kind, byte[] content) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(
                file,
                "-----BEGIN " + kind + "-----\n" + LINES.encodeToString(content) + "\n-----END " + kind + "-----\n",
                StandardCharsets.US_ASCII);
    }
}
