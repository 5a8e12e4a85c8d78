package dev.nightshift.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command's surroundings of which a test sees what was written; no terminal, Vienna's time. */
record RecordedShell(Shell shell, ByteArrayOutputStream out, ByteArrayOutputStream err) {
    static RecordedShell of(Map<String, String> environment) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Shell shell = new Shell(
                environment,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                Optional::empty,
                ZoneId.of("Europe/Vienna"),
                () -> Instant.parse("2026-11-28T02:16:03Z"));
        return new RecordedShell(shell, out, err);
    }

    /** Runs a command; what it ends with. */
    int run(String... arguments) {
        return NightshiftCommand.run(List.of(arguments), shell);
    }

    String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String said() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
