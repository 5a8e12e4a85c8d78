package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A script that was copied halfway must not tell PostgreSQL that the log ends. */
class WalScriptTest {
    private static final Path SCRIPT = Path.of("bin", "nightshift-wal");

    /** Its second line says so, before anything else is read. */
    private static final String SAFE_FROM = "trap 'exit 200' EXIT\n";

    private static final int STEP = 331;

    @Test
    void whereverItEndsItEndsWith200(@TempDir Path folder) throws IOException {
        byte[] whole = Files.readAllBytes(SCRIPT);
        Path cut = folder.resolve("cut");
        int from = new String(whole, StandardCharsets.UTF_8).indexOf(SAFE_FROM) + SAFE_FROM.length();
        for (int end = from; end < whole.length; end += STEP) {
            Files.write(cut, Arrays.copyOf(whole, end));
            Processes.Result result = Processes.run(
                    Duration.ofSeconds(60),
                    List.of("sh", cut.toString(), "fetch", "000000010000000000000001", folder + "/target"));
            assertEquals(200, result.exit(), end + ": " + result.output());
        }
    }
}
