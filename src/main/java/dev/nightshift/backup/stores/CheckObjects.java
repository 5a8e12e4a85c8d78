package dev.nightshift.backup.stores;

import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The small objects that checks and probes write and delete at once. One that could not be deleted says by its name how old it is,
 * so that whoever may delete later removes it and nobody else's of this moment.
 */
public final class CheckObjects {
    /** Beside the projects' folders, two deep: nothing that looks for backups sees it. */
    static final String FOLDER = FolderStore.CHECKS + "/";

    /** No check and no probe lasts as long. */
    private static final Duration LEFT = Duration.ofHours(1);

    private static final Pattern NAME = Pattern.compile(Pattern.quote(FOLDER) + "t(\\d{1,12})-[0-9a-f-]{36}");

    private CheckObjects() {}

    /** A name that nobody else has. */
    static String name(Instant now) {
        return FOLDER + "t" + now.getEpochSecond() + "-" + UUID.randomUUID();
    }

    /**
     * Deletes what was left of others.
     *
     * @return how many there were
     * @throws Failure if the store lets nothing be deleted still
     */
    public static int removeLeft(Store store, Instant now) {
        int removed = 0;
        for (Store.Entry entry : store.list(FOLDER)) {
            Matcher name = NAME.matcher(entry.name());
            if (name.matches()
                    && Instant.ofEpochSecond(Long.parseLong(name.group(1)))
                            .plus(LEFT)
                            .isBefore(now)) {
                store.delete(entry.name());
                removed++;
            }
        }
        return removed;
    }
}
