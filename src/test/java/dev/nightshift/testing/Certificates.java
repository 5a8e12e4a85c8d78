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

/**
 * A certification authority of a test's own and the certificate of one server, as PostgreSQL and Node want them.
 *
 * @param root of the authority, PEM
 * @param certificate of the server, PEM
 * @param key of the server, PEM, for its user alone
 */
public record Certificates(Path root, Path certificate, Path key) {
    private static final String PASSWORD = "changeit";
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    /** Makes them in the folder with the JDK's keytool; the server's certificate names this host, or this address, and no other. */
    public static Certificates create(Path folder, String host) throws IOException, GeneralSecurityException {
        Path store = folder.resolve("keys.p12");
        generate(store, "ca", List.of("-dname", "CN=Test authority", "-ext", "bc:c=ca:true"));
        String kind = host.matches("[0-9.]+") ? "ip:" : "dns:";
        generate(store, "server", List.of("-dname", "CN=" + host, "-ext", "san=" + kind + host, "-signer", "ca"));
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        byte[] key = keys.getKey("server", PASSWORD.toCharArray()).getEncoded();
        return new Certificates(
                pem(
                        folder.resolve("root.crt"),
                        "CERTIFICATE",
                        keys.getCertificate("ca").getEncoded()),
                pem(
                        folder.resolve("server.crt"),
                        "CERTIFICATE",
                        keys.getCertificate("server").getEncoded()),
                pem(folder.resolve("server.key"), "PRIVATE KEY", key));
    }

    private static void generate(Path store, String alias, List<String> more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                alias,
                "-keyalg",
                "RSA",
                "-keysize",
                "2048",
                "-validity",
                "2"));
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
