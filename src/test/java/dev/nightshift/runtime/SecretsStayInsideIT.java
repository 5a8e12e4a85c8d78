package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Certificates;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.SupportZip;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.Children;
import dev.nightshift.testing.harness.SecretSearch;
import jakarta.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Secrets are planted, everything is made to happen with them, and then whatever was written, answered or handed to another
 * process is searched for them. They hold what encodings change.
 */
class SecretsStayInsideIT {
    private static final String ODD = "+/ %&\"ü\\";
    private static final String TARGET = "planted-target" + ODD + "password-8f2d71";
    private static final String WRONG = "planted-wrong" + ODD + "password-51c3aa";
    private static final String PERSON = "planted-person" + ODD + "password-c09e44";
    private static final String CLIENT = "planted-client" + ODD + "secret-77b1e0";

    /** 32 bytes: the key itself, which is given as base64. */
    private static final String MASTER = "planted-master-key+/ %&\"\\-3e9a0c";

    /** No secret: the name of a database and of a folder of programs. It must be found wherever is looked for the others. */
    private static final String DECOY = "planted-decoy-4b1c";

    /** What is meant to hold secrets while the server runs; below folders that are their owner's alone. */
    private static final Pattern HOLDERS = Pattern.compile("secrets/.*|run/variables/.*"
            + "|liberty/output/nightshift/workarea/.*/(configs\\.data|variableCacheData)");

    /** Programs as they were unpacked; a database server's own files, whose content is searched by its tables. */
    private static final Pattern NOT_OURS = Pattern.compile("(postgresql|repository/data|restore)/.*");

    private final Path folder;

    SecretsStayInsideIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void nothingThatIsWrittenAnsweredOrHandedOnHoldsASecret() throws Exception {
        Certificates certificates = Certificates.create(Files.createDirectory(folder.resolve("tls")), "localhost");
        Path written = folder.resolve("short-lived");
        Path programs = Children.programs(Files.createDirectory(folder.resolve(DECOY)), written);
        Nightshift nightshift = Nightshift.prepare(Map.of(
                "NIGHTSHIFT_DEMO",
                "false",
                "NIGHTSHIFT_MASTER_KEY",
                base64(MASTER),
                "NIGHTSHIFT_TLS_CERTIFICATE",
                certificates.certificate().toString(),
                "NIGHTSHIFT_TLS_KEY",
                certificates.key().toString(),
                "NIGHTSHIFT_OIDC_ISSUER",
                "https://127.0.0.1:1/nobody",
                "NIGHTSHIFT_OIDC_CLIENT_ID",
                "nightshift",
                "NIGHTSHIFT_OIDC_CLIENT_SECRET",
                CLIENT,
                "NIGHTSHIFT_OIDC_REDIRECT_URI",
                "https://localhost/api/login/openid/callback",
                "NIGHTSHIFT_POSTGRES_BINARIES",
                programs + ":" + Postgres.binaries(16).bin()));
        try {
            nightshift.start();
            Map<String, String> secrets = new TreeMap<>(Map.of(
                    "the target's password", TARGET,
                    "a wrong password", WRONG,
                    "a person's password", PERSON,
                    "the OpenID client's secret", CLIENT,
                    "the master key", MASTER,
                    "the bootstrap key", Nightshift.BOOTSTRAP_KEY,
                    "the certificate's key",
                            Files.readAllLines(certificates.key()).get(2)));
            try (Children children = new Children(nightshift, written)) {
                String made = everythingHappens(nightshift);
                for (Path file : files(nightshift.data().resolve("secrets"))) {
                    secrets.put(
                            file.getFileName().toString(),
                            Files.readString(file).strip());
                }
                SecretSearch search = new SecretSearch(secrets);
                SecretSearch withKey = new SecretSearch(Map.of("a key that was made", made, "the decoy", DECOY));
                SecretSearch decoy =
                        new SecretSearch(Map.of("the decoy", DECOY)); // a key is in the answer that made it
                Map<String, String> given = children.given();
                given.forEach((place, what) -> {
                    search.in(place, what);
                    withKey.in(place, what);
                });
                assertTrue(
                        given.entrySet().stream()
                                .anyMatch(each -> each.getKey().startsWith("environment of ")
                                        && each.getValue().contains("LANG=C")),
                        "no child's environment was seen");
                searchFiles(nightshift, HOLDERS, search, withKey);
                nightshift.repository().eachColumn((place, text) -> {
                    search.in(place, text);
                    withKey.in(place, text);
                });
                SupportZip.of(nightshift).forEach((name, text) -> {
                    search.in("the support bundle's " + name, text);
                    withKey.in("the support bundle's " + name, text);
                });
                Api.answersSoFar().forEach(answer -> {
                    search.in("an answer", answer);
                    decoy.in("an answer", answer);
                });
                assertEquals(
                        1,
                        Api.answersSoFar().stream()
                                .filter(answer -> answer.contains(made))
                                .count(),
                        "a key is told once");
                nightshift.stop();
                searchFiles(nightshift, Pattern.compile("secrets/.*"), search, withKey);
                assertEquals(List.of(), search.found());
                assertFound(Stream.concat(withKey.found().stream(), decoy.found().stream())
                        .toList());
            }
        } finally {
            nightshift.remove();
        }
    }

