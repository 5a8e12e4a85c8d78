package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.sandbox.BootstrapRole;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Preload;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.SandboxFolder;
import dev.nightshift.sandbox.ServerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The server of a backup in its sandbox: filled from the store, started once for each place where recovery is to pause, held
 * against where it should have come, and promoted. Use an object once.
 */
final class RecoveringServer {
    private static final Duration LOOK = Duration.ofMillis(100);

    /** SQLSTATE while the server starts and is not consistent yet. */
    private static final String STARTING = "57P03";

    /** Class of SQLSTATE while there is no socket yet. */
    private static final String NO_CONNECTION = "08";

    /** SQLSTATEs of a database that was dropped or closed on the source. */
    private static final Set<String> NO_SUCH_DATABASE = Set.of("3D000", "55000");

    private final ProofMaterial material;
    private final ProofLimits limits;
    private final ProofWatch watch;
    private final Sandbox sandbox;
    private final Map<Path, Path> mapped = new HashMap<>();
    private long began;
    private @Nullable Binaries binaries;
    private String superuser = "";
    private Preload preload = Preload.NONE;
    private boolean started;
    private @Nullable Duration rto;

    RecoveringServer(ProofMaterial material, ProofLimits limits, ProofWatch watch, Sandbox sandbox) {
        this.material = material;
        this.limits = limits;
        this.watch = watch;
        this.sandbox = sandbox;
    }

    /** From the first byte read to the first right answer; null if none came. */
    @Nullable
    Duration rto() {
        return rto;
    }

    /**
     * Writes the backup into the sandbox's folders; then its material knows its aim.
     *
     * @throws Failure.Fatal if it is damaged
     * @throws CancellationException if the watch said so
     */
    void fill(Binaries programs) {
        began = System.nanoTime();
        binaries = programs;
        SandboxFolder folder = sandbox.folder();
        material.restore(folder, watch).forEach((oid, location) -> mapped.put(location, folder.tablespace(oid)));
        mapped.keySet()
                .forEach(location -> watch.note("The log creates a tablespace in " + location
                        + "; the sandbox has a folder of its own there."));
        stopIfAsked();
        superuser = BootstrapRole.read(folder.data());
        preload = preload(folder.data());
    }

    /** Starts it, or starts it again, to pause there. */
    void recover(ServerSettings.Recovery recovery) {
        stopIfAsked();
        Binaries programs = Objects.requireNonNull(binaries);
        var settings = new ServerSettings(material.major(), superuser, recovery, preload);
        if (started) {
            sandbox.startAgain(programs, settings, mapped);
        } else {
            sandbox.start(programs, settings, mapped);
            started = true;
        }
    }

    /** A server that answers before it came here answers with rows of before. */
    void recovered() {
        if (rto == null) {
            rto = Duration.ofNanos(System.nanoTime() - began);
            watch.note(String.format(
                    Locale.ROOT, "The restored server was recovered after %.1f s.", rto.toMillis() / 1000.0));
        }
    }

    /** What an error of a session means: what the machine lacked, or what is wrong with the backup. */
    RuntimeException failed(SQLException e) {
        stopIfAsked();
        if (!sandbox.isRunning()) {
            return told(e, sandbox.whyEnded());
        }
        ProofChecks.throwIfExhausted(sandbox, e);
        return new Failure.Fatal("The restored server fails: " + SqlFailure.words(e), null, SqlFailure.withoutRows(e));
    }

    /** Of what the source loads by itself: only what this installation allows, and the rest is told. */
    private Preload preload(Path data) {
        SourceLibraries libraries;
        try {
            libraries = SourceLibraries.of(data, material::setting);
        } catch (IOException e) {
            throw new Failure.Retryable("The restored configuration cannot be read: " + e.getMessage(), null, e);
        }
        Set<String> allowed = limits.libraries();
        Preload preload = libraries.allowed(allowed);
        if (!preload.equals(Preload.NONE)) {
            watch.note("The sandbox loads these libraries, as the source does: " + names(preload) + ".");
        }
        List<String> leftOut = libraries.leftOut(allowed);
        if (!leftOut.isEmpty()) {
            watch.note("The sandbox does not load these libraries, which the source does: " + String.join(", ", leftOut)
                    + ". NIGHTSHIFT_PROOF_LIBRARIES does not name them.");
        }
        return preload;
    }

