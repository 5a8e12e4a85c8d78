package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Starts Nightshift: embedded databases, schema, server; stays until a signal or the server's end, and stops them in the
 * reverse order. What {@code ./mvnw} runs, in the build's own JVM.
 */
public final class Launcher {
    /** Beyond the drain: the server may take 60 s, each database a moment more. */
    private static final Duration STOP = Duration.ofMinutes(2);

    private final Path basedir;
    private final Map<String, String> environment;
    private final Terminal terminal;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean stopping;
    private volatile Duration deadline = STOP;

    private Launcher(Path basedir, Map<String, String> environment, Terminal terminal) {
        this.basedir = basedir;
        this.environment = environment;
        this.terminal = terminal;
    }

    /**
     * Runs until the end. Exit code 0 after SIGTERM or Ctrl-C, 1 if the start failed or the server ended by itself.
     *
     * @param arguments the project's folder; the current one if there is none
     */
    public static void main(String[] arguments) {
        Path basedir = Path.of(arguments.length > 0 ? arguments[0] : "")
                .toAbsolutePath()
                .normalize();
        Launcher launcher = new Launcher(basedir, System.getenv(), new Terminal(System.out));
        Thread main = Thread.currentThread();
        Thread hook = new Thread(() -> launcher.onSignal(main), "nightshift-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        boolean orderly = launcher.run();
        if (!launcher.stopping) {
            Runtime.getRuntime().removeShutdownHook(hook);
            System.exit(orderly ? 0 : 1);
        }
    }

    /** The main thread stops everything, wherever it is in the start; the JVM ends when it is through. */
    private void onSignal(Thread main) {
        stopping = true;
        terminal.say("Stopping …");
        main.interrupt();
        boolean clean = false;
        try {
            clean = done.await(deadline.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        terminal.say(clean ? "Stopped." : "Not everything stopped within " + deadline.toSeconds() + " s.");
        Runtime.getRuntime().halt(clean ? 0 : 1);
    }

    /** Work that may fail, or be unable to give the data folder back. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    /** Does it; says why it failed, and what helps, if it does. */
    static boolean said(Terminal terminal, Work work) {
        try {
            work.run();
            return true;
        } catch (Failure e) {
            terminal.say("");
            terminal.say(String.valueOf(e.getMessage()));
            if (e.remedy() != null) {
                terminal.say(e.remedy());
            }
        } catch (IOException e) {
            terminal.say("The data folder's lock could not be given back: " + e.getMessage());
        }
        return false;
    }

    /** @return whether it ended because it was told to */
    private boolean run() {
        try {
            said(terminal, () -> {
                try {
                    startAndWatch();
                } catch (Failure e) {
                    if (!stopping) { // what was interrupted by the stop is no news
                        throw e;
                    }
                }
            });
        } finally {
            done.countDown();
        }
        return stopping;
    }

    @SuppressWarnings("try") // the lock is held, not used
    private void startAndWatch() throws IOException {
        LauncherConfig config = LauncherConfig.from(environment, basedir);
        deadline = STOP.plus(config.drain());
        try (DataFolder taken = DataFolder.take(config.data())) {
            Launch launch = new Launch(config, basedir, terminal);
            try {
                terminal.say("Nightshift starts in " + config.data());
                watch(launch.start(), new LibertyServer.Places(basedir, config.data()));
            } finally {
                Thread.interrupted(); // the stop itself waits, too
                launch.stop();
            }
        }
    }

    private void watch(LibertyServer server, LibertyServer.Places places) {
        try {
            int exit = server.ended().get();
            if (!stopping) {
                terminal.say("The server ended by itself (exit code " + exit + "). Its log: " + places.log());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Waiting for the server failed.", e);
        }
    }
}
