package dev.nightshift.fleet;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How Nightshift logs in without a stored password, who may say so, and where it does not connect to. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CredentialsIT {
    private static final String VARIABLE = "NIGHTSHIFT_CREDENTIAL_TEST";

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Api projectAdmin;
    private Postgres server;

    @BeforeAll
    void start() throws Exception {
        server = Postgres.start(16, Map.of("wal_level", "logical"));
        server.execute("postgres", "create role crew login superuser password '" + Nightshift.CREDENTIAL + "'");
        project = TestProject.create(nightshift.admin(), "credentials");
        projectAdmin = Accounts.key(nightshift, project.name(), "ADMIN");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private Path file(String name) throws IOException {
        Path file = nightshift.data().resolve("credentials").resolve(name);
        return Files.writeString(file, Nightshift.CREDENTIAL + "\n");
    }

    /** As crew, without TLS. */
    private Api.Answer register(Api caller, String name, String login) {
        return caller.post(
                project.path("databases"),
                json("{'name': '" + name + "', 'dbname': 'postgres', 'host': '127.0.0.1', 'port': " + server.port()
                        + ", 'user': 'crew', 'tlsMode': 'prefer', " + login + "}"));
    }

    private Api.Answer change(Api caller, String name, String fields) {
        return caller.put(project.path("instances/" + name), json("{" + fields + "}"));
    }

    private JsonObject instance(String name) {
        return nightshift
                .admin()
                .get(project.path("instances/" + name))
                .expect(200)
                .object();
    }

    private boolean logsIn(String name) {
        return nightshift
                .admin()
                .post(project.path("databases/" + name + "/check"))
                .expect(200)
                .object()
                .getBoolean("ok");
    }

    @Test
    void aVariableLogsInAndNoProcessThatTheServerStartsHoldsIt() {
        register(nightshift.admin(), "by-variable", "'passwordVariable': '" + VARIABLE + "'")
                .expect(201);
        JsonObject shown = instance("by-variable");
        assertEquals(VARIABLE, shown.getString("passwordVariable"));
        assertFalse(shown.getBoolean("hasPassword"));
        assertFalse(shown.toString().contains(Nightshift.CREDENTIAL));
        assertTrue(logsIn("by-variable"));

        project.complete("backup", "by-variable", TestProject.none());
        Set<Long> told = nightshift.servers().stream().map(ProcessHandle::pid).collect(Collectors.toSet());
        told.add(nightshift.launcher().pid());
        Path sandboxes = nightshift.data().resolve("sandboxes");
        Set<String> holding = new HashSet<>();
        Set<Long> sandboxed = new HashSet<>();
        String drill = project.start("restore-drill", "by-variable", TestProject.none());
        while (List.of("QUEUED", "WAITING", "STARTED")
                .contains(project.run(drill).getString("status"))) {
            ProcessHandle.allProcesses()
                    .filter(process -> !told.contains(process.pid()))
                    // The JDK's own step between fork and exec, which gives the environment away to nobody
                    .filter(process -> !Processes.commandLine(process).contains("/jspawnhelper"))
                    // Another test run beside this one has a Nightshift of its own, which is told too
                    .filter(process -> !Nightshift.isOne(process))
                    .forEach(process -> {
                        String environment = Processes.environment(process);
                        if (environment.contains("NIGHTSHIFT_DATA=")
                                && !environment.contains("NIGHTSHIFT_DATA=" + nightshift.data())) {
                            return; // and is being started
                        }
                        String command = Processes.commandLine(process);
                        if (environment.contains("NIGHTSHIFT_CREDENTIAL_")
                                || environment.contains(Nightshift.CREDENTIAL)) {
                            holding.add(command);
                        }
                        if (command.contains(sandboxes.toString()) && !environment.isEmpty()) {
                            sandboxed.add(process.pid());
                        }
                    });
        }
        assertEquals("COMPLETED", project.ended(drill, Duration.ofMinutes(3)).getString("status"));
        assertEquals(Set.of(), holding);
        assertFalse(sandboxed.isEmpty(), "the sandbox was seen");
        assertTrue(
                nightshift.servers().stream()
                        .anyMatch(process -> Processes.environment(process).contains(Nightshift.CREDENTIAL)),
                "and the server's own environment could be read");
    }

    @Test
    void theFolderForCredentialsIsTheOwnersAloneAndAFileInItLogsIn() throws IOException {
        Path folder = nightshift.data().resolve("credentials");
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        register(nightshift.admin(), "by-file", "'passwordFile': '" + file("by-file") + "'")
                .expect(201);
        assertTrue(logsIn("by-file"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"passwordFile", "rootCertificate", "clientCertificate"})
    void aFileElsewhereIsRefusedInTheSameWordsWhetherItIsThereOrNot(String field) {
        Set<String> words = new HashSet<>();
        for (Path path : List.of(
                nightshift.data().resolve("secrets/master.key"),
                nightshift.data().resolve("secrets/absent"),
                Path.of("/etc/passwd"),
                Path.of("/etc/absent"))) {
            JsonObject problem = register(nightshift.admin(), "elsewhere", "'" + field + "': '" + path + "'")
                    .expect(400)
                    .object();
            assertEquals(field, problem.getString("field"));
            words.add(problem.getString("detail"));
        }
        assertEquals(1, words.size(), words::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"NIGHTSHIFT_MASTER_KEY_FILE", "NIGHTSHIFT_BOOTSTRAP_KEY", "PATH", "NIGHTSHIFT_CREDENTIAL_ABSENT"
            })
    void noOtherVariableIsRead(String variable) {
        JsonObject problem = register(nightshift.admin(), "other", "'passwordVariable': '" + variable + "'")
                .expect(400)
                .object();
        assertEquals("passwordVariable", problem.getString("field"));
    }

    @Test
    void whatIsOfNightshiftsMachineIsSetByInstallationAdminsAlone() throws IOException {
        Path own = file("theirs");
        register(projectAdmin, "theirs", "'password': '" + Nightshift.CREDENTIAL + "'")
                .expect(201);
        for (String reference : List.of(
                "'passwordFile': '" + own + "'",
                "'passwordVariable': '" + VARIABLE + "'",
                "'rootCertificate': '" + own + "'",
                "'clientCertificate': '" + own + "', 'clientKey': '" + own + "'",
                "'clientKey': '" + own + "'")) {
            register(projectAdmin, "more", reference).expect(403);
            change(projectAdmin, "theirs", reference).expect(403);
            projectAdmin
                    .post(
                            project.path("check"),
                            json("{'name': 'x', 'host': '127.0.0.1', 'port': " + server.port()
                                    + ", 'user': 'crew', 'tlsMode': 'prefer', " + reference + "}"))
                    .expect(403);
        }
        assertTrue(instance("theirs").isNull("passwordFile"));
    }

    @Test
    void whoeverIsNoInstallationAdminDoesNotMoveWhatLogsInWithAFile() throws IOException {
        register(nightshift.admin(), "held", "'passwordFile': '" + file("held") + "'")
                .expect(201);
        JsonObject before = instance("held");
        for (String moved : List.of("'host': 'localhost'", "'port': 1", "'user': 'other'", "'tlsMode': 'disable'")) {
            change(projectAdmin, "held", moved).expect(403);
            JsonObject problem =
                    change(nightshift.admin(), "held", moved).expect(400).object();
            assertEquals("passwordFile", problem.getString("field"));
        }
        // What was shown may be sent back, and the rest may change
        change(projectAdmin, "held", "'passwordFile': '" + before.getString("passwordFile") + "', 'tags': ['gold']")
                .expect(200);
        change(projectAdmin, "held", "'host': 'localhost', 'password': '" + Nightshift.CREDENTIAL + "'")
                .expect(200);
        assertTrue(instance("held").isNull("passwordFile"));
        assertTrue(logsIn("held"));
    }

    @ParameterizedTest
    @CsvSource({"host, 'localhost'", "port, 1", "user, 'other'", "tlsMode, 'disable'"})
    void aStoredPasswordStaysWithHostPortUserAndTls(String field, String value) {
        String name = "stays-" + field.toLowerCase(java.util.Locale.ROOT);
        register(projectAdmin, name, "'password': '" + Nightshift.CREDENTIAL + "'")
                .expect(201);
        String literal = value.matches("\\d+") ? value : "'" + value + "'";
        JsonObject before = instance(name);
        JsonObject problem = change(projectAdmin, name, "'" + field + "': " + literal)
                .expect(400)
                .object();
        assertEquals("password", problem.getString("field"));
        assertEquals(before, instance(name));
        change(projectAdmin, name, "'" + field + "': " + literal + ", 'password': 'another'")
                .expect(200);
    }

    /** Whoever runs the server at the new address can have the look at it take its time. */
    @Test
    void aPasswordThatIsSetWhileANewAddressIsTriedStaysWithTheOldOne() throws Exception {
        register(projectAdmin, "raced", "'password': ''").expect(201);
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Api.Answer> moving = CompletableFuture.supplyAsync(
                    () -> change(projectAdmin, "raced", "'port': " + silent.getLocalPort()));
            try (Socket tried = silent.accept()) {
                change(nightshift.admin(), "raced", "'password': '" + Nightshift.CREDENTIAL + "'")
                        .expect(200);
                assertTrue(tried.isConnected());
            }
            JsonObject problem = moving.get(60, TimeUnit.SECONDS).expect(400).object();
            assertEquals("password", problem.getString("field"));
        }
        assertEquals(server.port(), instance("raced").getInt("port"));
        assertTrue(logsIn("raced"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "2852039166",
                "169.254.43518",
                "::ffff:169.254.169.254",
                "0.0.0.0",
                "::",
                "fd00:ec2::254"
            })
    void aForbiddenAddressIsRefusedInEverySpellingAndSaysWhoCanChangeThat(String host) {
        String where = "'host': '" + host + "', 'port': 80, 'user': 'x', 'password': 'y'";
        for (String path : List.of("instances", "databases")) {
            JsonObject problem = projectAdmin
                    .post(project.path(path), json("{'name': 'metadata', " + where + "}"))
                    .expect(400)
                    .object();
            assertEquals("host", problem.getString("field"));
            assertTrue(problem.getString("detail").contains("NIGHTSHIFT_FORBIDDEN_ADDRESSES"), problem::toString);
            assertTrue(problem.getString("detail").contains(host), problem::toString);
        }
        JsonObject connect = projectAdmin
                .post(project.path("check"), json("{'name': 'metadata', " + where + "}"))
                .expect(200)
                .object()
                .getJsonArray("items")
                .getJsonObject(0);
        assertEquals("FAILED", connect.getString("state"));
        assertTrue(connect.getString("found").contains("forbids connections to " + host), connect::toString);
        assertTrue(connect.getString("remedy").contains("NIGHTSHIFT_FORBIDDEN_ADDRESSES"), connect::toString);
    }
}
