package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.testing.TransitStandIn;
import dev.nightshift.vault.LocalMasterKey;
import dev.nightshift.vault.MasterKey;
import dev.nightshift.vault.ProjectKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command itself, on an embedded repository of its own. */
class RotateMasterKeyTest {
    private static final ProjectId PROJECT = new ProjectId(UUID.fromString("01900000-0000-7000-8000-000000000001"));

    private final Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private LocalMasterKey first = LocalMasterKey.generate();
    private String password = "";

    RotateMasterKeyTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** As the first start leaves it: a key in its file, and a project with a sealed password. */
    @BeforeEach
    void anInstallation() throws Exception {
        environment.put("NIGHTSHIFT_DATA", folder.toString());
        environment.put("NIGHTSHIFT_POSTGRES_PORT", Integer.toString(Ports.anyFree()));
        environment.put("NIGHTSHIFT_DEMO", "false");
        assertTrue(refusal().startsWith("This installation has no master key yet"));
        first = LocalMasterKey.fromFile(file("master.key"));
        ProjectKeys keys = ProjectKeys.generate(PROJECT);
        password = keys.seal("instance:1:password", "secret");
        inRepository(connection -> {
            execute(connection, "insert into vault.master_key (fingerprint) values (?)", first.fingerprint());
            execute(
                    connection,
                    "insert into fleet.project (id, name, display_name) values (?, 'shop', 'Shop')",
                    PROJECT.value());
            execute(
                    connection,
                    "insert into vault.project_key (project_id, wrapped) values (?, ?)",
                    PROJECT.value(),
                    keys.wrap(first));
        });
    }

    @Test
    void whatWasSealedOpensUnderTheNewKeyAndTheOldOneIsKeptBesideIt() throws Exception {
        rotate();
        LocalMasterKey second = LocalMasterKey.fromFile(file("master.key"));
        assertFalse(second.fingerprint().equals(first.fingerprint()));
        assertEquals("secret", unsealed(second));
        assertThrows(Failure.Fatal.class, () -> unsealed(first));
        assertEquals(
                first.text(),
                LocalMasterKey.fromFile(file("old-master-" + first.fingerprint() + ".key"))
                        .text());
        assertTrue(
                said().contains("The keys of 1 project are wrapped by the master key " + second.fingerprint()), said());
        assertFalse(said().contains(second.text()), "a key on the terminal");
        inRepository(connection -> assertEquals(
                first.fingerprint() + " " + second.fingerprint(),
                text(
                        connection,
                        "select details ->> 'old' || ' ' || (details ->> 'new') from audit.entry"
                                + " where action = 'master-key.rotate'")));
    }

    @Test
    void whatAKillLeftBetweenRepositoryAndFileIsTakenUp() throws Exception {
        LocalMasterKey second = LocalMasterKey.generate();
        Files.writeString(file("next-master.key"), second.text());
        inRepository(connection -> {
            execute(connection, "update vault.master_key set fingerprint = ?", second.fingerprint());
            execute(
                    connection,
                    "update vault.project_key set wrapped = ?",
                    ProjectKeys.unwrap(PROJECT, text(connection, "select wrapped from vault.project_key"), first)
                            .wrap(second));
        });
        rotate();
        assertEquals(
                second.text(),
                LocalMasterKey.fromFile(file("old-master-" + second.fingerprint() + ".key"))
                        .text(),
                "it had become the key, and gave way to a third");
        assertEquals("secret", unsealed(LocalMasterKey.fromFile(file("master.key"))));
    }

    @Test
    void keysThatDoNotOpenLeaveEverythingAsItWas() throws Exception {
        inRepository(connection -> execute(
                connection,
                "update vault.project_key set wrapped = ?",
                ProjectKeys.generate(new ProjectId(UUID.randomUUID())).wrap(first)));
        assertTrue(refusal().startsWith("The keys of project " + PROJECT + " cannot be opened"));
        assertEquals(first.text(), LocalMasterKey.fromFile(file("master.key")).text());
        inRepository(connection ->
                assertEquals(first.fingerprint(), text(connection, "select fingerprint from vault.master_key")));
    }

    @Test
    void aRunningNodeIsNamed() throws Exception {
        inRepository(connection -> execute(
                connection,
                "insert into job.node (id, name, version, heartbeat_at) values (?, 'night-1', '1', ?)",
                UUID.randomUUID(),
                Timestamp.from(Instant.now().minusSeconds(5))));
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> node = CompletableFuture.runAsync(() -> beat(over));
        assertTrue(refusal().startsWith("Nightshift runs on this repository: night-1"));
        over.set(true);
        node.join();
    }

