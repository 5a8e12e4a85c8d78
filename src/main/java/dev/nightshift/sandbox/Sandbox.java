package dev.nightshift.sandbox;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One scratch PostgreSQL instance: made by {@link Sandboxes#create}, filled by its user, started once, thrown away by
 * {@link #close}. Safe for use by several threads; {@code close} from any of them kills the server.
 */
public final class Sandbox implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Sandbox.class.getName());

    private static final Duration DISK_LOOK = Duration.ofSeconds(5);

    private final Sandboxes sandboxes;
    private final SandboxFolder folder;
    private final Quota quota;
    private final Bytes needed;
    private final Host host;
    private Registration registration;
    private @Nullable Process process;
    private @Nullable ServerSettings settings;
    private @Nullable ControlFile source;
    private volatile @Nullable String killed;
    private boolean closed;
    private final Set<Errand> errands = ConcurrentHashMap.newKeySet();

    Sandbox(
            Sandboxes sandboxes,
            Registration registration,
            SandboxFolder folder,
            Quota quota,
            Bytes needed,
            Host host) {
        this.sandboxes = sandboxes;
        this.registration = registration;
        this.folder = folder;
        this.quota = quota;
        this.needed = needed;
        this.host = host;
    }

    /** Bytes that were promised to it and are not written yet. */
    long outstanding() {
        try {
            return Math.max(0, needed.value() - Trees.size(folder.path()));
        } catch (IOException e) {
            return needed.value();
        }
    }

    public String id() {
        return registration.id();
    }

    /** Where data folder, tablespaces and WAL go before {@link #start}. */
    public SandboxFolder folder() {
        return folder;
    }

    /**
     * Builds the walls and starts the server within; returns when it has been started, not yet when it answers.
     *
     * @param binaries of the data folder's major version
     * @param tablespaces folders of the source that WAL will create, with what is to stand there instead
     * @throws NotPossibleHere if this machine denies namespaces, or the programs do not fit the data folder
     * @throws Failure.Fatal if the data folder is none
     */
    public synchronized void start(Binaries binaries, ServerSettings settings, Map<Path, Path> tablespaces) {
        if (closed || process != null) {
            throw new IllegalStateException("The sandbox " + id() + " was started or closed before.");
        }
        source = ControlFile.read(folder.data());
        launch(binaries, settings, tablespaces, () -> {
            DataFolder.prepare(folder, settings);
            for (Path path : tablespaces.values()) {
                Files.createDirectories(path);
            }
        });
    }

    /** What is done in the sandbox's folders before its server starts. */
    private interface Preparation {
        void run() throws IOException;
    }

    private void launch(
            Binaries binaries, ServerSettings wanted, Map<Path, Path> tablespaces, Preparation preparation) {
        settings = wanted;
        Programs programs = Programs.of(binaries);
        Isolation isolation = new Isolation(host, programs.folders(), sandboxes.hidden(), tablespaces);
        try {
            preparation.run();
            give();
            List<String> server = new ArrayList<>(List.of(programs.server().toString()));
            server.addAll(wanted.arguments(folder, Objects.requireNonNull(source)));
            run(isolation, isolation.script(folder, quota, secondsToLive(), server));
        } catch (IOException e) {
            kill("it could not be prepared");
            throw new Failure.Retryable("The sandbox " + id() + " cannot be started: " + e.getMessage(), null, e);
        }
    }

    private void give() throws IOException {
        if (host.unprivileged().isPresent()) {
            int user = host.unprivileged().getAsInt();
            for (Path path :
                    List.of(folder.data(), folder.tablespaces(), folder.wal(), folder.socket(), folder.outputs())) {
                Trees.give(path, user);
            }
        }
    }

    /**
     * Ends the server and starts another one on what it left, as after a crash, which recovers to another place.
     *
     * @throws IllegalStateException if it was not started before
     */
    public synchronized void startAgain(Binaries binaries, ServerSettings other, Map<Path, Path> tablespaces) {
        if (process == null || killed != null) {
            throw new IllegalStateException("The sandbox " + id() + " does not run.");
        }
        kill("it is started again");
        process = null;
        killed = null;
        launch(binaries, other, tablespaces, () -> {
            // Their lock names a process, and in the new namespace another one may have its number
            try (DirectoryStream<Path> sockets = Files.newDirectoryStream(folder.socket())) {
                for (Path socket : sockets) {
                    Files.delete(socket);
                }
            }
            DataFolder.aim(folder, other);
        });
    }

    private void run(Isolation isolation, String script) throws IOException {
        Process started = Walls.start(isolation, script);
        process = started;
        Optional<ProcessMark> mark = ProcessMark.of(started.pid());
        if (mark.isPresent()) {
            registration = registration.withServer(mark.get());
            registration.write(sandboxes.root());
        }
        try {
            Walls.await(isolation, started);
        } catch (NotPossibleHere e) {
            kill("its walls could not be built");
            throw e;
        }
        Thread watch = new Thread(() -> watchDisk(started), "sandbox-" + id());
        watch.setDaemon(true);
        watch.start();
        LOG.log(Level.DEBUG, "The sandbox {0} runs as process {1}.", id(), started.pid());
    }

    /**
     * Runs a program of PostgreSQL in walls like the server's, to its end: it sees the server's socket, its folders and what
     * lies in {@link SandboxFolder#wal}, and no network.
     *
     * @throws NotPossibleHere if this machine denies namespaces, or the sandbox was ended meanwhile
     */
    public Errand.Outcome run(Path program, List<String> arguments) {
        Errand errand;
        synchronized (this) {
            if (closed || killed != null) {
                throw notRunning();
            }
            Programs programs = Programs.of(program);
            Isolation isolation = new Isolation(host, programs.folders(), sandboxes.hidden(), Map.of());
            List<String> command = new ArrayList<>(List.of(programs.server().toString()));
            command.addAll(arguments);
            try {
                if (process == null) {
                    give(); // what runs first fills them
                }
                Path log = Errand.log(folder);
                errand = Errand.start(isolation, isolation.script(folder, log, quota, secondsToLive(), command), log);
            } catch (IOException e) {
                throw new Failure.Retryable(
                        "A program of the sandbox " + id() + " cannot be started: " + e.getMessage(), null, e);
            }
            errands.add(errand);
        }
        try {
            Errand.Outcome outcome = errand.await();
            if (killed != null || closed) {
                throw notRunning();
            }
            return outcome;
        } finally {
            errands.remove(errand);
        }
    }

    private NotPossibleHere notRunning() {
        String why = killed;
        return new NotPossibleHere(
                "The sandbox was ended because " + (why == null ? "nobody needs it any more" : why) + ".", null);
    }

    /** Runs beside the server until it ends. */
    private void watchDisk(Process server) {
        try {
            while (!server.waitFor(DISK_LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                long used = Trees.size(folder.path());
                if (used > quota.disk().value()) {
                    kill("it used " + new Bytes(used) + " of disk, more than its " + quota.disk());
                }
            }
        } catch (IOException e) {
            kill("its use of disk cannot be told: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private long secondsToLive() {
        return Math.max(
                1,
                Duration.between(sandboxes.clock().now(), registration.expires())
                        .toSeconds());
    }

    /** Whether the server runs; when it does not any more, {@link #whyEnded} says why. */
    public synchronized boolean isRunning() {
        return process != null && process.isAlive();
    }

    /**
     * Why the server ended, as an exception to throw.
     *
     * @return {@link NotPossibleHere} if it lacked something of this machine, {@link Failure.Fatal} with the server's own
     *     last words otherwise
     */
    public RuntimeException whyEnded() {
        String why = killed;
        if (why != null) {
            return new NotPossibleHere("The sandbox was ended because " + why + ".", null);
        }
        // The watch within counts whole seconds, and so ends it up to a second early.
        if (!sandboxes.clock().now().plusSeconds(2).isBefore(registration.expires())) {
            return new NotPossibleHere(
                    "The sandbox was ended because its time was up.", "Give proofs more time: NIGHTSHIFT_PROOF_HOURS.");
        }
        String reason = ServerLog.reason(log());
        Optional<NotPossibleHere> lack = ServerLog.lack(reason);
        return lack.isPresent() ? lack.get() : new Failure.Fatal(reason, null, null);
    }

    /** The end of the server's log, 64 kB at most. */
    public String log() {
        return ServerLog.tail(folder.log());
    }

    /** Whether a message of the server says that this machine lacks something, rather than that data is damaged. */
    public static Optional<NotPossibleHere> lackIn(String message) {
        return ServerLog.lack(message);
    }

    /**
     * Whether an error says that the server ran out of something of this machine (disk, memory, CPU time): what it did not
     * come to is then unknown, not damaged.
     *
     * @return in the server's words; also where the session only broke, and its log says why
     */
    public Optional<NotPossibleHere> exhausted(SQLException e) {
        return Exhaustion.of(e, this::log);
    }

    /**
     * A session of the superuser, in which settings of roles and databases that could load code or interfere do not hold.
     *
     * @throws SQLException if the server does not take it, or not yet
     */
    public Connection connect(String database) throws SQLException {
        return SandboxLogin.connect(folder.socketFile(), started(), database);
    }

    /** The same for a program that {@link #run} starts, as libpq reads it. */
    public String connectionString(String database) {
        return SandboxLogin.connectionString(started(), database);
    }

    private ServerSettings started() {
        ServerSettings current = settings;
        if (current == null) {
            throw new IllegalStateException("The sandbox " + id() + " was not started.");
        }
        return current;
    }

    /** Kills every process of the sandbox at once; its folder stays until {@link #close}. */
    public synchronized void kill(String reason) {
        if (!errands.isEmpty() && killed == null) {
            killed = reason;
        }
        errands.forEach(Errand::kill);
        if (process == null) {
            return;
        }
        if (process.isAlive() && killed == null) {
            killed = reason;
        }
        try {
            // Process 1 ends when this closes, and is gone only when all of its namespace are.
            process.getOutputStream().close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "The sandbox {0} had ended: {1}", id(), e.getMessage());
        }
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Kills the server, deletes its files and makes room; what programs wrote beside it stays until {@link #close}. */
    public void endServer() {
        kill("its work is done");
        for (Path each : List.of(folder.data(), folder.tablespaces(), folder.wal())) {
            try {
                Trees.delete(each);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "The sandbox {0} keeps {1} until it is closed: {2}", id(), each, e.getMessage());
            }
        }
    }

    /** Kills the server and deletes everything; what cannot be deleted stays registered for the next sweep. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        kill("nobody needs it any more");
        try {
            sandboxes.throwAway(id());
        } catch (IOException e) {
            LOG.log(Level.WARNING, "The sandbox {0} cannot be deleted yet: {1}", id(), e.getMessage());
        }
    }
}
