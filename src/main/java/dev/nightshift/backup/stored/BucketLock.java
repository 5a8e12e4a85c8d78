package dev.nightshift.backup.stored;

/**
 * What a bucket of S3 does by itself to each object that is stored in it.
 *
 * @param mode GOVERNANCE or COMPLIANCE, as the server says it; empty where it locks nothing by itself
 * @param days for which each object is locked; a year of S3's counts 365
 */
public record BucketLock(String mode, int days) {
    public static final BucketLock NONE = new BucketLock("", 0);

    /** Whether it locks for that long at least. */
    public boolean isFor(int wanted) {
        return !mode.isEmpty() && days >= wanted;
    }

    /** Within a sentence whose subject is the bucket. */
    public String words() {
        return mode.isEmpty()
                ? "locks nothing by itself"
                : "locks each object for " + days + (days == 1 ? " day" : " days") + ", mode " + mode;
    }
}
