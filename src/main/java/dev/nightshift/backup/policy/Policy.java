package dev.nightshift.backup.policy;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of the backups of some servers. Its name never changes.
 *
 * @param databases whose servers it is for, as schedules name them: names, {@code tag:} and a tag, or {@code *} alone for all
 * @param schedules what it has done, and when
 * @param stores where its scheduled backups go: taken to the first, copied to the others; none for where backups go otherwise
 */
public record Policy(
        UUID id,
        Name name,
        String description,
        List<String> databases,
        Goals goals,
        KeepRule keep,
        List<Scheduled> schedules,
        List<String> stores) {
    static final String TAG = "tag:";
    static final List<String> ALL = List.of("*");
    private static final int LONGEST = 500;
    private static final int MOST_DATABASES = 1_000;
    private static final int MOST_KEPT = 10_000;
    private static final int MOST_SCHEDULES = 20;

    /** The one that a backup is taken to, and as many as it is copied to. */
    private static final int MOST_STORES = 6;

    /** @throws Failure.Invalid naming the field that does not hold */
    public Policy {
        if (name.value().equals("simulate")) {
            throw new Failure.Invalid("name", "A policy named simulate would have no address: choose another name.");
        }
        if (description.length() > LONGEST) {
            throw new Failure.Invalid("description", "It has at most " + LONGEST + " characters.");
        }
        if (databases.isEmpty() || databases.size() > MOST_DATABASES) {
            throw new Failure.Invalid(
                    "databases", "Name 1 to " + MOST_DATABASES + ": names, tag: and a tag, or * alone for all.");
        }
        for (int i = 0; i < databases.size(); i++) {
            if (!databases.equals(ALL)) {
                check("databases[" + i + "]", databases.get(i));
            }
        }
        part("days", keep.days());
        part("count", keep.count());
        part("daily", keep.daily());
        part("weekly", keep.weekly());
        part("monthly", keep.monthly());
        part("yearly", keep.yearly());
        if (goals.equals(Goals.NONE) && keep.isEmpty() && schedules.isEmpty()) {
            throw new Failure.Invalid("goals", "Set a goal, say which backups to keep, or have something done.");
        }
        databases = Collections.unmodifiableList(new ArrayList<>(databases));
        schedules = List.copyOf(schedules);
        checkSchedules(name, keep, schedules);
        checkStores(stores);
        stores = List.copyOf(stores);
    }

    /** Whether it is for all servers, whichever there are. */
    public boolean isForAll() {
        return databases.equals(ALL);
    }

    private static void checkSchedules(Name policy, KeepRule keep, List<Scheduled> schedules) {
        if (schedules.size() > MOST_SCHEDULES) {
            throw new Failure.Invalid("schedules", "A policy has at most " + MOST_SCHEDULES + " schedules.");
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < schedules.size(); i++) {
            Scheduled each = schedules.get(i);
            String field = "schedules[" + i + "]";
            try {
                new Name(policy + "-" + new Name(each.name()));
            } catch (Failure.Invalid e) {
                throw new Failure.Invalid(field + ".name", e.getMessage());
            }
            if (!names.add(each.name())) {
                throw new Failure.Invalid(
                        field + ".name",
                        "Another schedule of this policy is named " + each.name() + ": name one of them otherwise.");
            }
            if (each.work() == Work.EXPIRE && keep.isEmpty()) {
                throw new Failure.Invalid(field + ".work", "Say which backups to keep, or nothing can expire.");
            }
            if (!each.work().isDrill()) {
                ofDrillsAlone(field + ".from", each.from());
                ofDrillsAlone(field + ".kit", each.kit());
                ofDrillsAlone(field + ".passphraseFile", each.passphraseFile());
            }
            if (!each.work().isBackup() && each.rateLimitKilobytesPerSecond() != null) {
                throw new Failure.Invalid(
                        field + ".rateLimitKilobytesPerSecond", "Only a backup has it: leave it out here.");
            }
        }
    }

    private static void ofDrillsAlone(String field, @Nullable String value) {
        if (value != null) {
            throw new Failure.Invalid(field, "Only a restore drill has it: leave it out here.");
        }
    }

    private static void checkStores(List<String> stores) {
        if (stores.size() > MOST_STORES) {
            throw new Failure.Invalid("stores", "A policy names at most " + MOST_STORES + " stores.");
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < stores.size(); i++) {
            String field = "stores[" + i + "]";
            if (stores.get(i) == null) {
                throw new Failure.Invalid(field, "The name of a store is expected.");
            }
            if (!names.add(stores.get(i))) {
                throw new Failure.Invalid(field, "The store " + stores.get(i) + " is named twice.");
            }
        }
    }

    private static void check(String field, @Nullable String name) {
        if (name == null) {
            throw new Failure.Invalid(field, "A name is expected, or tag: and a tag.");
        }
        if (name.startsWith(TAG)) {
            if (name.substring(TAG.length()).isBlank()) {
                throw new Failure.Invalid(field, "A tag is expected behind tag:.");
            }
            return;
        }
        try {
            new Name(name);
        } catch (Failure.Invalid e) {
            throw new Failure.Invalid(field, e.getMessage());
        }
    }

    private static void part(String field, int value) {
        if (value < 0 || value > MOST_KEPT) {
            throw new Failure.Invalid("keep." + field, "It is a number from 0 to " + MOST_KEPT + "; 0 leaves it out.");
        }
    }
}
