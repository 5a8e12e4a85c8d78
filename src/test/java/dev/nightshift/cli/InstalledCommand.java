package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.nightshift.runtime.tls.ServedCertificate;
import dev.nightshift.testing.Nightshift;
import jakarta.json.Json;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The jar as people run it, by its script, logged in to the product as people start it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class InstalledCommand {
    static final Duration DEADLINE = Duration.ofMinutes(3);
    static final Path COMMAND = Path.of("bin", "nightshift").toAbsolutePath();

    Nightshift nightshift;
    Path home;

    record Result(int exit, String out, String err) {
        Result expect(int code) {
            assertEquals(code, exit, () -> out + err);
            return this;
        }

        JsonValue json() {
            try (JsonReader reader = Json.createReader(new StringReader(out))) {
                return reader.readValue();
            }
        }

        Facts facts() {
            return new Facts(json().asJsonObject());
        }
    }

    @BeforeAll
    void logIn(@TempDir Path folder) throws Exception {
        nightshift = Nightshift.shared();
        nightshift.awaitDemoRound();
        home = Files.createDirectory(folder.resolve("home"));
        URI https = nightshift.https();
        Path certificate = Files.writeString(
                folder.resolve("nightshift.pem"),
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(ServedCertificate.at(https.getHost(), https.getPort())
                                        .getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        Result login = run(
                        Map.of("NIGHTSHIFT_KEY", Nightshift.BOOTSTRAP_KEY),
                        List.of(
                                COMMAND.toString(),
                                "login",
                                "--url",
                                https.toString(),
                                "--project",
                                "demo",
                                "--ca-file",
                                certificate.toString()))
                .expect(0);
        assertFalse((login.out() + login.err()).contains(Nightshift.BOOTSTRAP_KEY), "the key is not shown");
    }

    Result nightshift(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(COMMAND.toString()));
        command.addAll(Arrays.asList(arguments));
        return run(Map.of(), command);
    }

    Result run(Map<String, String> environment, List<String> command) throws IOException {
        Process process = start(environment, command);
        try {
            if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " was not done in " + DEADLINE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return new Result(
                process.exitValue(), Files.readString(home.resolve("out")), Files.readString(home.resolve("err")));
    }

    Process start(Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(home.resolve("out").toFile())
                .redirectError(home.resolve("err").toFile());
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("NIGHTSHIFT_") || name.startsWith("LC_") || name.equals("LANG"));
        builder.environment()
                .putAll(Map.of(
                        "HOME",
                        home.toString(),
                        "XDG_CONFIG_HOME",
                        home.resolve("config").toString(),
                        "JAVA_HOME",
                        System.getProperty("java.home"),
                        "TZ",
                        "Europe/Vienna"));
        builder.environment().putAll(environment);
        return builder.start();
    }
}
