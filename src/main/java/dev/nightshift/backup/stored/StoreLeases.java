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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Small objects of a store that say which of a project's backups are being read or deleted, for installations that do not know
 * each other's repository. Their names say everything but by whom. Whoever reads writes its lease first and then looks for
 * those that delete; whoever deletes does the same for those that read: so of two that meet one at least sees the other.
 */
public final class StoreLeases {
    /** Beside the projects' folders, two deep: nothing that looks for backups sees it. */
    static final String FOLDER = "nightshift-leases";

    /** So long one holds that nobody renews: its node was killed. */
    public static final Duration TERM = Duration.ofMinutes(30);

    /** More than synchronised clocks ever differ by. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

    /** One that could not be given back is looked at by nobody any more. */
    private static final Duration LEFT = Duration.ofDays(1);

    private static final int MOST_WORDS = 400;

    private static final Pattern NAME =
            Pattern.compile("([0-9a-f-]{36})\\.(read|delete)\\.(\\d{1,12})\\.([0-9a-f-]{36})");

    private final Store store;
    private final String folder;
    private final Clock clock;

    /** What is being done with a backup. */
    public enum Use {
        READ,
        DELETE
    }

    /**
     * One in the store.
     *
     * @param until it counts to then, by the clock of whoever wrote it
     * @param name of the object
     */
    public record Lease(UUID backup, Use use, Instant until, String name) {}

    public StoreLeases(Store store, ProjectId project, Clock clock) {
        this.store = store;
        this.folder = FOLDER + "/" + project + "/";
        this.clock = clock;
    }

    /**
     * Writes one.
     *
     * @param words who has it, for those who wait for its end: no secrets
     * @throws Failure if the store cannot be written now, or never
     */
    public Lease take(UUID backup, Use use, String words) {
        Instant until = clock.now().plus(TERM).truncatedTo(ChronoUnit.SECONDS);
        String name = folder + backup + "." + (use == Use.READ ? "read" : "delete") + "." + until.getEpochSecond() + "."
                + UUID.randomUUID();
        byte[] text = words.substring(0, Math.min(words.length(), MOST_WORDS)).getBytes(StandardCharsets.UTF_8);
        try (Store.Upload upload = store.create(name)) {
            upload.write(text, 0, text.length);
            upload.commit();
        }
        return new Lease(backup, use, until, name);
    }

    /**
     * Takes one in the place of another of the same backup. Empty if that is gone: the folder is not mounted any more, or
     * somebody cleared the store.
     *
     * @throws Failure if the store cannot be written now; the other one stays
     */
    public Optional<Lease> renew(Lease lease, String words) {
        if (store.size(lease.name()).isEmpty()) {
            return Optional.empty();
        }
        Lease next = take(lease.backup(), lease.use(), words);
        giveBack(lease);
        return Optional.of(next);
    }

    /** One that the store does not let go ends by itself. */
    public void giveBack(Lease lease) {
        try {
            store.deleteUnlocked(List.of(lease.name()));
            store.purge(lease.name(), name -> true);
        } catch (Failure e) {
            // It counts until its end, and is removed by whoever may delete then
        }
    }

    /**
     * Those that count now. One that ends later than any that is written now is of no use to anybody, and does not count.
     *
     * @throws Failure.Retryable if the store does not say
     */
    public List<Lease> live() {
        Instant now = clock.now();
        return all().filter(each -> each.until().plus(CLOCKS_DIFFER).isAfter(now)
                        && !each.until().isAfter(now.plus(TERM).plus(CLOCKS_DIFFER)))
                .toList();
    }

    /**
     * Deletes those that ended a day ago.
     *
     * @throws Failure if the store lets nothing be deleted still
     */
    public void removeLeft() {
        List<String> left = all().filter(each -> each.until().plus(LEFT).isBefore(clock.now()))
                .map(Lease::name)
                .toList();
        if (!left.isEmpty()) {
            store.deleteUnlocked(left);
            store.purge(folder, left::contains);
        }
    }

    private Stream<Lease> all() {
        return store.list(folder).stream().map(Store.Entry::name).flatMap(this::named);
    }

    private Stream<Lease> named(String name) {
        Matcher parts = NAME.matcher(name.substring(folder.length()));
        if (!parts.matches()) {
            return Stream.empty(); // of somebody else
        }
        try {
            return Stream.of(new Lease(
                    UUID.fromString(parts.group(1)),
                    parts.group(2).equals("read") ? Use.READ : Use.DELETE,
                    Instant.ofEpochSecond(Long.parseLong(parts.group(3))),
                    name));
        } catch (IllegalArgumentException e) {
            return Stream.empty();
        }
    }

    /** Who has it, and to when; within a sentence. */
    public String words(Lease lease) {
        String who = "another Nightshift";
        try (InputStream in = store.read(lease.name())) {
            String text = new String(in.readNBytes(MOST_WORDS), StandardCharsets.UTF_8);
            who = text.replaceAll("\\p{Cntrl}", " ").strip();
        } catch (Failure | IOException e) {
            // Gone meanwhile, or not to be read: that it counts is known from its name
        }
        return who + ", until " + lease.until().plus(CLOCKS_DIFFER);
    }
}
