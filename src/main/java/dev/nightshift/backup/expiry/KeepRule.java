package dev.nightshift.backup.expiry;

/**
 * Which backups people want to keep; whatever one part wants stays. 0 leaves a part out.
 *
 * @param days a window: every backup of the last so many days, and the one before them, from which its beginning is restored
 * @param count the newest so many
 * @param daily the newest of each of the last so many days that have any; likewise the others (grandfather, father, son)
 * @param weekly weeks as ISO 8601 counts them
 */
public record KeepRule(int days, int count, int daily, int weekly, int monthly, int yearly) {
    /** Whether it wants anything at all. */
    public boolean isEmpty() {
        return days + count + daily + weekly + monthly + yearly == 0;
    }
}
