package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Small objects of a store that say which of a project's backups are being read, for installations that do not know each other's
 * repository. Their names say everything but on which node.
 */
public final class StoreLeases {
    /** Beside the projects' folders, two deep: nothing that looks for backups sees it. */
    static final String FOLDER = "nightshift-leases";

    /** So long one holds that nobody renews: its node was killed, or its store is away. */
    public static final Duration TERM = Duration.ofHours(2);

    /** More than synchronised clocks ever differ by. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

    /** One that could not be given back is looked at by nobody any more. */
    private static final Duration LEFT = Duration.ofDays(1);

    private static final int MOST_WORDS = 200;

    private static final Pattern NAME =
            Pattern.compile(FOLDER + "/[0-9a-f-]{36}/([0-9a-f-]{36})\\.(\\d{1,11})\\.([0-9a-f-]{36})\\.[0-9a-f-]{36}");

    private final Store store;
    private final String folder;
    private final Clock clock;

    /**
     * One in the store.
     *
     * @param backup that is being read
     * @param until it counts to then, by the clock of whoever wrote it
     * @param run that reads, of some installation
     * @param name of the object
     */
    public record Lease(UUID backup, Instant until, UUID run, String name) {}

    /** Whether a path of a store is of leases, where no backup lies. */
    public static boolean holds(String path) {
        return path.startsWith(FOLDER + "/");
    }

    public StoreLeases(Store store, ProjectId project, Clock clock) {
        this.store = store;
        this.folder = FOLDER + "/" + project + "/";
        this.clock = clock;
    }

    /**
     * Writes one.
     *
     * @param node whose it is, for people who wait for its end
     * @throws Failure if the store cannot be written now, or never; then none counts, or one until its end
     */
    public Lease take(UUID backup, UUID run, String node) {
        Instant until = clock.now().plus(TERM).truncatedTo(ChronoUnit.SECONDS);
        String name = folder + backup + "." + until.getEpochSecond() + "." + run + "." + UUID.randomUUID();
        byte[] text = node.substring(0, Math.min(node.length(), MOST_WORDS)).getBytes(StandardCharsets.UTF_8);
        try (Store.Upload upload = store.create(name)) {
            upload.write(text, 0, text.length);
            upload.commit();
        }
        return new Lease(backup, until, run, name);
    }

    /**
     * Takes one in the place of another. Empty if that is gone: the folder is not mounted any more, or somebody cleared the store.
     *
     * @throws Failure if the store cannot be written now; the other one stays
     */
    public Optional<Lease> renew(Lease lease, String node) {
        if (store.size(lease.name()).isEmpty()) {
            return Optional.empty();
        }
        Lease next = take(lease.backup(), lease.run(), node);
        giveBack(List.of(lease));
        return Optional.of(next);
    }

    /** What the store does not let go now counts until its end, and is removed by whoever may delete then. */
    public void giveBack(List<Lease> leases) {
        List<String> names = leases.stream().map(Lease::name).toList();
        try {
            store.deleteUnlocked(names);
            // Each by its whole name: below the folder a store that locks may keep the versions of months
            names.forEach(name -> store.purge(name, name::equals));
        } catch (Failure e) {
            // A store that does not answer is not waited for once more for each of them
        }
    }

    /**
     * Those that count now. One that ends later than any that is written now is of no use to anybody, and does not count.
     *
     * @throws Failure.Retryable if the store does not say
     */
    public List<Lease> live() {
        return live(folder);
    }

    /** Those of one backup, as {@link #live()}. */
    public List<Lease> live(UUID backup) {
        return live(folder + backup + ".");
    }

    private List<Lease> live(String begin) {
        Instant now = clock.now();
        return store.list(begin).stream()
                .map(Store.Entry::name)
                .flatMap(StoreLeases::named)
                .filter(each -> each.until().plus(CLOCKS_DIFFER).isAfter(now)
                        && !each.until().isAfter(now.plus(TERM).plus(CLOCKS_DIFFER)))
                .toList();
    }

    /**
     * Deletes those of all projects that ended a day ago, with what the store keeps of those that were deleted.
     *
     * @throws Failure if the store lets nothing be deleted still
     */
    public static void removeLeft(Store store, Clock clock) {
        Predicate<String> left =
                name -> named(name).anyMatch(each -> each.until().plus(LEFT).isBefore(clock.now()));
        store.deleteUnlocked(store.list(FOLDER + "/").stream()
                .map(Store.Entry::name)
                .filter(left)
                .toList());
        store.purge(FOLDER + "/", left);
    }

    private static Stream<Lease> named(String name) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches()) {
            return Stream.empty(); // of somebody else
        }
        try {
            return Stream.of(new Lease(
                    UUID.fromString(parts.group(1)),
                    Instant.ofEpochSecond(Long.parseLong(parts.group(2))),
                    UUID.fromString(parts.group(3)),
                    name));
        } catch (IllegalArgumentException e) {
            return Stream.empty();
        }
    }

    /** Who has it, and to when; within a sentence. */
    public String words(Lease lease) {
        String node = node(lease);
        return "the run " + lease.run() + (node == null ? "" : " of the node " + node)
                + " of another Nightshift, until " + lease.until().plus(CLOCKS_DIFFER) + " at most";
    }

    /** Null where it is gone meanwhile, or not to be read: that it counts is known from its name. */
    private @Nullable String node(Lease lease) {
        try (InputStream in = store.read(lease.name())) {
            String text = new String(in.readNBytes(MOST_WORDS), StandardCharsets.UTF_8);
            return text.replaceAll("\\p{Cntrl}", " ").strip();
        } catch (Failure | IOException e) {
            return null;
        }
    }
}
