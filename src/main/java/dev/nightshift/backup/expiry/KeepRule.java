package dev.nightshift.backup.expiry;

import java.util.ArrayList;
import java.util.List;

/**
 * Which backups people want to keep; whatever one part wants stays. 0 leaves a part out.
 *
 * @param days a window: every backup of the last so many days, and the one before them, from which its beginning is restored
 * @param count the newest so many
 * @param daily the newest of each of the last so many days that have any; likewise the others (grandfather, father, son)
 * @param weekly weeks as ISO 8601 counts them
 */
public record KeepRule(int days, int count, int daily, int weekly, int monthly, int yearly) {
    /** Wants nothing: by it nothing is kept, and so nobody expires by it. */
    public static final KeepRule NOTHING = new KeepRule(0, 0, 0, 0, 0, 0);

    /**
     * Whether it keeps all that the other one keeps, whichever backups there are: each part at least as large. Two rules can keep
     * the same and neither cover the other; that is not told apart.
     */
    public boolean covers(KeepRule other) {
        return days >= other.days
                && count >= other.count
                && daily >= other.daily
                && weekly >= other.weekly
                && monthly >= other.monthly
                && yearly >= other.yearly;
    }

    /** As a person says it: {@code 14 days, 12 monthly}. */
    public String words() {
        List<String> words = new ArrayList<>();
        add(words, days, "days");
        add(words, count, "newest");
        add(words, daily, "daily");
        add(words, weekly, "weekly");
        add(words, monthly, "monthly");
        add(words, yearly, "yearly");
        return words.isEmpty() ? "nothing" : String.join(", ", words);
    }

    private static void add(List<String> words, int part, String of) {
        if (part > 0) {
            words.add(part + " " + of);
        }
    }

    /** Whether it wants anything at all. */
    public boolean isEmpty() {
        return days + count + daily + weekly + monthly + yearly == 0;
    }
}
