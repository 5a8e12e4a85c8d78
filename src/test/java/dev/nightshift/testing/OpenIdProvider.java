package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A real OpenID provider, the certified one of npm's package {@code oidc-provider}, over HTTPS. Its address is 127.0.0.1:
 * to a browser another site than localhost, where Nightshift is.
 */
public final class OpenIdProvider implements AutoCloseable {
    public static final String CLIENT = "nightshift";
    public static final String SECRET = "a client's secret with & and %";

    private final Path folder;
    private final int port;
    private final Certificates certificates;
    private final Process process;
    private final Map<String, JsonObject> accounts = new TreeMap<>();

    private OpenIdProvider(Path folder, int port, Certificates certificates, Process process) {
        this.folder = folder;
        this.port = port;
        this.certificates = certificates;
        this.process = process;
    }

    /** Installs it if need be, and starts it in a folder of its own; nobody has an account yet. */
    public static OpenIdProvider start(Path folder, URI redirect) throws IOException, GeneralSecurityException {
        Path installed = NodePackage.install("provider");
        Certificates certificates = Certificates.create(folder, "127.0.0.1");
        int port = RestoredServer.freePort();
        Path output = folder.resolve("provider.log");
        ProcessBuilder builder = new ProcessBuilder(
                        "node",
                        installed.resolve("provider.mjs").toString(),
                        Integer.toString(port),
                        folder.toString(),
                        redirect.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("CLIENT_SECRET", SECRET);
        Process process = builder.start();
        OpenIdProvider provider = new OpenIdProvider(folder, port, certificates, process);
        provider.write();
        Processes.awaitWord("the OpenID provider", process, output, "listening");
        return provider;
    }

    public URI issuer() {
        return URI.create("https://127.0.0.1:" + port);
    }

    /** PEM of who signed its certificate. */
    public Path rootCertificate() {
        return certificates.root();
    }

    /** Makes an account or changes it: its claims as most providers tell them. */
    public void account(String subject, String name, String... groups) throws IOException {
        accounts.put(
                subject,
                Json.createObjectBuilder()
                        .add("preferred_username", name)
                        .add("name", "Somebody called " + name)
                        .add("groups", Json.createArrayBuilder(List.of(groups)))
                        .build());
        write();
    }

    private void write() throws IOException {
        JsonObjectBuilder all = Json.createObjectBuilder();
        accounts.forEach(all::add);
        Path written =
                Files.writeString(folder.resolve("accounts.new"), all.build().toString());
        Files.move(written, folder.resolve("accounts.json"), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() {
        Processes.end(process);
    }
}
