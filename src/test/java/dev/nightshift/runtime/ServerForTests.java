package dev.nightshift.runtime;

import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * What a server needs that somebody else starts and deploys to: a folder with the product's own server.xml, less its
 * webApplication element, on free ports, and a running repository of its own that the product's own code has set up.
 */
public final class ServerForTests implements AutoCloseable {
    private static final LibertyServer.Places BUILT =
            new LibertyServer.Places(Path.of("").toAbsolutePath(), Path.of("target"));

    private final String name = "in-container-" + Long.toHexString(System.nanoTime());
    private final Path home = Path.of("target", name).toAbsolutePath();
    private final Secrets secrets = Secrets.in(home.resolve("data/secrets"));
    private final int http = Ports.anyFree();
    private final EmbeddedCluster repository = EmbeddedDatabases.repository(
            Postgres.binaries(18), home.resolve("data/repository"), Ports.anyFree(), secrets, said -> {});
    private final Element webApplication;
    private final Thread atExit = new Thread(this::remove);

    private ServerForTests(Map<String, String> environment) {
        Runtime.getRuntime().addShutdownHook(atExit);
        Migration.run(
                repository.url(EmbeddedDatabases.REPOSITORY),
                EmbeddedDatabases.OWNER,
                secrets.password(Secrets.OWNER_PASSWORD),
                EmbeddedDatabases.APP,
                Path.of("liquibase"));
        try {
            Files.createDirectories(configuration());
            Files.write(configuration().resolve("jvm.options"), List.of("-Xmx512m", "-XX:TieredStopAtLevel=1"));
            writeVariables();
            writeEnvironment(environment);
            webApplication = writeServerXml();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Makes the folder and starts the repository.
     *
     * @param environment for the application, beside what the launcher gives it
     */
    public static ServerForTests prepare(Map<String, String> environment) {
        return new ServerForTests(environment);
    }

    /** A word that is in no other process's command line. */
    public String name() {
        return name;
    }

    public Path runtime() {
        return BUILT.runtime();
    }

    /** The content of the product's WAR. */
    public static Path application() {
        return BUILT.application();
    }

    /** For WLP_USER_DIR. */
    public Path userFolder() {
        return home.resolve("liberty");
    }

    public int httpPort() {
        return http;
    }

    /** An attribute of the classloader element in the product's webApplication element. */
    public String classLoader(String attribute) {
        return only(webApplication, "classloader").getAttribute(attribute);
    }

    /** The application-bnd element of the product's webApplication element, in a file: the roles, and who runs jobs. */
    public Path bindings() {
        return home.resolve("application-bnd.xml");
    }

    private Path configuration() {
        return userFolder().resolve("servers").resolve(name);
    }

    private Path variables() {
        return home.resolve("variables");
    }

    /** For server.xml. What it has a default for that is right here is left out. */
    private void writeVariables() throws IOException {
        Folders.createPrivate(variables());
        Map<String, String> values = Map.of(
                "repository.port", Integer.toString(repository.port()),
                "repository.password", secrets.password(Secrets.APP_PASSWORD),
                "nightshift.jdbc", BUILT.driver().toString(),
                "nightshift.http.port", Integer.toString(http),
                "nightshift.https.port", Integer.toString(Ports.anyFree()),
                "keystore.password", secrets.password(Secrets.KEYSTORE_PASSWORD),
                "batch.password", secrets.password(Secrets.BATCH_PASSWORD),
                "metrics.password", secrets.password(Secrets.METRICS_PASSWORD));
        values.forEach((variable, value) -> Secrets.write(variables().resolve(variable), value));
    }

    private void writeEnvironment(Map<String, String> given) throws IOException {
        Map<String, String> environment = new TreeMap<>(Map.of(
                "VARIABLE_SOURCE_DIRS", variables().toString(),
                "NIGHTSHIFT_DATA", home.resolve("data").toString(),
                "NIGHTSHIFT_MASTER_KEY_FILE",
                        secrets.keyFile(Secrets.MASTER_KEY).toString(),
                "NIGHTSHIFT_DEMO", "false",
                // Tests ask faster than any script that means well; LauncherIT shows the limit.
                "NIGHTSHIFT_REQUESTS_PER_MINUTE", "1000000"));
        environment.putAll(given);
        List<String> lines = environment.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
        Files.write(configuration().resolve("server.env"), lines);
    }

    /** Writes it without the webApplication element, which it returns. */
    private Element writeServerXml() throws IOException {
        try {
            Document server = DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .parse(Path.of("server.xml").toFile());
            Element application = only(server.getDocumentElement(), "webApplication");
            application.getParentNode().removeChild(application);
            // Deploying writes the application into this file while the server runs
            only(server.getDocumentElement(), "config").setAttribute("updateTrigger", "polled");
            write(server, configuration().resolve("server.xml"));
            write(only(application, "application-bnd"), bindings());
            return application;
        } catch (ParserConfigurationException | SAXException | TransformerException e) {
            throw new IllegalStateException("server.xml could not be copied.", e);
        }
    }

    private static Element only(Element parent, String element) {
        var found = parent.getElementsByTagName(element);
        if (found.getLength() != 1) {
            throw new IllegalStateException(
                    "server.xml has " + found.getLength() + " elements " + element + " where one is expected.");
        }
        return (Element) found.item(0);
    }

    private static void write(Node node, Path file) throws TransformerException {
        TransformerFactory.newDefaultInstance()
                .newTransformer()
                .transform(new DOMSource(node), new StreamResult(file.toFile()));
    }

    /** Stops the repository, keeps the server's logs in target/nightshift-logs, and removes the folder. */
    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        remove();
    }

    private void remove() {
        repository.stop();
        try {
            keepLogs();
            Folders.delete(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void keepLogs() throws IOException {
        Path logs = configuration().resolve("logs");
        if (!Files.exists(logs)) {
            return;
        }
        Path kept = Files.createDirectories(Path.of("target", "nightshift-logs", name));
        try (Stream<Path> files = Files.list(logs)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, kept.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