    @Test
    void aGivenKeyIsExchangedForAGivenOne() throws Exception {
        Files.delete(file("master.key"));
        environment.put("NIGHTSHIFT_MASTER_KEY", first.text());
        assertTrue(refusal().contains("NIGHTSHIFT_NEW_MASTER_KEY_FILE, is needed"));
        LocalMasterKey second = LocalMasterKey.generate();
        environment.put("NIGHTSHIFT_NEW_MASTER_KEY", second.text());
        rotate();
        assertEquals("secret", unsealed(second));
        assertFalse(Files.exists(file("master.key")), "what was given is written to no file");
        assertTrue(refusal().startsWith("The master key is the wrong one"), "with the old one");
        environment.put("NIGHTSHIFT_MASTER_KEY", second.text());
        assertTrue(refusal().startsWith("The new master key is the one that is in use"));
    }

    @Test
    void itMovesToAKmsToTheNewestVersionThereAndBack() throws Exception {
        try (TransitStandIn kms = TransitStandIn.start().with("nights", false)) {
            environment.put("NIGHTSHIFT_NEW_MASTER_KEY_URI", kms.uri("nights"));
            environment.put("NIGHTSHIFT_NEW_KMS_TOKEN", TransitStandIn.TOKEN);
            rotate();
            assertTrue(said().contains("It is in " + kms.uri("nights") + ". Start every node with it"), said());
            assertTrue(said().contains("open with the master key " + first.fingerprint() + " only"), said());
            assertTrue(refusal().contains("lies in a KMS: " + kms.uri("nights")), "a start without it");

            environment.put("NIGHTSHIFT_MASTER_KEY_URI", kms.uri("nights"));
            environment.put("NIGHTSHIFT_KMS_TOKEN", TransitStandIn.TOKEN);
            kms.rotate("nights");
            rotate();
            kms.closeOlderThan("nights", 2);

            LocalMasterKey last = LocalMasterKey.generate();
            environment.remove("NIGHTSHIFT_NEW_MASTER_KEY_URI");
            assertTrue(refusal().contains("NIGHTSHIFT_NEW_MASTER_KEY_FILE, is needed"));
            environment.put("NIGHTSHIFT_NEW_MASTER_KEY", last.text());
            rotate();
            assertEquals("secret", unsealed(last));
            assertFalse(said().contains(TransitStandIn.TOKEN), "a token on the terminal");
            assertTrue(refusal().contains("lies in no KMS"), "with the KMS");
        }
    }

    private void beat(AtomicBoolean over) {
        String url = "jdbc:postgresql://127.0.0.1:" + environment.get("NIGHTSHIFT_POSTGRES_PORT") + "/nightshift";
        while (!over.get()) {
            try (Connection connection = DriverManager.getConnection(
                    url,
                    "postgres",
                    Files.readString(file("superuser.password")).strip())) {
                execute(connection, "update job.node set heartbeat_at = now()");
                Thread.sleep(500);
            } catch (SQLException notThereYetOrNoMore) {
                // it is asked again
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private Path file(String name) {
        return folder.resolve("secrets").resolve(name);
    }

    private void rotate() {
        Launch launch = new Launch(
                LauncherConfig.from(environment, Path.of("").toAbsolutePath()),
                Path.of("").toAbsolutePath(),
                new Terminal(new PrintStream(said, true, StandardCharsets.UTF_8)));
        try {
            launch.rotateMasterKey();
        } finally {
            launch.stop();
        }
    }

    private String refusal() {
        return String.valueOf(assertThrows(Failure.class, this::rotate).getMessage());
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }

    private String unsealed(MasterKey by) throws Exception {
        String[] wrapped = new String[1];
        inRepository(connection -> wrapped[0] = text(connection, "select wrapped from vault.project_key"));
        return ProjectKeys.unwrap(PROJECT, wrapped[0], by).unseal("instance:1:password", password);
    }

    /** What is done in the repository while nothing else runs. */
    @FunctionalInterface
    private interface Work {
        void with(Connection connection) throws SQLException;
    }

    private void inRepository(Work work) throws SQLException, IOException {
        Secrets secrets = Secrets.in(folder.resolve("secrets"));
        Binaries binaries = EmbeddedBinaries.bundled(folder.resolve("postgresql"));
        EmbeddedCluster cluster = EmbeddedDatabases.repository(
                binaries,
                folder.resolve("repository"),
                Integer.parseInt(Objects.requireNonNull(environment.get("NIGHTSHIFT_POSTGRES_PORT"))),
                secrets);
        try (Connection connection = cluster.connect(EmbeddedDatabases.REPOSITORY)) {
            work.with(connection);
        } finally {
            cluster.stop();
        }
    }

    private static void execute(Connection connection, String sql, Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            assertEquals(1, statement.executeUpdate());
        }
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            assertTrue(row.next());
            return row.getString(1);
        }
    }
}
