package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The words at readiness. Password and advice are said once: a file remembers that they are still to be said, so that a
 * first start that was cut off does not keep them for itself.
 */
final class Announcement {
    private static final String PENDING = "first-start";

    private Announcement() {}

    /** Notes that the repository was new at this start. */
    static void firstStart(Path data) {
        try {
            Files.createDirectories(data.resolve("run"));
            Files.writeString(data.resolve("run").resolve(PENDING), "The admin password was not shown yet.\n");
        } catch (IOException e) {
            throw new Failure.Fatal("The data folder " + data + " cannot be written to: " + e.getMessage(), null, e);
        }
    }

    static void print(Terminal terminal, LauncherConfig config, Secrets secrets, Path data) {
        // Since the command: the build before the launcher runs in the same JVM
        Duration since = Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
        terminal.say("Ready in " + Terminal.seconds(since));
        terminal.say("");
        terminal.say("  Console      https://localhost:" + config.httpsPort() + "/");
        try {
            if (Files.exists(data.resolve("run").resolve(PENDING))) {
                String off = "false".equalsIgnoreCase(config.passedOn().get("NIGHTSHIFT_LOCAL_LOGIN"))
                        ? " once NIGHTSHIFT_LOCAL_LOGIN is true"
                        : "";
                terminal.say("  Login        admin / " + secrets.password(Secrets.ADMIN_PASSWORD) + off
                        + "   (shown this once; kept in " + secrets.file(Secrets.ADMIN_PASSWORD) + ")");
                if (config.masterKey().isEmpty() && config.kms().isEmpty()) {
                    terminal.say("  Master key   " + secrets.file(Secrets.MASTER_KEY));
                    terminal.say(
                            "               Copy it to a safe place that is not this machine. Every backup is encrypted"
                                    + " under it: whoever loses it loses them all.");
                }
                Files.delete(data.resolve("run").resolve(PENDING));
            }
        } catch (IOException e) {
            throw new Failure.Fatal("The data folder " + data + " cannot be written to: " + e.getMessage(), null, e);
        }
        terminal.say("  Stop         Ctrl-C");
        terminal.say("");
    }
}
