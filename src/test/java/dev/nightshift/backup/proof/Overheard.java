package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds the proof up for a moment after the promotion, so that whoever wants to act can, and reads the server's log. */
final class Overheard implements ProofWatch {
    private static final int WAIT_SECONDS = 3;
    private static final int MOST_SECONDS = 90;

    private final Path sandboxes;
    private final @Nullable String awaited;
    private String log = "";

    Overheard(Path sandboxes) {
        this(sandboxes, null);
    }

    /** @param awaited what the log is to say, for which it waits longer */
    Overheard(Path sandboxes, @Nullable String awaited) {
        this.sandboxes = sandboxes;
        this.awaited = awaited;
    }

    String log() {
        return log;
    }

    @Override
    public void progress(Step step, ProofLevel level, long done, long total) {
        if (step == Step.CHECK && log.isEmpty()) {
            try (Stream<Path> all = Files.list(sandboxes)) {
                Path file =
                        all.filter(Files::isDirectory).findFirst().orElseThrow().resolve("server.log");
                for (int second = 0; second < MOST_SECONDS; second++) {
                    TimeUnit.SECONDS.sleep(1);
                    log = Files.readString(file);
                    if (second + 1 >= WAIT_SECONDS && (awaited == null || log.contains(awaited))) {
                        return;
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void note(String message) {}

    @Override
    public boolean stopped() {
        return false;
    }
}
