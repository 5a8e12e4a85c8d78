package dev.nightshift.sandbox;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * All sandboxes of this Nightshift, in one folder of its data: {@code <id>} is a sandbox's own, {@code <id>.json} its
 * registration.
 */
public final class Sandboxes implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Sandboxes.class.getName());
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Pattern ID = Pattern.compile("[0-9a-z]{8}");

    private static final int ID_LENGTH = 8;

    /** The bytes that the path of their folder may have: a longer one leaves no room for the socket of a sandbox. */
    public static final int LONGEST_ROOT = SandboxFolder.LONGEST - "/".length() - ID_LENGTH;

    private final Path root;
    private final Set<Path> hidden;
    private final Clock clock;
    private final Map<String, Sandbox> open = new ConcurrentHashMap<>();

    /**
     * @param root where sandboxes are kept, made when the first one is; at most {@link #LONGEST_ROOT} bytes
     * @param hidden folders no sandbox may see even where they lie among programs and libraries: Nightshift's data and
     *     keys, the sources' data folders
     */
    public Sandboxes(Path root, Set<Path> hidden, Clock clock) {
        this.root = root.toAbsolutePath().normalize();
        this.hidden = Set.copyOf(hidden);
        this.clock = clock;
    }

    /**
     * A new empty sandbox, registered, not started.
     *
     * @param purpose for people who find it: {@code "proof of backup 0190…"}
     * @param needed bytes that it will write for certain: they are kept free for it among all sandboxes here
     * @param timeToLive counted from now; when it is over the server is killed, whether Nightshift still works or not
     * @throws NotPossibleHere if this machine has not what a sandbox needs
     * @throws Failure.Retryable if the folder cannot be made
     */
    public synchronized Sandbox create(String purpose, Quota quota, Bytes needed, Duration timeToLive) {
        refuseWithoutRoom(needed);
        Host host = Host.here();
        Instant now = clock.now();
        String id = newId();
        Registration registration = new Registration(id, purpose, now, now.plus(timeToLive), ProcessMark.self(), null);
        Sandbox sandbox = new Sandbox(this, registration, new SandboxFolder(root.resolve(id)), quota, needed, host);
        try {
            makeRoot();
            registration.write(root);
            open.put(id, sandbox);
            sandbox.folder().make();
            return sandbox;
        } catch (NotPossibleHere e) {
            sandbox.close();
            throw e;
        } catch (IOException e) {
            sandbox.close();
            throw new Failure.Retryable(
                    "No sandbox can be made in " + root + ": " + e.getMessage(),
                    "Look at its owner and free space.",
                    e);
        }
    }

    /**
     * Throws away what a crash left: sandboxes whose Nightshift is gone or whose time is up. A process is killed only if it
     * is the one that was registered. To be called at start and now and then.
     *
     * @return how many sandboxes were thrown away
     */
    public int sweep() {
        if (!Files.isDirectory(root)) {
            return 0;
        }
        int swept = 0;
        try (Stream<Path> entries = Files.list(root)) {
            for (Path entry : entries.sorted().toList()) {
                if (sweep(entry)) {
                    swept++;
                }
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "The sandboxes in {0} cannot be listed: {1}", root, e.getMessage());
        }
        return swept;
    }

    private boolean sweep(Path entry) {
        String name = entry.getFileName().toString();
        String id = name.substring(0, Math.min(8, name.length()));
        boolean isRegistration = name.equals(id + Registration.SUFFIX);
        boolean isOrphan = (name.equals(id) || name.equals(id + Registration.PART))
                && !Files.exists(root.resolve(id + Registration.SUFFIX));
        if (!ID.matcher(id).matches() || open.containsKey(id) || !(isRegistration || isOrphan)) {
            return false;
        }
        try {
            if (isRegistration) {
                Registration registration = Registration.read(entry);
                if (registration.isInUse(clock.now())) {
                    return false;
                }
                if (registration.server() != null) {
                    registration.server().kill();
                }
            }
            throwAway(id);
            LOG.log(Level.INFO, "Threw away the sandbox {0}, which nobody used any more.", id);
            return true;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "The sandbox {0} cannot be thrown away: {1}", id, e.getMessage());
            return false;
        }
    }

    /** Ends every sandbox of this Nightshift. */
    @Override
    public void close() {
        List.copyOf(open.values()).forEach(Sandbox::close);
    }

    private void refuseWithoutRoom(Bytes needed) {
        long promised = open.values().stream().mapToLong(Sandbox::outstanding).sum();
        long free = freeSpace();
        if (free - promised < needed.value()) {
            throw new NotPossibleHere(
                    "The restored files take " + needed + ", free in " + root + " are "
                            + new Bytes(Math.max(0, free - promised))
                            + (promised == 0
                                    ? "."
                                    : ", without the " + new Bytes(promised)
                                            + " that other proofs are about to write."),
                    "Make room where NIGHTSHIFT_DATA lies, or prove fewer backups at once.");
        }
    }

    private long freeSpace() {
        try {
            makeRoot();
            return Files.getFileStore(root).getUsableSpace();
        } catch (IOException e) {
            throw new Failure.Retryable("The folder " + root + " cannot be used: " + e.getMessage(), null, e);
        }
    }

    /** Deletes the folder first: as long as something is left, it is registered. */
    void throwAway(String id) throws IOException {
        open.remove(id);
        Trees.delete(root.resolve(id));
        Files.deleteIfExists(root.resolve(id + Registration.PART));
        Files.deleteIfExists(root.resolve(id + Registration.SUFFIX));
    }

    Path root() {
        return root;
    }

    Set<Path> hidden() {
        return hidden;
    }

    Clock clock() {
        return clock;
    }

    private void makeRoot() throws IOException {
        if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(root);
            Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
        }
    }

    /** Eight characters: a socket's whole path may have 107 bytes only. */
    private static String newId() {
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < ID_LENGTH; i++) {
            id.append(Character.forDigit(RANDOM.nextInt(36), 36));
        }
        return id.toString();
    }
}
