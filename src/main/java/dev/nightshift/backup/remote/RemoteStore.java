package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.ObjectName;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoreLeases;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddress;
import dev.nightshift.kernel.ForbiddenAddresses;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.opendal.ListOptions;
import org.apache.opendal.Operator;
import org.apache.opendal.WriteOptions;
import org.jspecify.annotations.Nullable;

/**
 * A bucket as a store. Its objects have the names and the bytes that they have in a folder, so that either can be copied to
 * the other. What is written is kept in memory until it is committed, as far as it is no larger than {@link #objectBytes}
 * wants it: an object that was not committed was never seen by the server.
 */
public final class RemoteStore implements Store, AutoCloseable {
    /**
     * Four parts are in flight at once, and an object is no larger than that where we choose its size: it is in memory three times
     * while it is sent. S3 takes no smaller parts.
     */
    static final int PART = 5 << 20;

    static final int PARTS_IN_FLIGHT = 4;

    /** What has more is sent in parts: the server alone tells whether an object of one request was there before. */
    static final int ONE_REQUEST = 8 << 20;

    private static final long OBJECT = (long) PARTS_IN_FLIGHT * PART;

    static final String CONTRADICTION = "Look at the store's service, and at what stands between it and Nightshift.";

    /** For a request without content, its retries included. */
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** However many pages a listing has. */
    private static final Duration LISTING = Duration.ofMinutes(5);

    /** Slower than this, in bytes a second, a transfer counts as stuck. */
    private static final long SLOWEST = 128 << 10;

    /** In kilobytes: a quarter of the heap for what all uploads gather, to however many stores. */
    private static final Semaphore MEMORY =
            new Semaphore((int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 4 / 1024));

    private final Semaphore memory;
    private final RemoteOperator operator;
    private final RemoteCalls calls;
    private final String title;
    private final Deletions deletions;

    /**
     * Another login to the same place, which alone is used to delete.
     *
     * @param secret asked for when something is to be deleted, and not before
     */
    public record Login(RemoteAddress address, Supplier<@Nullable String> secret) {}

    private RemoteStore(
            RemoteAddress address,
            Supplier<@Nullable String> secret,
            @Nullable Login deleting,
            RemoteCalls calls,
            String title,
            Semaphore memory) {
        this.operator = new RemoteOperator(title, address, secret, calls, Clock.system());
        this.memory = memory;
        this.calls = calls;
        this.title = title;
        this.deletions = new Deletions(this, address.provider(), deleting);
    }

    /**
     * Opens the store; nothing is asked of it yet.
     *
     * @param title what people call it, within a sentence: {@code "store offsite"}
     * @param secret see {@link RemoteLogin}; asked again and again, so that what is renewed is used from then on
     * @param deleting the login that deletes; null where this one does
     * @throws Failure.Fatal if it cannot be one, or lies where this installation never connects to
     * @throws Failure.Skippable if the secret is none
     */
    public static RemoteStore open(
            String title,
            RemoteAddress address,
            Supplier<@Nullable String> secret,
            @Nullable Login deleting,
            ForbiddenAddresses forbidden) {
        return open(title, address, secret, deleting, forbidden, MEMORY);
    }

    static RemoteStore open(
            String title,
            RemoteAddress address,
            Supplier<@Nullable String> secret,
            @Nullable Login deleting,
            ForbiddenAddresses forbidden,
            Semaphore memory) {
        return open(title, address, secret, deleting, forbidden, memory, new RemoteCalls(title));
    }

    static RemoteStore open(
            String title,
            RemoteAddress address,
            Supplier<@Nullable String> secret,
            @Nullable Login deleting,
            ForbiddenAddresses forbidden,
            Semaphore memory,
            RemoteCalls calls) {
        refuse(title, address.host(), forbidden);
        return new RemoteStore(address, secret, deleting, calls, title, memory);
    }

    /**
     * Looks whether its secret was renewed.
     *
     * @throws Failure.Skippable if it is none now
     */
    public void renew() {
        operator.renew();
    }

    /** The same place by another login, which deletes by itself. */
    RemoteStore by(Login login) {
        String name = title + " (by the login that deletes)";
        return new RemoteStore(login.address(), login.secret(), null, new RemoteCalls(name), name, memory);
    }

    /** What deletes here, and what is known of versions and locks. */
    public Deletions deletions() {
        return deletions;
    }

    /** What OpenDAL does not ask, of S3 alone. */
    S3Bucket bucket() {
        return new S3Bucket(new S3Requests(title, settings()));
    }

    /** As OpenDAL takes them, the secret among them. */
    Map<String, String> settings() {
        return operator.settings();
    }

    RemoteCalls calls() {
        return calls;
    }

    Operator operator() {
        return operator.get();
    }

