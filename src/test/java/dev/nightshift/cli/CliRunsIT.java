package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Runs from the command line: started, waited for, followed, stopped. */
class CliRunsIT extends InstalledCommand {
    /** A backup that takes long enough to be met. */
    private String slowBackup() throws IOException {
        String id = nightshift("run", "start", "backup", "-d", "demo", "-p", "rateLimitKilobytesPerSecond=768")
                .expect(0)
                .out()
                .strip();
        Eventually.isTrue(
                "its copy",
                Duration.ofMinutes(1),
                () -> TestProject.of(nightshift.admin(), "demo")
                        .currentStep(id)
                        .filter("copy"::equals)
                        .isPresent());
        return id;
    }

    @Test
    void aBackupIsWaitedForListedShownAndRestored() throws Exception {
        Result start =
                nightshift("run", "start", "backup", "-d", "demo", "--wait").expect(0);
        assertTrue(start.out().startsWith("● done  backup of demo  "), start.out());
        assertEquals(1, start.out().lines().count(), start.out());
        assertTrue(start.err().contains("demo copy  ● done"), "a line for each change: " + start.err());
        String id = start.out().strip().substring(start.out().strip().lastIndexOf(' ') + 1);

        Facts newest = nightshift("run", "list", "--job", "backup", "--status", "completed", "--limit", "1", "--json")
                .expect(0)
                .facts();
        assertEquals(id, newest.list("items").get(0).textOr("id", ""));
        Result list = nightshift("run", "list").expect(0);
        assertTrue(list.out().startsWith("ID ") && list.out().contains(id), list.out());
        assertTrue(nightshift("run", "show", id.substring(id.length() - 12))
                .expect(0)
                .out()
                .contains("checkpoint"));
        assertTrue(nightshift("run", "log", id).expect(0).out().contains("  demo  "), "lines name their target");

        String backup = nightshift("run", "show", id, "--json")
                .expect(0)
                .facts()
                .list("targets")
                .get(0)
                .object("figures")
                .orElseThrow()
                .textOr("backup", "");
        assertTrue(nightshift("backup", "list", "-d", "demo").expect(0).out().contains(backup));
        assertTrue(nightshift("backup", "show", backup).expect(0).out().contains("not proven"));
        Path folder = nightshift.data().resolve("restore").resolve("by-command");
        nightshift("backup", "restore", backup, "--folder", folder.toString(), "--wait")
                .expect(0);
        assertTrue(Files.exists(folder.resolve("PG_VERSION")));
        Result again = nightshift("backup", "restore", backup, "--folder", folder.toString(), "--wait")
                .expect(1);
        assertTrue(again.err().contains("empty"), "the reason: " + again.err());
        Result outside =
                nightshift("backup", "restore", backup, "--folder", "relative").expect(2);
        assertTrue(outside.err().startsWith("nightshift: parameters.folder: "), outside.err());
        assertTrue(nightshift("run", "restart", id).expect(6).err().startsWith("nightshift: "));
    }

    @Test
    void aRunIsFollowedAndStopped() throws Exception {
        String id = slowBackup();
        Process following = start(
                Map.of(), List.of("sh", "-c", "exec " + COMMAND + " run log " + id + " --follow > '" + home + "/log'"));
        Eventually.isTrue(
                "a first line",
                Duration.ofSeconds(30),
                () -> Files.exists(home.resolve("log"))
                        && home.resolve("log").toFile().length() > 0);
        assertTrue(following.isAlive(), "it goes on");
        assertTrue(nightshift("run", "stop", id, "--wait").expect(0).out().startsWith("– stopped  backup of demo"));
        assertTrue(following.waitFor(30, TimeUnit.SECONDS), "it ends with the run");
        assertEquals(0, following.exitValue());
        assertEquals(
                nightshift("run", "log", id).expect(0).out(), Files.readString(home.resolve("log")), "no line is lost");
    }

    @Test
    void ctrlCLeavesTheRunGoingAndSaysSo() throws Exception {
        String id = slowBackup();
        Process waiting = start(Map.of(), List.of(COMMAND.toString(), "run", "restart", id, "--wait"));
        assertTrue(waiting.waitFor(30, TimeUnit.SECONDS));
        assertEquals(6, waiting.exitValue(), "what runs is not restarted");
        Process second = start(Map.of(), List.of(COMMAND.toString(), "run", "start", "backup", "-d", "demo", "--wait"));
        Path err = home.resolve("err");
        Eventually.isTrue(
                "its first line", Duration.ofSeconds(30), () -> err.toFile().length() > 0);
        // Who starts the tests in the background may have them ignore Ctrl-C, and all that they start
        boolean heard = Processes.hears(second.toHandle(), 2);
        new ProcessBuilder("kill", heard ? "-INT" : "-TERM", Long.toString(second.pid()))
                .start()
                .waitFor();
        assertTrue(second.waitFor(30, TimeUnit.SECONDS));
        assertEquals(heard ? 130 : 143, second.exitValue());
        String said = Files.readString(err);
        assertTrue(said.contains("goes on. Follow it: nightshift run log"), said);
        nightshift("run", "stop", said.substring(said.lastIndexOf(' ')).strip(), "--wait")
                .expect(0);
        nightshift("run", "stop", id, "--wait").expect(0);
    }

    @Test
    void aTerminalSeesABar() throws Exception {
        Result shown = run(
                        Map.of("TERM", "xterm"),
                        List.of("script", "-qec", COMMAND + " run start vacuum -d demo --wait", "/dev/null"))
                .expect(0);
        assertTrue(shown.out().contains("\r\u001b[K"), "drawn over: " + shown.out());
        assertTrue(shown.out().contains("● done  vacuum of demo"), shown.out());
    }
}
