package dev.nightshift.backup.proof;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.Sandboxes;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/** A physical backup's server, recovered and promoted within a sandbox's walls, for whoever wants something out of it. */
public final class ScratchServer {
    private final Sandboxes sandboxes;
    private final List<Path> programs;
    private final ProofLimits limits;

    ScratchServer(Sandboxes sandboxes, List<Path> programs, ProofLimits limits) {
        this.sandboxes = sandboxes;
        this.programs = List.copyOf(programs);
        this.limits = limits;
    }

    /** What is done with it. */
    @FunctionalInterface
    public interface Use<T> {
        /**
         * Called once, while it runs.
         *
         * @param aim where it was recovered to
         * @param took from the first byte read to the end of recovery
         */
        T of(Sandbox sandbox, ProofMaterial.Aim aim, Duration took) throws SQLException;
    }

    /**
     * Restores, recovers, promotes and uses it; nothing of it is left, whatever comes out.
     *
     * @param purpose for the sandbox's registration
     * @throws dev.nightshift.kernel.Failure.Fatal if the backup is damaged or recovery does not come to its point
     * @throws dev.nightshift.kernel.Failure.Retryable if the store or the sandbox's disk cannot be used now
     * @throws NotPossibleHere if this machine lacks something
     * @throws CancellationException if the watch said so
     */
    public <T> T use(String purpose, StoredMaterial material, ProofWatch watch, Use<T> use) {
        Binaries binaries = InSandbox.binaries(material.major(), programs);
        material.locate(watch);
        // Twice: what is taken out of it lies beside it for a while
        Bytes plain = material.plainSize();
        Bytes room = new Bytes(material.room().value() + plain.value());
        return InSandbox.run(
                sandboxes,
                purpose,
                room,
                material.needed(),
                limits,
                watch,
                sandbox -> used(material, watch, sandbox, binaries, use));
    }

    private <T> T used(StoredMaterial material, ProofWatch watch, Sandbox sandbox, Binaries binaries, Use<T> use) {
        var server = new RecoveringServer(material, limits, watch, sandbox);
        server.fill(binaries);
        ProofMaterial.Aim aim = material.aim();
        try {
            server.recover(aim.recovery());
            try (Connection connection = server.firstAnswer()) {
                server.awaitPosition(connection, aim);
                server.promote(connection, aim);
            }
            return use.of(sandbox, aim, Objects.requireNonNull(server.rto()));
        } catch (SQLException e) {
            throw server.failed(e);
        }
    }
}
