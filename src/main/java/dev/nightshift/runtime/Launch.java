package dev.nightshift.runtime;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.TlsMode;
import dev.nightshift.runtime.LauncherConfig.Secret;
import dev.nightshift.runtime.tls.CertificateFiles;
import dev.nightshift.runtime.tls.CertificateRenewal;
import dev.nightshift.vault.MasterKeyMark;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.postgresql.Driver;

/** One start from the checks to readiness, and its end in the reverse order. */
final class Launch {
    /** For a port in server.xml. */
    private static final String CLOSED = "-1";

    private final LauncherConfig config;
    private final LibertyServer.Places places;
    private final Terminal terminal;
    private final Secrets secrets;
    private final MasterKeys masterKeys;
    private final Deque<Runnable> stops = new ArrayDeque<>();

    Launch(LauncherConfig config, Path basedir, Terminal terminal) {
        this.config = config;
        this.places = new LibertyServer.Places(basedir, config.data());
        this.terminal = terminal;
        this.secrets = Secrets.in(config.data().resolve("secrets"));
        this.masterKeys = new MasterKeys(config, secrets);
    }

    /** Starts databases, schema and server, and waits until the server is ready. */
    LibertyServer start() {
        prepareCredentials();
        if (LibertyServer.stopOrphan(config.data())) {
            terminal.say("Stopped the server that an earlier launcher had left behind.");
        }
        int demoPort = demoPort();
        checkPorts(demoPort);
        Optional<Binaries> binaries = binaries();
        Optional<DemoStart> demo = config.demo()
                ? Optional.of(DemoStart.begin(embedded(binaries), config.data(), demoPort, secrets, terminal))
                : Optional.empty();
        demo.ifPresent(started -> stops.push(started::stop));
        Repository repository = repository(binaries);
        demo.ifPresent(DemoStart::await);
        Optional<CertificateRenewal> renewal = config.certificate().map(this::keyStore);
        LibertyServer server = terminal.timed("Server started", () -> {
            LibertyServer started = LibertyServer.start(
                    places,
                    config.messaging().configurations(places.configurations()),
                    variables(repository),
                    environment(demoPort, binaries),
                    config.javaOptions(),
                    terminal::say);
            stops.push(started::stop);
            Readiness.await(config, started, places.log(), terminal::say);
            stops.push(() -> drain(started));
            return started;
        });
        renewal.ifPresent(CertificateRenewal::watch);
        Announcement.print(terminal, config, secrets, config.data());
        return server;
    }

    /** There even where other folders are named: a proof's sandbox hides it. */
    private void prepareCredentials() {
        Path folder = config.data().resolve("credentials");
        try {
            Folders.createPrivate(folder);
        } catch (IOException e) {
            throw new Failure.Fatal("The folder " + folder + " cannot be made: " + e.getMessage(), null, e);
        }
    }

    /** The server reads no PEM. What it reads goes with it, as its other secrets do. */
    private CertificateRenewal keyStore(CertificateFiles files) {
        CertificateRenewal renewal = new CertificateRenewal(
                files, places.keyStore(), secrets.password(Secrets.KEYSTORE_PASSWORD), Clock.system(), terminal::say);
        renewal.begin();
        stops.push(() -> {
            renewal.close();
            places.removeKeyStore();
        });
        return renewal;
    }

    private void drain(LibertyServer server) {
        if (!config.drain().isZero() && server.isAlive()) {
            terminal.say("Draining for " + config.drain().toSeconds() + " s: health says that this node goes.");
            server.drain(config.drain());
        }
    }

    /** Stops what was started, the last first; a failure of one does not keep the others. */
    void stop() {
        while (!stops.isEmpty()) {
            Thread.interrupted(); // what stops next waits, too
            try {
                stops.pop().run();
            } catch (RuntimeException e) {
                terminal.say(String.valueOf(e.getMessage()));
            }
        }
    }

    private Optional<Binaries> binaries() {
        try {
            Path folder = config.data().resolve("postgresql");
            boolean first = !Files.exists(folder);
            Supplier<Binaries> unpack = () -> EmbeddedBinaries.bundled(folder);
            return Optional.of(first ? terminal.timed("PostgreSQL unpacked", unpack) : unpack.get());
        } catch (Failure.Fatal e) {
            if (config.demo() || config.repository().isEmpty()) {
                throw e;
            }
            return Optional.empty(); // the application finds installed programs, or says that it has none
        }
    }

