package dev.nightshift.runtime;

import dev.nightshift.access.RequestLimitFilter;
import dev.nightshift.access.openid.OpenIdConfig;
import dev.nightshift.backup.proof.ProofLimits;
import dev.nightshift.fleet.FleetConfig;
import dev.nightshift.job.JobConfig;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.postgres.TlsMode;
import dev.nightshift.retention.RetentionConfig;
import dev.nightshift.runtime.tls.CertificateFiles;
import dev.nightshift.runtime.tls.ServerCertificate;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.vault.kms.KmsConfig;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The launcher's settings, from environment variables; documented in docs/reference/configuration.md.
 *
 * @param httpPort NIGHTSHIFT_HTTP_PORT: health, and the API for scripts on this machine
 * @param httpsPort NIGHTSHIFT_HTTPS_PORT: console and API
 * @param httpHost NIGHTSHIFT_HTTP_HOST: the address that both listen on
 * @param http NIGHTSHIFT_HTTP (local): what plain HTTP is for
 * @param certificate NIGHTSHIFT_TLS_CERTIFICATE and NIGHTSHIFT_TLS_KEY; empty has the server generate one
 * @param data NIGHTSHIFT_DATA: everything that must survive a restart
 * @param postgresPort NIGHTSHIFT_POSTGRES_PORT: of the embedded repository server
 * @param demoPort NIGHTSHIFT_DEMO_PORT: of the embedded demo server; 0 leaves the choice to the launcher
 * @param repository an external repository; empty for the embedded one
 * @param demo NIGHTSHIFT_DEMO
 * @param masterKey NIGHTSHIFT_MASTER_KEY; empty has the embedded mode generate one
 * @param kms NIGHTSHIFT_MASTER_KEY_URI and NIGHTSHIFT_KMS_: where the master key lies, if in a service
 * @param newMasterKey NIGHTSHIFT_NEW_MASTER_KEY; only {@link RotateMasterKey} reads it
 * @param newKms NIGHTSHIFT_NEW_MASTER_KEY_URI and NIGHTSHIFT_NEW_KMS_, likewise
 * @param bootstrapKey NIGHTSHIFT_BOOTSTRAP_KEY: a first API key, 32 characters or more
 * @param metricsPublic NIGHTSHIFT_METRICS_PUBLIC (false): /metrics needs no login
 * @param drain NIGHTSHIFT_DRAIN_SECONDS (10, and 0 with the demo, which no load balancer watches): how long the node says
 *     that it drains before it is stopped
 * @param startPaused NIGHTSHIFT_START_PAUSED (false): schedules wait until somebody has looked
 * @param javaOptions NIGHTSHIFT_JAVA_OPTIONS: of the server's JVM, separated by white space
 * @param messaging what carries the targets of runs from node to node
 * @param passedOn further NIGHTSHIFT_ variables, which the application reads itself, and AWS_ ones if the master key is there
 */
