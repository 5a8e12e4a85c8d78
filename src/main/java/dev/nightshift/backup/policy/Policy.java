package dev.nightshift.backup.policy;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of the backups of some servers. Its name never changes.
 *
 * @param databases whose servers it is for, as schedules name them: names, {@code tag:} and a tag, or {@code *} alone for all
 */
public record Policy(UUID id, Name name, String description, List<String> databases, Goals goals, KeepRule keep) {
    static final String TAG = "tag:";
    static final List<String> ALL = List.of("*");
    private static final int LONGEST = 500;
    private static final int MOST_DATABASES = 1_000;
    private static final int MOST_KEPT = 10_000;

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
        if (goals.equals(Goals.NONE) && keep.isEmpty()) {
            throw new Failure.Invalid("goals", "Set a goal, or say which backups to keep.");
        }
        databases = Collections.unmodifiableList(new ArrayList<>(databases));
    }

    /** Whether it is for all servers, whichever there are. */
    public boolean isForAll() {
        return databases.equals(ALL);
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