    private static Binaries embedded(Optional<Binaries> binaries) {
        return binaries.orElseThrow(() -> new IllegalStateException("The embedded mode has binaries."));
    }

    /** The repository as the server logs in to it. */
    private record Repository(
            JdbcAddress address, TlsMode tls, Optional<Path> rootCertificate, String user, String password) {}

    private Repository repository(Optional<Binaries> binaries) {
        Owner owner = owner(binaries);
        migrate(owner);
        if (config.repository().isPresent()) {
            LauncherConfig.Repository given = config.repository().get();
            AppRole.check(given.url(), given.user(), given.password().value());
            return new Repository(
                    given.address(),
                    given.tls(),
                    given.rootCertificate(),
                    given.user(),
                    given.password().value());
        }
        return new Repository(
                owner.address(),
                TlsMode.DISABLE, // on this machine's loopback
                Optional.empty(),
                EmbeddedDatabases.APP,
                secrets.password(Secrets.APP_PASSWORD));
    }

    /** The repository as its owner logs in to it. */
    private record Owner(JdbcAddress address, String url, String user, String password, String app) {
        Connection connect() throws SQLException {
            Properties properties = new Properties();
            properties.setProperty("user", user);
            properties.setProperty("password", password);
            properties.setProperty("connectTimeout", "10");
            return new Driver().connect(url, properties);
        }
    }

    private Owner owner(Optional<Binaries> binaries) {
        if (config.repository().isPresent()) {
            LauncherConfig.Repository given = config.repository().get();
            return new Owner(
                    given.address(),
                    given.url(),
                    given.ownerUser(),
                    given.ownerPassword().value(),
                    given.user());
        }
        masterKeys.refuseLost();
        EmbeddedCluster cluster = terminal.timed("Repository database ready on port " + config.postgresPort(), () -> {
            EmbeddedCluster started = EmbeddedDatabases.repository(
                    embedded(binaries), config.data().resolve("repository"), config.postgresPort(), secrets);
            stops.push(started::stop);
            return started;
        });
        return new Owner(
                new JdbcAddress(cluster.host(), cluster.port(), EmbeddedDatabases.REPOSITORY),
                cluster.url(EmbeddedDatabases.REPOSITORY),
                EmbeddedDatabases.OWNER,
                secrets.password(Secrets.OWNER_PASSWORD),
                EmbeddedDatabases.APP);
    }

    private void migrate(Owner owner) {
        Path changeLogs = places.basedir().resolve("liquibase");
        boolean fresh = terminal.timed(
                "Schema is current",
                () -> Migration.run(owner.url(), owner.user(), owner.password(), owner.app(), changeLogs));
        try (Connection connection = owner.connect()) {
            masterKeys.check(MasterKeyMark.read(connection, false));
        } catch (SQLException e) {
            throw new Failure.Fatal(
                    "The repository does not tell which master key it was written under: " + e.getMessage(), null, e);
        }
        if (fresh) {
            Announcement.firstStart(config.data());
        }
    }