    /** A search that finds nothing is worth something only if it would have. */
    private static void assertFound(List<String> found) {
        assertEquals(
                List.of(),
                found.stream().filter(each -> !each.startsWith("the decoy")).toList());
        for (String place : List.of(
                "the decoy in logs/messages.log",
                "the decoy in column fleet.database.name",
                "the decoy in an answer",
                "the decoy in what a short-lived program was given")) {
            assertTrue(found.contains(place), () -> place + " is not in " + found);
        }
        assertTrue(found.stream().noneMatch(each -> each.contains("support bundle")), found::toString);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** @return an API key that was made meanwhile */
    private static String everythingHappens(Nightshift nightshift) throws Exception {
        Api admin = nightshift.admin();
        TestProject project = TestProject.create(admin, "secrets");
        String made;
        try (Postgres server = Postgres.start(16, Map.of("wal_level", "logical"))) {
            server.execute("postgres", "create role crew login superuser password '" + TARGET + "'");
            project.register(DECOY, server, "postgres", "crew", TARGET);
            project.register("locked-out", server, "postgres", "crew", WRONG);
            made = people(nightshift);
            admin.post(project.path("databases/locked-out/check"), TestProject.none());
            String failing = project.start("vacuum", "locked-out", TestProject.none());
            project.complete("vacuum", DECOY, TestProject.none());
            project.complete("backup", DECOY, TestProject.none());
            project.complete("restore-drill", DECOY, TestProject.none());
            Path restored = nightshift.data().resolve("restore/again");
            project.complete("restore", DECOY, TestProject.parameters("folder", restored.toString()));
            project.ended(failing, Duration.ofMinutes(3));
            project.log(failing);
            for (String path : List.of(
                    "instances",
                    "databases",
                    "databases/" + DECOY,
                    "runs",
                    "backups",
                    "findings",
                    "schedules",
                    "members")) {
                project.api().get(project.path(path)).expect(200);
            }
        }
        for (String path : List.of("api/audit", "api/audit/export", "api/people", "api/keys", "api/nodes", "openapi")) {
            admin.get(path).expect(200);
        }
        nightshift.scraper().get("metrics").expect(200);
        return made;
    }

    private static String people(Nightshift nightshift) {
        Api admin = nightshift.admin();
        admin.post(
                        "api/people",
                        Json.createObjectBuilder()
                                .add("name", "planted")
                                .add("displayName", "Planted")
                                .add("password", PERSON)
                                .build())
                .expect(201);
        Api anybody = Api.at(nightshift.https());
        anybody.post("api/login", login("planted", PERSON)).expect(200);
        anybody.post("api/login", login(PERSON, WRONG)).expect(401);
        anybody.with("Authorization", "Basic " + base64("admin:" + WRONG))
                .get("api/me")
                .expect(401);
        anybody.get("api/login/openid");
        admin.send("POST", "api/people", "{\"name\":\"x\",\"password\":\"" + base64(WRONG) + "\",")
                .expect(400);
        return admin.post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "planted")
                                .add("project", "secrets")
                                .add("role", "VIEWER")
                                .build())
                .expect(201)
                .object()
                .getString("key");
    }

    private static jakarta.json.JsonObject login(String name, String password) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("password", password)
                .build();
    }

    /** Logs, dumps, the server's own state, the store, and the launcher's words. */
    private static void searchFiles(Nightshift nightshift, Pattern holders, SecretSearch search, SecretSearch withKey)
            throws IOException {
        Path data = nightshift.data();
        Set<Path> searched = new HashSet<>();
        // Twice: a file that the server replaces meanwhile goes by another name then
        for (int pass = 0; pass < 2; pass++) {
            for (Path file : files(data)) {
                String name = data.relativize(file).toString();
                if (holders.matcher(name).matches() || NOT_OURS.matcher(name).matches() || !searched.add(file)) {
                    continue;
                }
                try {
                    byte[] content = Files.readAllBytes(file);
                    search.in(name, content);
                    withKey.in(name, content);
                } catch (NoSuchFileException e) {
                    // See above
                }
            }
        }
        // The admin's password is said once, by the first start
        String said = Files.readString(nightshift.output(1));
        String password =
                Files.readString(data.resolve("secrets/admin.password")).strip();
        assertTrue(said.contains("admin / " + password), said);
        search.in("the launcher's words", said.replace("admin / " + password, ""));
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of the product that all tests share: what their mistakes, kills and floods made it write. */
    @Test
    void noLogNoRowAndNoAnswerOfAnyTestHoldsASecretOfTheSharedProduct() throws Exception {
        Nightshift nightshift = Nightshift.shared();
        Map<String, String> secrets = new HashMap<>(Map.of("the bootstrap key", Nightshift.BOOTSTRAP_KEY));
        for (Path file : files(nightshift.data().resolve("secrets"))) {
            secrets.put(file.getFileName().toString(), Files.readString(file).strip());
        }
        SecretSearch search = new SecretSearch(secrets);
        Api.answersSoFar().forEach(answer -> search.in("an answer", answer));
        nightshift.repository().eachColumn(search::in);
        String password = Files.readString(nightshift.data().resolve("secrets/admin.password"))
                .strip();
        for (Path log : nightshift.logs()) {
            String text = Files.readString(log, StandardCharsets.ISO_8859_1);
            search.in(
                    log.toString(), log.equals(nightshift.output(1)) ? text.replace("admin / " + password, "") : text);
        }
        assertEquals(List.of(), search.found());
    }

    @Test
    void theSecretsFolderIsTheOwnersAlone() throws IOException {
        Path data = Nightshift.shared().data();
        for (Path holder : List.of(data.resolve("secrets"), data.resolve("run/variables"))) {
            try (Stream<Path> files = Files.walk(holder)) {
                for (Path file : files.toList()) {
                    assertFalse(
                            Files.getPosixFilePermissions(file).stream()
                                    .anyMatch(permission -> !permission.name().startsWith("OWNER")),
                            file.toString());
                }
            }
        }
        assertEquals(
                "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("liberty"))));
    }
}
