package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.sandbox.BootstrapRole;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.SandboxFolder;
import dev.nightshift.sandbox.ServerSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The level RESTORED: fills a sandbox, lets it recover to the backup's position, compares where it came with where it
 * should, promotes it and checks what is in it. Use an object once.
 */
final class ProofRestore {
    private static final Duration LOOK = Duration.ofMillis(100);

    /** SQLSTATE while the server starts and is not consistent yet. */
    private static final String STARTING = "57P03";

    /** Class of SQLSTATE while there is no socket yet. */
    private static final String NO_CONNECTION = "08";

    /** SQLSTATEs of a database that was dropped or closed on the source. */
    private static final Set<String> NO_SUCH_DATABASE = Set.of("3D000", "55000");

    private final ProofMaterial material;
    private final ProofOptions options;
    private final ProofWatch watch;
    private final Sandbox sandbox;
    private final List<String> notChecked = new ArrayList<>();
    private @Nullable Duration rto;

    ProofRestore(ProofMaterial material, ProofOptions options, ProofWatch watch, Sandbox sandbox) {
        this.material = material;
        this.options = options;
        this.watch = watch;
        this.sandbox = sandbox;
    }

    /** From the first byte read to the first answer; null if none came. */
    @Nullable
    Duration rto() {
        return rto;
    }

    /** What the checks do not cover, a sentence each. */
    List<String> notChecked() {
        return notChecked;
    }

    /**
     * All of it.
     *
     * @throws Failure.Fatal if the backup does not restore, recover or hold what it should
     * @throws NotPossibleHere if this machine lacks something
     * @throws CancellationException if the watch said so
     */
    ProofEvidence run(Binaries binaries) {
        long began = System.nanoTime();
        SandboxFolder folder = sandbox.folder();
        Map<Path, Path> mapped = new HashMap<>();
        material.restore(folder, watch).forEach((oid, location) -> mapped.put(location, folder.tablespace(oid)));
        mapped.keySet()
                .forEach(location -> watch.note("The log creates a tablespace in " + location
                        + "; the sandbox has a folder of its own there."));
        stopIfAsked();
        ProofMaterial.Aim aim = material.aim();
        ServerSettings.Recovery recovery = aim.restorePoint() == null
                ? ServerSettings.Recovery.toConsistency(aim.timeline())
                : ServerSettings.Recovery.toRestorePoint(aim.restorePoint(), aim.timeline());
        String superuser = BootstrapRole.read(folder.data());
        sandbox.start(binaries, new ServerSettings(material.major(), superuser, recovery, Set.of()), mapped);
        try (Connection connection = firstAnswer()) {
            rto = Duration.ofNanos(System.nanoTime() - began);
            watch.note(
                    String.format(Locale.ROOT, "The restored server answered after %.1f s.", rto.toMillis() / 1000.0));
            awaitPosition(connection, aim);
            promote(connection);
            return check(ProofCatalog.databases(connection), aim);
        } catch (SQLException e) {
            stopIfAsked();
            if (!sandbox.isRunning()) {
                throw told(e, sandbox.whyEnded());
            }
            throw new Failure.Fatal("The restored server fails: " + e.getMessage(), null, e);
        }
    }

    /** The server's last words say why; the session's only that it broke, but it may name what was looked at. */
    private static RuntimeException told(SQLException e, RuntimeException why) {
        if (why instanceof NotPossibleHere) {
            return why;
        }
        return new Failure.Fatal(e.getMessage() + " The restored server ended: " + why.getMessage(), null, e);
    }

    private Connection firstAnswer() {
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

    private static RuntimeException refused(SQLException e) {
        return Sandbox.lackIn(String.valueOf(e.getMessage()))
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

    private void awaitPosition(Connection connection, ProofMaterial.Aim aim) throws SQLException {
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
                    aim.expected().value() - first.value());
            if (now.paused() || !now.running()) {
                compare(now, replayed, aim);
                return;
            }
            if (!sandbox.isRunning()) {
                throw aborted(sandbox.whyEnded());
            }
            pause();
        }
    }

    /** Connectable is not recovered, and PostgreSQL takes a hole for the end: only the position tells. */
    private void compare(ProofCatalog.Recovery now, Lsn replayed, ProofMaterial.Aim aim) {
        boolean reached =
                aim.restorePoint() == null ? replayed.compareTo(aim.expected()) >= 0 : replayed.equals(aim.expected());
        if (now.running() && reached && now.timeline() == aim.timeline()) {
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

    private void promote(Connection connection) throws SQLException {
        ProofCatalog.resume(connection);
        while (ProofCatalog.recovery(connection).running()) {
            pause();
        }
    }

    private ProofEvidence check(List<ProofCatalog.Database> databases, ProofMaterial.Aim aim) throws SQLException {
        ProofChecks checks = new ProofChecks(sandbox, material.major(), options, watch);
        checks.run(databases);
        notChecked.addAll(checks.notChecked());
        String failure = checks.failure();
        if (failure != null) {
            throw new Failure.Fatal(failure, "Repair the source, then take a new backup.", null);
        }
        Map<String, Long> figures = new HashMap<>(checks.figures());
        figures.put("rtoMillis", rto == null ? 0 : rto.toMillis());
        return new ProofEvidence(
                "recovered to " + aim.expected() + " on timeline " + aim.timeline() + "; " + figures.get("indexes")
                        + " indexes and " + figures.get("tables") + " tables in " + figures.get("databases")
                        + " databases checked",
                figures);
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

    /** Room for what is restored, the log, and what promotion and checks write. */
    static Bytes room(Bytes plain) {
        return new Bytes(plain.value() + plain.value() / 5 + (4L << 30));
    }
}