record LauncherConfig(
        int httpPort,
        int httpsPort,
        String httpHost,
        PlainHttp http,
        Optional<CertificateFiles> certificate,
        Path data,
        int postgresPort,
        int demoPort,
        Optional<Repository> repository,
        boolean demo,
        Optional<Secret> masterKey,
        Optional<KmsConfig> kms,
        Optional<Secret> newMasterKey,
        Optional<KmsConfig> newKms,
        Optional<Secret> bootstrapKey,
        boolean metricsPublic,
        Duration drain,
        boolean startPaused,
        List<String> javaOptions,
        Messaging messaging,
        Map<String, String> passedOn) {
    static final int BOOTSTRAP_KEY_LENGTH = 32;

    /** For what is no run's: requests, timers, live pages. */
    private static final int OTHER_THREADS = 20;

    /**
     * Backups of 3 GiB to buckets took 1,104 MiB of all processes together at most by the serial collector, once. Of 5 GiB
     * the server alone took up to 1,291 MiB by the one that the JVM chooses itself, once with an earlier version.
     */
    private static final String DEFAULT_JAVA_OPTIONS = "-Xmx768m -XX:+UseSerialGC";

    private static final List<String> OWN = List.of(
            "NIGHTSHIFT_HTTP_PORT",
            "NIGHTSHIFT_HTTPS_PORT",
            "NIGHTSHIFT_HTTP_HOST",
            "NIGHTSHIFT_HTTP",
            "NIGHTSHIFT_TLS_CERTIFICATE",
            "NIGHTSHIFT_TLS_KEY",
            "NIGHTSHIFT_DATA",
            "NIGHTSHIFT_POSTGRES_PORT",
            "NIGHTSHIFT_DEMO_PORT",
            "NIGHTSHIFT_DEMO",
            "NIGHTSHIFT_MASTER_KEY",
            "NIGHTSHIFT_MASTER_KEY_FILE",
            "NIGHTSHIFT_NEW_MASTER_KEY",
            "NIGHTSHIFT_NEW_MASTER_KEY_FILE",
            "NIGHTSHIFT_NEW_MASTER_KEY_URI",
            "NIGHTSHIFT_NEW_KMS_TOKEN",
            "NIGHTSHIFT_NEW_KMS_TOKEN_FILE",
            "NIGHTSHIFT_NEW_KMS_NAMESPACE",
            "NIGHTSHIFT_NEW_KMS_ROOT_CERTIFICATE",
            "NIGHTSHIFT_NEW_KMS_CREDENTIALS_FILE",
            "NIGHTSHIFT_NEW_KMS_ENDPOINT",
            "NIGHTSHIFT_BOOTSTRAP_KEY",
            "NIGHTSHIFT_BOOTSTRAP_KEY_FILE",
            "NIGHTSHIFT_METRICS_PUBLIC",
            "NIGHTSHIFT_DRAIN_SECONDS",
            "NIGHTSHIFT_START_PAUSED",
            "NIGHTSHIFT_JAVA_OPTIONS",
            "NIGHTSHIFT_MESSAGING",
            "NIGHTSHIFT_MESSAGING_HOST",
            "NIGHTSHIFT_MESSAGING_PORT",
            "NIGHTSHIFT_MESSAGING_CONFIGURATION",
            "NIGHTSHIFT_MESSAGING_USER",
            "NIGHTSHIFT_MESSAGING_PASSWORD",
            "NIGHTSHIFT_MESSAGING_PASSWORD_FILE",
            "NIGHTSHIFT_MESSAGING_TARGETS");

    /** A value, or the file that holds it; what was given by value is not written to a file. */
    record Secret(String value, Optional<Path> file) {
        @Override
        public String toString() {
            return file.map(path -> "Secret[in " + path + "]").orElse("Secret[given]");
        }
    }

    /**
     * An external repository database: the application's role, and the owner, who migrates.
     *
     * @param tls NIGHTSHIFT_REPOSITORY_TLS (prefer)
     * @param rootCertificate NIGHTSHIFT_REPOSITORY_ROOT_CERTIFICATE; needed where the server's certificate is verified
     */
    record Repository(
            JdbcAddress address,
            TlsMode tls,
            Optional<Path> rootCertificate,
            String user,
            Secret password,
            String ownerUser,
            Secret ownerPassword) {
        /** The driver's URL with the way of TLS; without a user. */
        String url() {
            String certificate = rootCertificate
                    .map(file -> "&sslrootcert=" + URLEncoder.encode(file.toString(), StandardCharsets.UTF_8))
                    .orElse("");
            return address.url() + "?sslmode=" + tls.text() + certificate;
        }
    }

    /** What the server is to have without asking whether more would help. */
    int threads() {
        return OTHER_THREADS + JobConfig.of(TypedSettings.of(passedOn)).threads() + messaging.threads();
    }

    /**
     * Reads and checks everything.
     *
     * @throws Failure.Invalid naming every variable that is wrong, one per line
     */
    static LauncherConfig from(Map<String, String> environment, Path basedir) {
        Variables variables = new Variables(environment);
        int http = variables.port("NIGHTSHIFT_HTTP_PORT", 9080);
        int https = variables.port("NIGHTSHIFT_HTTPS_PORT", 9443);
        int postgres = variables.port("NIGHTSHIFT_POSTGRES_PORT", 9432);
        int demoPort = variables.isSet("NIGHTSHIFT_DEMO_PORT") ? variables.port("NIGHTSHIFT_DEMO_PORT", 0) : 0;
        variables.differ(Map.of(
                "NIGHTSHIFT_HTTP_PORT", http, "NIGHTSHIFT_HTTPS_PORT", https, "NIGHTSHIFT_POSTGRES_PORT", postgres));
        Path data = variables.path("NIGHTSHIFT_DATA", basedir.resolve(".nightshift"));
        refuseTooLong(data, variables);
        boolean demo = variables.flag("NIGHTSHIFT_DEMO", true);
        Optional<Repository> repository = repository(variables);
        Optional<Secret> masterKey = variables.secret("NIGHTSHIFT_MASTER_KEY");
        Optional<KmsConfig> kms = kms(KmsConfig.IN_USE, variables);
        if (kms.isPresent() && masterKey.isPresent()) {
            variables.wrong("NIGHTSHIFT_MASTER_KEY_URI", "and NIGHTSHIFT_MASTER_KEY are both set: set one");
        }
        if (repository.isPresent() && masterKey.isEmpty() && !variables.isSet("NIGHTSHIFT_MASTER_KEY_URI")) {
            variables.wrong(
                    "NIGHTSHIFT_MASTER_KEY",
                    "is needed with NIGHTSHIFT_REPOSITORY_URL (or NIGHTSHIFT_MASTER_KEY_FILE, or"
                            + " NIGHTSHIFT_MASTER_KEY_URI): all nodes of a repository share one key. Make it once with \"openssl rand -base64 32\" and keep it safe");
        }
        Optional<Secret> bootstrapKey = variables.secret("NIGHTSHIFT_BOOTSTRAP_KEY");
        if (bootstrapKey
                .filter(key -> key.value().length() < BOOTSTRAP_KEY_LENGTH)
                .isPresent()) {
            variables.wrong(
                    "NIGHTSHIFT_BOOTSTRAP_KEY",
                    "is too short: it needs " + BOOTSTRAP_KEY_LENGTH + " characters or more");
        }
        List<String> options = List.of(variables
                .text("NIGHTSHIFT_JAVA_OPTIONS")
                .orElse(DEFAULT_JAVA_OPTIONS)
                .split("\\s+"));
        LauncherConfig config = new LauncherConfig(
                http,
                https,
                variables.text("NIGHTSHIFT_HTTP_HOST").orElse("127.0.0.1"),
                plainHttp(variables),
                certificate(variables),
                data,
                postgres,
                demoPort,
                repository,
                demo,
                masterKey,
                kms,
                variables.secret("NIGHTSHIFT_NEW_MASTER_KEY"),
                kms(KmsConfig.NEW, variables),
                bootstrapKey,
                variables.flag("NIGHTSHIFT_METRICS_PUBLIC", false),
                variables.seconds("NIGHTSHIFT_DRAIN_SECONDS", demo ? 0 : 10, 3600),
                variables.flag("NIGHTSHIFT_START_PAUSED", false),
                options,
                Messaging.from(variables),
                passedOn(environment, kms));
        variables.readable(JobConfig::of);
        variables.readable(RequestLimitFilter::perMinute);
        variables.readable(FleetConfig::of);
        variables.readable(ProofLimits::of);
        variables.readable(OpenIdConfig::of);
        variables.readable(RetentionConfig::of);
        variables.refuseWrong();
        return config;
    }

    /** Everything but the proofs would work, and they would fail night after night. */
    private static void refuseTooLong(Path data, Variables variables) {
        int longest = Sandboxes.LONGEST_ROOT - "/sandboxes".length();
        int length = data.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > longest) {
            variables.wrong(
                    "NIGHTSHIFT_DATA",
                    "must be a path of at most " + longest + " bytes, and \"" + data + "\" has " + length
                            + ": the sockets of the servers that prove backups lie below it");
        }
    }

    private static Optional<KmsConfig> kms(String which, Variables variables) {
        try {
            return KmsConfig.of(which, name -> variables.text(TypedSettings.variable(name)));
        } catch (Failure.Invalid e) {
            variables.refused(e);
            return Optional.empty();
        }
    }

    private static PlainHttp plainHttp(Variables variables) {
        String text = variables.text("NIGHTSHIFT_HTTP").orElse(PlainHttp.LOCAL.text());
        return PlainHttp.of(text).orElseGet(() -> {
            variables.wrong("NIGHTSHIFT_HTTP", "is \"" + text + "\": it must be local, redirect or off");
            return PlainHttp.LOCAL;
        });
    }

    private static Optional<CertificateFiles> certificate(Variables variables) {
        try {
            Optional<CertificateFiles> files = CertificateFiles.of(
                    variables.text("NIGHTSHIFT_TLS_CERTIFICATE"), variables.text("NIGHTSHIFT_TLS_KEY"));
            files.ifPresent(
                    given -> ServerCertificate.read(given, Clock.system().now()));
            return files;
        } catch (Failure.Invalid e) {
            variables.refused(e);
            return Optional.empty();
        }
    }

    private static Optional<Repository> repository(Variables variables) {
        Optional<String> url = variables.text("NIGHTSHIFT_REPOSITORY_URL");
        if (url.isEmpty()) {
            return Optional.empty();
        }
        Optional<JdbcAddress> address = JdbcAddress.parse(url.get());
        if (address.isEmpty()) {
            variables.wrong("NIGHTSHIFT_REPOSITORY_URL", "must look like jdbc:postgresql://host:5432/nightshift");
        }
        String user = variables.needed("NIGHTSHIFT_REPOSITORY_USER", "the role that the application logs in with");
        Secret password = variables.neededSecret("NIGHTSHIFT_REPOSITORY_PASSWORD");
        String owner =
                variables.needed("NIGHTSHIFT_REPOSITORY_OWNER_USER", "the role that owns the database and migrates it");
        Secret ownerPassword = variables.neededSecret("NIGHTSHIFT_REPOSITORY_OWNER_PASSWORD");
        if (!user.isEmpty() && user.equals(owner)) {
            variables.wrong(
                    "NIGHTSHIFT_REPOSITORY_USER",
                    "must be another role than NIGHTSHIFT_REPOSITORY_OWNER_USER: an owner is not held by the row level"
                            + " security that keeps projects apart");
        }
        TlsMode tls = tls(variables);
        Optional<Path> certificate = variables.file("NIGHTSHIFT_REPOSITORY_ROOT_CERTIFICATE");
        if ((tls == TlsMode.VERIFY_CA || tls == TlsMode.VERIFY_FULL)
                && !variables.isSet("NIGHTSHIFT_REPOSITORY_ROOT_CERTIFICATE")) {
            variables.wrong(
                    "NIGHTSHIFT_REPOSITORY_ROOT_CERTIFICATE",
                    "is needed with NIGHTSHIFT_REPOSITORY_TLS=" + tls.text()
                            + ": the PEM file of the certification authority");
        }
        return address.map(at -> new Repository(at, tls, certificate, user, password, owner, ownerPassword));
    }

    private static TlsMode tls(Variables variables) {
        String text = variables.text("NIGHTSHIFT_REPOSITORY_TLS").orElse(TlsMode.PREFER.text());
        try {
            return TlsMode.of(text);
        } catch (IllegalArgumentException e) {
            variables.wrong(
                    "NIGHTSHIFT_REPOSITORY_TLS",
                    "is \"" + text + "\": it must be disable, prefer, require, verify-ca or verify-full");
            return TlsMode.PREFER;
        }
    }

    private static Map<String, String> passedOn(Map<String, String> environment, Optional<KmsConfig> kms) {
        boolean aws = kms.filter(KmsConfig::isAws).isPresent();
        Map<String, String> others = new TreeMap<>();
        environment.forEach((name, value) -> {
            boolean ours = name.startsWith("NIGHTSHIFT_") && !name.startsWith("NIGHTSHIFT_REPOSITORY_");
            if ((ours && !OWN.contains(name)) || (aws && name.startsWith("AWS_"))) {
                others.put(name, value);
            }
        });
        return others;
    }
}
