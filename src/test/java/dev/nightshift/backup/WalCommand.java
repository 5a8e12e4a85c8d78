package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.runtime.tls.ServedCertificate;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** bin/nightshift-wal as an installed program, with settings in a file. */
final class WalCommand {
    private static final Path SCRIPT = Path.of("bin", "nightshift-wal").toAbsolutePath();
    private static final Path GUIDE = Path.of("docs", "how-to", "ship-the-log-by-archive-command.md");
    private static final Duration DEADLINE = Duration.ofSeconds(90);

    private final Path config;

    private WalCommand(Path config) {
        this.config = config;
    }

    /** Settings and a key in a folder that is there. */
    static WalCommand install(Path folder, URI server, String project, String instance, String key) throws IOException {
        Files.createDirectories(folder);
        Path keyFile = Files.createFile(
                folder.resolve("key"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(keyFile, key + "\n");
        return new WalCommand(Files.writeString(
                folder.resolve("nightshift-wal.conf"),
                "# whose log it is\nNIGHTSHIFT_URL=" + server + "\nNIGHTSHIFT_PROJECT=" + project
                        + "\nNIGHTSHIFT_SERVER=" + instance + "\nNIGHTSHIFT_KEY_FILE=" + keyFile
                        + "\nNIGHTSHIFT_WAL_TRIES=1\n"));
    }

    /** The same against Nightshift's own certificate. */
    static WalCommand install(Path folder, Nightshift nightshift, String project, String instance, String key)
            throws Exception {
        URI https = nightshift.https();
        WalCommand command = install(folder, https, project, instance, key);
        Path certificate = Files.writeString(
                folder.resolve("nightshift.pem"),
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(ServedCertificate.at(https.getHost(), https.getPort())
                                        .getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        return command.with("NIGHTSHIFT_CA_FILE", certificate.toString());
    }

    /** The same with another setting. */
    WalCommand with(String name, String value) throws IOException {
        Path other = Files.createTempFile(config.getParent(), "settings", ".conf");
        return new WalCommand(Files.writeString(
                other, Files.readString(config).replaceAll("(?m)^" + name + "=.*\n", "") + name + "=" + value + "\n"));
    }

    /** The value of a setting of postgresql.conf, as the guide has it, but for where script and settings are. */
    String documented(String setting) throws IOException {
        return Files.readAllLines(GUIDE).stream()
                .filter(each -> each.startsWith(setting + " = '"))
                .findFirst()
                .map(each -> each.substring(each.indexOf('\'') + 1, each.lastIndexOf('\''))
                        .replace("/usr/local/bin/nightshift-wal", SCRIPT + " --config " + config))
                .orElseThrow(() -> new AssertionError("The guide has no " + setting + "."));
    }

    /** Runs it in a folder; what it said is in the output. */
    Processes.Result run(Path in, String... words) throws IOException {
        return run(in, Map.of(), words);
    }

    Processes.Result run(Path in, Map<String, String> environment, String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of("env"));
        environment.forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(List.of("/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", in.toString()));
        command.addAll(List.of("/bin/sh", SCRIPT.toString(), "--config", config.toString()));
        command.addAll(List.of(words));
        return Processes.run(DEADLINE, command);
    }

    /** It fetches a file of this content into a folder. */
    static void fetched(WalCommand command, Path here, String file, byte[] expected) throws IOException {
        Processes.Result result =
                command.run(here, "fetch", file, here.resolve(file).toString());
        assertEquals(0, result.exit(), result.output());
        assertArrayEquals(expected, Files.readAllBytes(here.resolve(file)), file);
    }

    /** It fetches nothing, ends so and says why. */
    static void fetches(int exit, String word, WalCommand command, Path here, String file) throws IOException {
        Path target = here.resolve("fetched");
        Processes.Result result = command.run(here, "fetch", file, target.toString());
        assertEquals(exit, result.exit(), file + ": " + result.output());
        assertTrue(result.output().contains(word), result.output());
        assertFalse(Files.exists(target), file);
        assertFalse(Files.exists(here.resolve("fetched.nightshift-wal")), file);
    }

    /** It pushes a file, ends so and says why. */
    static void pushes(int exit, String word, WalCommand command, Path path, String file) throws IOException {
        Processes.Result result = command.run(path.resolveSibling("."), "push", path.toString(), file);
        assertEquals(exit, result.exit(), file + ": " + result.output());
        assertTrue(result.output().contains(word), result.output());
    }
}