    /** Exchanges the master key; of all that {@link #start} starts, only the embedded repository is needed. */
    void rotateMasterKey() {
        masterKeys.requireNew();
        Owner owner = owner(binaries());
        migrate(owner);
        try (Connection connection = owner.connect()) {
            masterKeys.exchange(connection, terminal);
        } catch (SQLException e) {
            throw new Failure.Fatal("The master key was not exchanged: " + e.getMessage(), null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Fatal("Interrupted; the master key was not exchanged.", null, e);
        }
    }

    private int demoPort() {
        return config.demo() && config.demoPort() == 0
                ? DemoStart.port(config.data(), config.postgresPort())
                : config.demoPort();
    }

    private void checkPorts(int demoPort) {
        Ports ports = new Ports();
        if (config.http() != PlainHttp.OFF) {
            ports.need("NIGHTSHIFT_HTTP_PORT", config.httpHost(), config.httpPort());
        }
        ports.need("NIGHTSHIFT_HTTPS_PORT", config.httpHost(), config.httpsPort());
        if (config.repository().isEmpty()) {
            ports.needForCluster(
                    "NIGHTSHIFT_POSTGRES_PORT",
                    config.postgresPort(),
                    config.data().resolve("repository/data"));
        }
        if (config.demo()) {
            ports.needForCluster("NIGHTSHIFT_DEMO_PORT", demoPort, config.data().resolve("demo/data"));
        }
        if (config.messaging().broker() == Messaging.Broker.EMBEDDED) {
            ports.need(
                    "NIGHTSHIFT_MESSAGING_PORT",
                    config.messaging().host(),
                    config.messaging().port());
        }
        ports.refuseTaken();
    }

    /** For server.xml. */
    private Map<String, String> variables(Repository repository) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("repository.host", repository.address().host());
        variables.put("repository.port", Integer.toString(repository.address().port()));
        variables.put("repository.database", repository.address().database());
        variables.put("repository.tls", repository.tls().text());
        variables.put(
                "repository.root.certificate",
                repository.rootCertificate().map(Path::toString).orElse("none"));
        variables.put("repository.user", repository.user());
        variables.put("repository.password", repository.password());
        variables.put("nightshift.application", places.application().toString());
        variables.put("nightshift.jdbc", places.driver().toString());
        variables.put("nightshift.http.host", config.httpHost());
        variables.put(
                "nightshift.http.port", config.http() == PlainHttp.OFF ? CLOSED : Integer.toString(config.httpPort()));
        variables.put("nightshift.https.port", Integer.toString(config.httpsPort()));
        config.certificate()
                .ifPresent(given ->
                        variables.put("nightshift.keystore", places.keyStore().toString()));
        variables.put("nightshift.threads", Integer.toString(config.threads()));
        variables.put("nightshift.openapi", Secrets.unguessable());
        variables.put("keystore.password", secrets.password(Secrets.KEYSTORE_PASSWORD));
        variables.put("batch.password", secrets.password(Secrets.BATCH_PASSWORD));
        variables.put("metrics.password", secrets.password(Secrets.METRICS_PASSWORD));
        variables.putAll(config.messaging().variables());
        variables.put("nightshift.metrics.authentication", Boolean.toString(!config.metricsPublic()));
        return variables;
    }

    /** For the application, which reads it as configuration. */
    private Map<String, String> environment(int demoPort, Optional<Binaries> binaries) {
        Map<String, String> environment = new HashMap<>(config.passedOn());
        environment.put("NIGHTSHIFT_DATA", config.data().toString());
        String format = config.passedOn().getOrDefault("NIGHTSHIFT_LOG_FORMAT", "");
        if (!format.isBlank()) {
            environment.put("WLP_LOGGING_MESSAGE_FORMAT", format.strip()); // of the lines before it has read server.xml
        }
        environment.put(
                "NIGHTSHIFT_MESSAGING", Boolean.toString(config.messaging().isOn()));
        environment.put("NIGHTSHIFT_HTTP", config.http().text());
        environment.put("NIGHTSHIFT_HTTP_PORT", Integer.toString(config.httpPort()));
        environment.put("NIGHTSHIFT_HTTPS_PORT", Integer.toString(config.httpsPort()));
        environment.put(
                "NIGHTSHIFT_ADMIN_PASSWORD_FILE",
                passwordFile(Secrets.ADMIN_PASSWORD).toString());
        masterKeys.local().ifPresent(key -> put(environment, "NIGHTSHIFT_MASTER_KEY", key));
        config.bootstrapKey().ifPresent(key -> put(environment, "NIGHTSHIFT_BOOTSTRAP_KEY", key));
        environment.put("NIGHTSHIFT_DEMO", Boolean.toString(config.demo()));
        if (config.demo()) {
            environment.putAll(Map.of(
                    "NIGHTSHIFT_DEMO_HOST",
                    "127.0.0.1",
                    "NIGHTSHIFT_DEMO_PORT",
                    Integer.toString(demoPort),
                    "NIGHTSHIFT_DEMO_DATABASE",
                    DemoData.DATABASE,
                    "NIGHTSHIFT_DEMO_USER",
                    DemoData.ROLE,
                    "NIGHTSHIFT_DEMO_PASSWORD_FILE",
                    secrets.file(Secrets.DEMO_PASSWORD).toString()));
        }
        binaries.ifPresent(found -> environment.merge(
                "NIGHTSHIFT_POSTGRES_BINARIES",
                found.bin().toString(),
                (given, embedded) -> given + File.pathSeparator + embedded));
        return environment;
    }

    private Path passwordFile(String name) {
        secrets.password(name);
        return secrets.file(name);
    }

    private static void put(Map<String, String> environment, String name, Secret secret) {
        secret.file()
                .ifPresentOrElse(
                        file -> environment.put(name + "_FILE", file.toString()),
                        () -> environment.put(name, secret.value()));
    }
}