    private static String names(Preload preload) {
        return Stream.concat(preload.shared().stream(), preload.session().stream())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    /** The server's last words say why; the session's only that it broke, but it may name what was looked at. */
    private static RuntimeException told(SQLException e, RuntimeException why) {
        if (why instanceof NotPossibleHere) {
            return why;
        }
        return new Failure.Fatal(e.getMessage() + " The restored server ended: " + why.getMessage(), null, e);
    }

    /** A session, as soon as one is to be had. */
    Connection firstAnswer() {
        String database = "postgres";
        while (true) {
            try {
                return sandbox.connect(database);
            } catch (SQLException e) {
                if (!sandbox.isRunning()) {
                    stopIfAsked();
                    throw aborted(sandbox.whyEnded());
                }
                String state = String.valueOf(e.getSQLState());
                if (NO_SUCH_DATABASE.contains(state) && database.equals("postgres")) {
                    database = "template1";
                } else if (!state.equals(STARTING) && !state.startsWith(NO_CONNECTION)) {
                    throw refused(e);
                }
            }
            pause();
        }
    }

    private RuntimeException refused(SQLException e) {
        return Sandbox.lackIn(String.valueOf(e.getMessage()))
                .or(() -> sandbox.exhausted(e))
                .<RuntimeException>map(lack -> lack)
                .orElseGet(() -> new Failure.Fatal("The restored server lets nobody in: " + e.getMessage(), null, e));
    }

    private RuntimeException aborted(RuntimeException why) {
        return why instanceof NotPossibleHere
                ? why
                : new Failure.Fatal(
                        "Recovery did not reach " + material.aim().expected() + " on timeline "
                                + material.aim().timeline() + ": " + why.getMessage(),
                        "Is a part of the log missing? Look at the level READABLE.",
                        why);
    }

    /**
     * Waits until recovery pauses at its aim.
     *
     * @throws Failure.Fatal if it came anywhere else
     */
    void awaitPosition(Connection connection, ProofMaterial.Aim aim) throws SQLException {
        ProofCatalog.Recovery now = awaitPause(connection, aim.expected());
        compare(now, now.replayed() == null ? Lsn.NONE : Lsn.parse(now.replayed()), aim);
        if (aim.point() != null) {
            PointReached.requireTransaction(connection, aim.point());
        }
        recovered();
    }

    /** Waits until recovery pauses, or ends. */
    ProofCatalog.Recovery awaitPause(Connection connection, Lsn expected) throws SQLException {
        Lsn first = null;
        while (true) {
            ProofCatalog.Recovery now = ProofCatalog.recovery(connection);
            Lsn replayed = now.replayed() == null ? Lsn.NONE : Lsn.parse(now.replayed());
            if (first == null) {
                first = replayed;
            }
            watch.progress(
                    ProofWatch.Step.RECOVER,
                    ProofLevel.RESTORED,
                    replayed.value() - first.value(),
                    expected.value() - first.value());
            if (now.paused() || !now.running()) {
                return now;
            }
            if (!sandbox.isRunning()) {
                throw aborted(sandbox.whyEnded());
            }
            pause();
        }
    }

    /** Connectable is not recovered, and PostgreSQL takes a hole for the end: only the position tells. */
    private void compare(ProofCatalog.Recovery now, Lsn replayed, ProofMaterial.Aim aim) {
        boolean reached = aim.exact() ? replayed.equals(aim.expected()) : replayed.compareTo(aim.expected()) >= 0;
        // While it pauses the control file may not know yet of a switch on the way: the history does afterwards
        boolean followed = now.timeline() == aim.timeline()
                || (aim.point() != null
                        && aim.point().history().part(now.timeline()).isPresent());
        if (now.running() && reached && followed) {
            watch.note("Recovery reached " + replayed + " on timeline " + now.timeline() + ", as expected.");
            return;
        }
        if (!reached && now.running()) {
            Sandbox.lackIn(sandbox.log()).ifPresent(lack -> {
                throw lack;
            });
        }
        throw new Failure.Fatal(
                "Recovery " + (now.running() ? "stopped" : "ended by itself") + " at " + replayed + " on timeline "
                        + now.timeline() + ", expected was " + aim.expected() + " on timeline " + aim.timeline() + ".",
                null,
                null);
    }

    /** Ends recovery where it pauses: from now on it is a server of its own. */
    void promote(Connection connection, ProofMaterial.Aim aim) throws SQLException {
        ProofCatalog.resume(connection);
        while (ProofCatalog.recovery(connection).running()) {
            pause();
        }
        if (aim.point() != null) {
            PointReached.requireHistory(connection, aim.expected(), aim.point());
        }
    }

    private void pause() {
        stopIfAsked();
        try {
            Thread.sleep(LOOK.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("The proof was interrupted.");
        }
    }

    private void stopIfAsked() {
        if (watch.stopped()) {
            throw new CancellationException("The proof was stopped.");
        }
    }
}
