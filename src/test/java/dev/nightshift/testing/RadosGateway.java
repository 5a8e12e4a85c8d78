package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * A real server of S3 that keeps versions, enforces locks and bucket policies: Ceph's gateway on a cluster of one monitor and
 * one store in memory, all on the loopback, all gone when it is closed. It needs Debian's packages ceph-mon, ceph-osd,
 * ceph-common and radosgw, which .ci/run installs.
 */
public final class RadosGateway implements AutoCloseable {
    /** Whose secret is that of every other user here. */
    public static final String SECRET = Nightshift.CREDENTIAL;

    /** Makes the buckets, and owns them. */
    private static final String OWNER = "owner";

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final List<String> PROGRAMS =
            List.of("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin");

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path folder;
    private final Path conf;
    private final int port;
    private final List<Process> cluster = new ArrayList<>();
    private final Thread atExit = new Thread(this::stop);
    private volatile @Nullable Process gateway;

    private RadosGateway(Path folder, int monitor, int port) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.port = port;
        this.conf = Files.writeString(folder.resolve("ceph.conf"), configuration(UUID.randomUUID(), monitor));
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Starts it without any bucket. Where its programs are not installed, the test that calls fails.
     *
     * @param folder that is not there yet
     */
    public static RadosGateway start(Path folder) {
        for (String program : PROGRAMS) {
            Assertions.assertTrue(
                    Files.isExecutable(Path.of("/usr/bin", program)),
                    () -> "/usr/bin/" + program + " is missing: install ceph-mon, ceph-osd and radosgw (Debian).");
        }
        try {
            List<Integer> ports = FreePorts.different(2);
            RadosGateway started = new RadosGateway(folder, ports.get(0), ports.get(1));
            try {
                started.startCluster(ports.get(0));
                started.launch();
                started.user(OWNER);
            } catch (IOException | RuntimeException | Error e) {
                started.close();
                throw e;
            }
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** No logins between its parts: whoever reaches the loopback is let in, and nothing of worth lies there. */
    private String configuration(UUID id, int monitor) {
        return """
                [global]
                fsid = %s
                mon initial members = a
                mon host = v2:127.0.0.1:%d/0
                auth cluster required = none
                auth service required = none
                auth client required = none
                ms mon client mode = crc
                ms bind msgr1 = false
                public addr = 127.0.0.1
                cluster addr = 127.0.0.1
                osd pool default size = 1
                osd pool default min size = 1
                osd pool default pg num = 1
                osd pool default pgp num = 1
                osd pool default pg autoscale mode = off
                osd crush chooseleaf type = 0
                osd objectstore = memstore
                memstore device bytes = 1073741824
                osd client watch timeout = 3
                mon data avail crit = 1
                mon data avail warn = 1
                mon max pg per osd = 1000
                paxos propose interval = 0.05
                run dir = {folder}
                mon data = {folder}/mon
                osd data = {folder}/osd
                rgw data = {folder}/rgw
                keyring = {folder}/keyring
                log file = {folder}/$name.log
                admin socket =
                pid file =
                rgw frontends = beast endpoint=127.0.0.1:%d
                """.formatted(id, monitor, port)
                .replace("{folder}", folder.toAbsolutePath().toString());
    }

    private void startCluster(int monitor) throws IOException {
        for (String each : List.of("mon", "osd", "rgw")) {
            Files.createDirectories(folder.resolve(each));
        }
        Files.createFile(folder.resolve("keyring"));
        String map = folder.resolve("monmap").toString();
        String id = Files.readAllLines(conf).get(1).split(" = ", 2)[1];
        done("monmaptool", "--create", "--addv", "a", "[v2:127.0.0.1:" + monitor + "/0]", "--fsid", id, map);
        done("ceph-mon", "-c", conf.toString(), "--mkfs", "-i", "a", "--monmap", map);
        cluster.add(launch("ceph-mon", "-i", "a", "-f"));
        String store = UUID.randomUUID().toString();
        done("ceph", "-c", conf.toString(), "--connect-timeout", "30", "osd", "new", store);
        done("ceph-osd", "-c", conf.toString(), "-i", "0", "--mkfs", "--osd-uuid", store);
        cluster.add(launch("ceph-osd", "-i", "0", "-f"));
    }

    private static String done(String... command) throws IOException {
        return Processes.run(PATIENCE, List.of(command)).succeeded().output();
    }

    private Process launch(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program, "-c", conf.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(program + ".out").toFile())
                .start();
    }

    private void launch() throws IOException {
        // The gateway has defaults of its own for these two, which a configuration does not change
        Process launched =
                launch("radosgw", "-n", "client.rgw", "-f", "--auth-client-required=none", "--ms-mon-client-mode=crc");
        gateway = launched;
        Eventually.isTrue("Ceph's gateway", PATIENCE, () -> {
            if (!launched.isAlive()) {
                throw new AssertionError("Ceph's gateway ended, see " + folder.resolve("radosgw.out"));
            }
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** Runs radosgw-admin, the gateway's own tool, which asks the cluster and not the gateway. */
    private JsonValue admin(String... arguments) throws IOException {
        // What it says on the other stream is no JSON
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec radosgw-admin \"$@\" 2>/dev/null", "sh"));
        command.addAll(List.of("-c", conf.toString()));
        command.addAll(List.of(arguments));
        try (var reader = Json.createReader(
                new StringReader(Processes.run(PATIENCE, command).succeeded().output()))) {
            return reader.readValue();
        }
    }

    /** A login of {@link #SECRET} that may nothing until a bucket's policy lets it. */
    public void user(String id) {
        try {
            admin("user", "create", "--uid=" + id, "--display-name=" + id, "--access-key=" + id, "--secret=" + SECRET);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An answer of the gateway. */
    public record Answer(int status, String body) {
        /** Itself; an AssertionError if it is no success. */
        public Answer succeeded() {
            if (status / 100 != 2) {
                throw new AssertionError(status + " " + body);
            }
            return this;
        }
    }

    /** Makes a bucket that keeps one version of each object. */
    public void bucket(String name) {
        as(OWNER, "PUT", name, Map.of(), Map.of(), "").succeeded();
    }

    /** Makes a bucket that keeps versions, and can lock them: it does when {@link #lock} says so. */
    public void lockable(String name) {
        as(OWNER, "PUT", name, Map.of(), Map.of("x-amz-bucket-object-lock-enabled", "true"), "")
                .succeeded();
    }

    /** Has a bucket lock by itself what is stored from now on; the mode is COMPLIANCE or GOVERNANCE. */
    public void lock(String bucket, String mode, int days) {
        as(OWNER, "PUT", bucket, Map.of("object-lock", ""), Map.of(), """
                <ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled>\
                <Rule><DefaultRetention><Mode>%s</Mode><Days>%d</Days></DefaultRetention></Rule></ObjectLockConfiguration>""".formatted(mode, days))
                .succeeded();
    }

    /**
     * What logins other than the owner may do in a bucket, instead of what was allowed before.
     *
     * @param rights actions by the login's id, such as {@code s3:GetObject}
     */
    public void allow(String bucket, Map<String, List<String>> rights) {
        var statements = Json.createArrayBuilder();
        // Objects belong to whoever wrote them, and the bucket's owner has no right to their locks
        Map<String, List<String>> all = new TreeMap<>(rights);
        all.put(OWNER, List.of("s3:PutObjectRetention", "s3:BypassGovernanceRetention"));
        all.forEach((id, actions) -> statements.add(Json.createObjectBuilder()
                .add("Effect", "Allow")
                .add("Principal", Json.createObjectBuilder().add("AWS", "arn:aws:iam:::user/" + id))
                .add("Action", Json.createArrayBuilder(actions))
                .add(
                        "Resource",
                        Json.createArrayBuilder().add("arn:aws:s3:::" + bucket).add("arn:aws:s3:::" + bucket + "/*"))));
        String policy = Json.createObjectBuilder()
                .add("Version", "2012-10-17")
                .add("Statement", statements)
                .build()
                .toString();
        as(OWNER, "PUT", bucket, Map.of("policy", ""), Map.of(), policy).succeeded();
    }

    /** One request by a login, signed by the AWS SDK's signer; none of it goes through the product. */
    public Answer as(
            String login,
            String method,
            String path,
            Map<String, String> query,
            Map<String, String> headers,
            String body) {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        SdkHttpRequest.Builder plain = SdkHttpRequest.builder()
                .method(SdkHttpMethod.fromValue(method))
                .uri(URI.create(endpoint() + "/" + path));
        query.forEach(plain::putRawQueryParameter);
        headers.forEach(plain::putHeader);
        plain.putHeader("Content-MD5", md5(content));
        SdkHttpRequest signed = AwsV4HttpSigner.create()
                .sign(asked -> asked.identity(AwsCredentialsIdentity.create(login, SECRET))
                        .request(plain.build())
                        .payload(ContentStreamProvider.fromByteArray(content))
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, "us-east-1")
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false))
                .request();
        HttpRequest.Builder request = HttpRequest.newBuilder(signed.getUri())
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.ofByteArray(content));
        signed.forEachHeader((header, values) -> {
            if (!header.equalsIgnoreCase("Host")) {
                values.forEach(value -> request.header(header, value));
            }
        });
        try {
            HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String md5(byte[] content) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("MD5").digest(content));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * A version as the cluster's own index of a bucket has it.
     *
     * @param marker whether it says that the object is deleted
     */
    public record Version(String key, String id, boolean marker, long bytes) {}

    /** All versions below a key, whether they are deleted or not, by radosgw-admin. */
    public List<Version> versions(String bucket, String begin) {
        try {
            return listed(bucket)
                    .map(entry -> new Version(
                            entry.getString("name"),
                            entry.getString("instance"),
                            entry.getString("tag").equals("delete-marker"),
                            entry.getJsonObject("meta").getJsonNumber("size").longValue()))
                    .filter(version -> version.key().startsWith(begin))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets the lock of a version end in a moment, which its owner may where the mode is GOVERNANCE. */
    public Answer endLock(String bucket, Version version) {
        return as(
                OWNER,
                "PUT",
                bucket + "/" + version.key(),
                Map.of("retention", "", "versionId", version.id()),
                Map.of("x-amz-bypass-governance-retention", "true"),
                "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>GOVERNANCE</Mode><RetainUntilDate>"
                        + Instant.now().plusSeconds(2).truncatedTo(ChronoUnit.SECONDS)
                        + "</RetainUntilDate></Retention>");
    }

    private Stream<JsonObject> listed(String bucket) throws IOException {
        JsonArray entries = admin("bucket", "list", "--bucket=" + bucket, "--max-entries=100000")
                .asJsonArray();
        return entries.getValuesAs(JsonObject.class).stream();
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** kill -9 of the gateway alone. */
    public void kill() {
        Process running = gateway;
        if (running != null) {
            Processes.kill(running.toHandle());
        }
    }

    /** The gateway on the same port, with what it has stored. */
    public void restart() {
        try {
            kill();
            launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void stop() {
        kill();
        cluster.forEach(process -> Processes.kill(process.toHandle()));
    }

    /** Nothing of it is worth a clean end. The folder is the caller's. */
    @Override
    public void close() {
        stop();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
