package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
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
import java.util.ArrayList;
import java.util.Comparator;
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
 * The levels that need a server: fills a sandbox, lets it recover step by step to the positions of the evidence and compares
 * the rows, then to the backup's position, compares where it came with where it should, promotes it and checks what is in
 * it. Use an object once.
 */
final class ProofRestore implements RestoreInSandbox {
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
    private final List<Evidence> evidence;
    private final MatchRows match;
    private @Nullable Duration rto;

    ProofRestore(ProofMaterial material, ProofOptions options, ProofWatch watch, Sandbox sandbox) {
        this.material = material;
        this.options = options;
        this.watch = watch;
        this.sandbox = sandbox;
        this.evidence = options.upTo() == ProofLevel.MATCHED ? material.evidence() : List.of();
        this.match = new MatchRows(sandbox, watch, evidence);
    }

    @Override
    public MatchRows match() {
        return match;
    }

    @Override
    public @Nullable Duration rto() {
        return rto;
    }

    @Override
    public List<String> notChecked() {
        return notChecked;
    }

    @Override
    public ProofEvidence run(Binaries binaries) {
        long began = System.nanoTime();
        SandboxFolder folder = sandbox.folder();
        Map<Path, Path> mapped = new HashMap<>();
        material.restore(folder, watch).forEach((oid, location) -> mapped.put(location, folder.tablespace(oid)));
        mapped.keySet()
                .forEach(location -> watch.note("The log creates a tablespace in " + location
                        + "; the sandbox has a folder of its own there."));
        stopIfAsked();
        ProofMaterial.Aim aim = material.aim();
        String superuser = BootstrapRole.read(folder.data());
        Server server = new Server(binaries, superuser, mapped, preload(folder.data()), began);
        try {
            for (Evidence each : byPosition()) {
                matchAt(each, Objects.requireNonNull(each.position()), server, aim.timeline());
            }
            server.recover(aim.recovery());
            try (Connection connection = firstAnswer()) {
                awaitPosition(connection, aim);
                server.recovered();
                for (Evidence each : evidence) {
                    if (each.position() == null) {
                        match.compare(each);
                    }
                }
                promote(connection);
                if (aim.point() != null) {
                    PointReached.requireHistory(connection, aim.expected(), aim.point());
                }
                return check(ProofCatalog.databases(connection), aim);
            }
        } catch (SQLException e) {
            stopIfAsked();
            if (!sandbox.isRunning()) {
                throw told(e, sandbox.whyEnded());
            }
            ProofChecks.throwIfExhausted(sandbox, e);
            throw new Failure.Fatal(
                    "The restored server fails: " + SqlFailure.words(e), null, SqlFailure.withoutRows(e));
        }
    }

    /** Of what the source loads by itself: only what this installation allows, and the rest is told. */
    private Preload preload(Path data) {
        SourceLibraries libraries;
        try {
            libraries = SourceLibraries.of(data, material::setting);
        } catch (IOException e) {
            throw new Failure.Retryable("The restored configuration cannot be read: " + e.getMessage(), null, e);
        }
        Set<String> allowed = options.limits().libraries();
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

    /** The sandbox's server, which is started once for each place where recovery is to pause. */
    private final class Server {
        private final Binaries binaries;
        private final String superuser;
        private final Map<Path, Path> mapped;
        private final Preload preload;
        private final long began;
        private boolean started;

        Server(Binaries binaries, String superuser, Map<Path, Path> mapped, Preload preload, long began) {
            this.binaries = binaries;
            this.superuser = superuser;
            this.mapped = mapped;
            this.preload = preload;
            this.began = began;
        }

        void recover(ServerSettings.Recovery recovery) {
            stopIfAsked();
            var settings = new ServerSettings(material.major(), superuser, recovery, preload);
            if (started) {
                sandbox.startAgain(binaries, settings, mapped);
            } else {
                sandbox.start(binaries, settings, mapped);
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
    }

    /** Evidence of a known position, in the order in which recovery comes by. */
    private List<Evidence> byPosition() {
        return evidence.stream()
                .filter(each -> each.position() != null)
                .sorted(Comparator.comparing(each -> Objects.requireNonNull(each.position())))
                .toList();
    }

    private void matchAt(Evidence each, Lsn position, Server server, int timeline) throws SQLException {
        server.recover(ServerSettings.Recovery.before(position.toString(), timeline));
        try (Connection connection = firstAnswer()) {
            ProofCatalog.Recovery now = awaitPause(connection, position);
            Lsn replayed = now.replayed() == null ? Lsn.NONE : Lsn.parse(now.replayed());
            if (!now.running() || replayed.compareTo(position) > 0 || now.timeline() != timeline) {
                throw new Failure.Fatal(
                        "Recovery came to " + replayed + " on timeline " + now.timeline() + " instead of just before "
                                + position + " on timeline " + timeline + ", where the evidence of database "
                                + each.database() + " was taken.",
                        null,
                        null);
            }
            server.recovered();
            match.compare(each);
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

    private void awaitPosition(Connection connection, ProofMaterial.Aim aim) throws SQLException {
        ProofCatalog.Recovery now = awaitPause(connection, aim.expected());
        compare(now, now.replayed() == null ? Lsn.NONE : Lsn.parse(now.replayed()), aim);
        if (aim.point() != null) {
            PointReached.requireTransaction(connection, aim.point());
        }
    }

    /** Waits until recovery pauses, or ends. */
    private ProofCatalog.Recovery awaitPause(Connection connection, Lsn expected) throws SQLException {
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
        if (!evidence.isEmpty()) {
            notChecked.addAll(match.notCompared());
            databases.stream()
                    .map(ProofCatalog.Database::name)
                    .filter(name ->
                            evidence.stream().noneMatch(each -> each.database().equals(name)))
                    .forEach(name -> notChecked.add("rows of database " + name + ": there is no evidence of it"));
        }
        String failure = checks.failure();
        if (failure != null) {
            throw new Failure.Fatal(failure, "Repair the source, then take a new backup.", null);
        }
        Map<String, Long> figures = new HashMap<>(checks.figures());
        figures.put("rtoMillis", rto == null ? 0 : rto.toMillis());
        return new ProofEvidence(
                "recovered to " + aim.expected() + " on timeline " + aim.timeline() + PointReached.words(aim.point())
                        + "; " + figures.get("indexes")
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

    /** What is written for certain: the files and the log, a part of which the server copies, and some log of its own. */
    static Bytes needed(Bytes plain) {
        return new Bytes(plain.value() + plain.value() / 10 + (64L << 20));
    }

    /** Room for what is restored, the log, and what promotion and checks write. */
    static Bytes room(Bytes plain) {
        return new Bytes(plain.value() + plain.value() / 5 + (4L << 30));
    }
}
