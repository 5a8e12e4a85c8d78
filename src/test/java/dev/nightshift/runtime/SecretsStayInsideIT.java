package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Secrets are planted, everything is made to happen with them, and then whatever was written or answered is searched. */
class SecretsStayInsideIT {
    private static final String TARGET = "planted-target-password-8f2d71";
    private static final String WRONG = "planted-wrong-password-51c3aa";
    private static final String PERSON = "planted-person-password-c09e44";

    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void noLogNoAnswerAndNoOtherProcessHoldsASecret() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "secrets");
        Map<String, String> secrets = new TreeMap<>(Map.of(
                "the target's password", TARGET,
                "a wrong password", WRONG,
                "a person's password", PERSON,
                "the bootstrap key", Nightshift.BOOTSTRAP_KEY));
        try (Stream<Path> files = Files.list(nightshift.data().resolve("secrets"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                secrets.put(
                        file.getFileName().toString(), Files.readString(file).strip());
            }
        }
        List<String> found = new ArrayList<>();
        try (Postgres server = Postgres.start(16, Map.of("wal_level", "logical"))) {
            server.execute("postgres", "create role crew login superuser password '" + TARGET + "'");
            project.register("plain", server, "postgres", "crew", TARGET);
            project.register("locked-out", server, "postgres", "crew", WRONG);
            nightshift
                    .admin()
                    .post(
                            "api/people",
                            Json.createObjectBuilder()
                                    .add("name", "planted")
                                    .add("displayName", "Planted")
                                    .add("password", PERSON)
                                    .build())
                    .expect(201);
            Api.at(nightshift.https())
                    .post(
                            "api/login",
                            Json.createObjectBuilder()
                                    .add("name", PERSON)
                                    .add("password", WRONG)
                                    .build())
                    .expect(401);
            nightshift.admin().post(project.path("databases/locked-out/check"), TestProject.none());
            String failing = project.start("vacuum", "locked-out", TestProject.none());
            project.complete("backup", "plain", TestProject.none());
            String drill = project.start("restore-drill", "plain", TestProject.none());
            while (List.of("QUEUED", "WAITING", "STARTED")
                    .contains(project.run(drill).getString("status"))) {
                searchProcesses(secrets, found);
            }
            project.ended(failing, java.time.Duration.ofMinutes(3));
            project.log(failing);
            for (String path : List.of(
                    "instances",
                    "databases",
                    "databases/plain",
                    "runs",
                    "backups",
                    "findings",
                    "schedules",
                    "members")) {
                project.api().get(project.path(path)).expect(200);
            }
            for (String path : List.of("api/audit", "api/people", "api/keys", "api/nodes", "openapi")) {
                project.api().get(path).expect(200);
            }
        }
        nightshift.scraper().get("metrics").expect(200);
        secrets.forEach((name, secret) -> {
            assertTrue(secret.length() >= 16, name);
            if (Api.answersSoFar().stream().anyMatch(answer -> answer.contains(secret))) {
                found.add(name + " in an answer");
            }
            for (Path log : nightshift.logs()) {
                // The admin's password is said once, by the first start
                if (!(name.equals("admin.password") && log.equals(nightshift.output(1)))
                        && read(log).contains(secret)) {
                    found.add(name + " in " + log);
                }
            }
        });
        assertEquals(List.of(), found.stream().distinct().toList());
    }

    /** The launcher and the server were given theirs; nobody else may have them, nor anybody on the command line. */
    private void searchProcesses(Map<String, String> secrets, List<String> found) {
        List<Long> trusted = new ArrayList<>(
                nightshift.servers().stream().map(ProcessHandle::pid).toList());
        trusted.add(nightshift.launcher().pid());
        trusted.add(ProcessHandle.current().pid());
        nightshift.launcher().descendants().forEach(process -> {
            String command = Processes.commandLine(process);
            // The JDK's own helper is the server itself for the moment before it becomes the child
            String environment = trusted.contains(process.pid())
                            || command.contains("/bin/server")
                            || command.contains("/lib/jspawnhelper")
                    ? ""
                    : Processes.environment(process);
            secrets.forEach((name, secret) -> {
                if (command.contains(secret)) {
                    found.add(name + " on the command line of " + command);
                }
                if (environment.contains(secret)) {
                    found.add(name + " in the environment of " + command);
                }
            });
        });
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theSecretsFolderIsTheOwnersAlone() throws IOException {
        Path folder = nightshift.data().resolve("secrets");
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                assertFalse(
                        Files.getPosixFilePermissions(file).stream()
                                .anyMatch(permission -> !permission.name().startsWith("OWNER")),
                        file.toString());
            }
        }
    }
}