    private static void refuse(String title, @Nullable String host, ForbiddenAddresses forbidden) {
        if (host == null) {
            return;
        }
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                forbidden.check(host, address);
            }
        } catch (ForbiddenAddress e) {
            throw new Failure.Fatal(
                    "The " + title + " is not opened: " + e.getMessage() + ".", ForbiddenAddress.REMEDY, e);
        } catch (UnknownHostException e) {
            throw new Failure.Retryable(
                    "The " + title + " cannot be reached: the host " + host + " is not known.",
                    "Check the store's endpoint, and this machine's name service.",
                    e);
        }
    }

    static Duration patience(long bytes) {
        return PATIENCE.plusSeconds(bytes / SLOWEST);
    }

    @Override
    public Upload create(String name) {
        return new RemoteUpload(this, operator(), calls, memory, ObjectName.check(name));
    }

    /** In one request up to {@link #ONE_REQUEST}, else in parts that become the object together. */
    @Override
    public void replace(String name, byte[] bytes) {
        if (size(name).isEmpty()) {
            throw missing(name);
        }
        byte[] copy = bytes.clone();
        WriteOptions options = copy.length > ONE_REQUEST
                ? WriteOptions.builder().chunk(PART).concurrent(PARTS_IN_FLIGHT).build()
                : WriteOptions.builder().build();
        try {
            calls.call("write " + name, patience(copy.length), () -> {
                operator().write(name, copy, options);
                return true;
            });
        } catch (Failure.Conflict e) {
            throw new Failure.Unusable(
                    "The " + title + " lets nobody put another object in the place of " + name + ".",
                    "Look whether a policy of the store locks it; it can be replaced after that.",
                    e);
        }
    }

    private Failure.NotFound missing(String name) {
        return new Failure.NotFound("The object " + name + " is not in the " + title + ".");
    }

    @Override
    public InputStream read(String name) {
        long bytes = size(name).orElseThrow(() -> missing(name));
        return new RemoteInput(operator(), calls, name, bytes, () -> size(name).isPresent());
    }

    @Override
    public List<Entry> list(String prefix) {
        int slash = prefix.lastIndexOf('/');
        if (slash >= 0) {
            ObjectName.check(prefix.substring(0, slash));
        }
        return entries(prefix, true)
                .filter(entry -> entry.metadata.isFile() && entry.path.startsWith(prefix))
                .map(entry -> new Entry(entry.path, entry.metadata.contentLength))
                .sorted(Comparator.comparing(Entry::name))
                .toList();
    }

    private Stream<org.apache.opendal.Entry> entries(String path, boolean recursive) {
        var options = ListOptions.builder().recursive(recursive).build();
        try {
            return calls.call("list " + path, LISTING, () -> operator().list(path, options)).stream();
        } catch (Failure.NotFound e) {
            // An empty listing says that nothing is there; this is said by what is no store, or not this one
            throw new Failure.Retryable(
                    "The " + title + " says that there is nothing to list (list " + path + ").",
                    RemoteCalls.PLACE + " " + CONTRADICTION,
                    e);
        }
    }

    /**
     * That an object is not there is believed of two answers only, this one's and a listing's: a backup whose manifest is
     * missing counts as none, and a proxy on the way answers 404 as well.
     */
    @Override
    public OptionalLong size(String name) {
        OptionalLong first = sizeAnswered(name);
        if (first.isPresent() || entries(name, true).noneMatch(entry -> entry.path.equals(name))) {
            return first;
        }
        OptionalLong again = sizeAnswered(name); // it may have been stored just now
        if (again.isEmpty()) {
            throw new Failure.Retryable(
                    "The " + title + " lists the object " + name + ", and says that it is not there.",
                    CONTRADICTION,
                    null);
        }
        return again;
    }

    /** The same by one answer. */
    private OptionalLong sizeAnswered(String name) {
        try {
            ObjectName.check(name);
            var found =
                    calls.call("look for " + name, PATIENCE, () -> operator().stat(name));
            return found.isFile() ? OptionalLong.of(found.contentLength) : OptionalLong.empty();
        } catch (Failure.NotFound e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public void delete(String name) {
        deletions.delete(name);
    }

    @Override
    public void deleteFolder(String folder) {
        deletions.deleteFolder(folder);
    }

    @Override
    public List<Entry> taking(String begin) {
        return deletions.keepsVersions() ? deletions.versions().taking(begin) : list(begin);
    }

    @Override
    public Optional<Doubt> doubt() {
        return deletions.doubt();
    }

    @Override
    public void purge(String begin, Predicate<String> which) {
        deletions.purge(begin, which);
    }

    @Override
    public Optional<Lock> lock(String begin) {
        return deletions.lock(begin);
    }

    @Override
    public Optional<Lock> kept(String begin, Failure refused) {
        return deletions.kept(begin, refused);
    }

    @Override
    public void deleteUnlocked(List<String> names) {
        deletions.deleteUnlocked(names);
    }

    @Override
    public List<String> folders(int depth) {
        List<String> level = List.of("");
        for (int at = 0; at < depth; at++) {
            level = level.stream()
                    .flatMap(folder -> entries(folder, false)
                            .filter(entry -> entry.metadata.isDir() && entry.path.length() > folder.length())
                            .filter(entry -> !StoreLeases.holds(entry.path))
                            .map(entry -> entry.path))
                    .toList();
        }
        return level.stream()
                .map(folder -> folder.substring(0, folder.length() - 1))
                .sorted()
                .toList();
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.empty();
    }

    @Override
    public OptionalLong objectBytes() {
        return OptionalLong.of(OBJECT);
    }

    /** Whoever still works with it fails. What is native stays: a call that is under way would use memory that was freed. */
    @Override
    public void close() {
        deletions.close();
        calls.close();
    }

    /** What people call it. */
    @Override
    public String toString() {
        return title;
    }
}
