package dev.nightshift.backup.proof;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.Sandboxes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A sandbox around some work, ended when the work is to stop, and gone afterwards however it came out. */
final class InSandbox {
    private static final Duration LOOK = Duration.ofMillis(250);

    private InSandbox() {}

    /**
     * Does the work.
     *
     * @param purpose for the sandbox's registration: {@code "proof of backup 0190…"}
     * @param room what it may take at most
     * @param needed what has to be free
     * @throws NotPossibleHere if this machine lacks something
     * @throws CancellationException if the watch said so
     */
    static <T> T run(
            Sandboxes sandboxes,
            String purpose,
            Bytes room,
            Bytes needed,
            ProofLimits limits,
            ProofWatch watch,
            Function<Sandbox, T> work) {
        try (Sandbox sandbox = sandboxes.create(purpose, limits.quota(room), needed, limits.timeToLive())) {
            Thread stopper = stopper(sandbox, watch);
            try {
                return work.apply(sandbox);
            } catch (Failure.Retryable e) {
                throw Sandbox.lackIn(String.valueOf(e.getMessage()))
                        .<RuntimeException>map(lack -> lack)
                        .orElse(e);
            } catch (RuntimeException e) {
                if (watch.stopped() && !(e instanceof CancellationException)) {
                    throw new CancellationException("The proof was stopped.");
                }
                throw e;
            } finally {
                stopper.interrupt();
            }
        }
    }

    /** @throws NotPossibleHere if there are no server programs of this version */
    static Binaries binaries(int major, List<Path> programs) {
        try {
            return Binaries.require(major, programs);
        } catch (Failure.Skippable e) {
            throw new NotPossibleHere(String.valueOf(e.getMessage()), e.remedy(), e);
        }
    }

    /** A check of a large table is one statement: only the end of its server stops it. */
    private static Thread stopper(Sandbox sandbox, ProofWatch watch) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (!watch.stopped()) {
                            TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
                        }
                        sandbox.kill("the proof was stopped");
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "proof-stop-" + sandbox.id());
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
