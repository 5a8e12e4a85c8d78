package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The demo's server and shop, made beside the repository and its migration: together they use both cores. */
final class DemoStart {
    /** A statement that does not hear an interrupt ends when its server does. */
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(30);

    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private final Thread thread;
    private volatile @Nullable EmbeddedCluster cluster;

    private DemoStart(Binaries binaries, Path data, int port, Secrets secrets, Terminal terminal) {
        thread = new Thread(
                () -> {
                    try {
                        run(binaries, data.resolve("demo"), port, secrets, terminal);
                        done.complete(null);
                    } catch (RuntimeException | IOException e) {
                        done.completeExceptionally(e);
                    }
                },
                "demo");
        thread.start();
    }

    static DemoStart begin(Binaries binaries, Path data, int port, Secrets secrets, Terminal terminal) {
        return new DemoStart(binaries, data, port, secrets, terminal);
    }

    private void run(Binaries binaries, Path folder, int port, Secrets secrets, Terminal terminal) throws IOException {
        EmbeddedCluster started = terminal.timed(
                "Demo server ready on port " + port, () -> EmbeddedDatabases.demo(binaries, folder, port, secrets));
        cluster = started;
        Files.writeString(portFile(folder), port + "\n");
        DemoData shop = new DemoData(started);
        String password = secrets.password(Secrets.DEMO_PASSWORD);
        if (shop.isMissing()) {
            terminal.timed("Demo shop filled with two years of orders", () -> shop.prepare(password));
        } else {
            shop.prepare(password);
        }
    }

    /**
     * The port that nobody chose: the one after the repository's, or any free one where that is taken. It is kept, because
     * the demo is registered with it.
     */
    static int port(Path data, int repositoryPort) {
        Path file = portFile(data.resolve("demo"));
        try {
            if (Files.exists(file)) {
                return Integer.parseInt(Files.readString(file).strip());
            }
            return Ports.isFree("127.0.0.1", repositoryPort + 1) ? repositoryPort + 1 : Ports.anyFree();
        } catch (IOException | NumberFormatException e) {
            throw new Failure.Fatal("The demo's port cannot be read from " + file + ".", "Delete the file.", e);
        }
    }

    private static Path portFile(Path folder) {
        return folder.resolve("port");
    }

    /** Returns when the shop is there; throws what went wrong. */
    void await() {
        try {
            done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Fatal("Stopped while the demo was starting.", null, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Failure failure) {
                throw failure;
            }
            throw new CompletionException(e.getCause());
        }
    }

    /** Stops the server, in whatever state of its start. */
    void stop() {
        thread.interrupt();
        EmbeddedCluster running = cluster;
        if (running != null) {
            running.stop();
        }
        try {
            thread.join(STOP_DEADLINE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        EmbeddedCluster late = cluster;
        if (late != null) {
            late.stop();
        }
    }
}
