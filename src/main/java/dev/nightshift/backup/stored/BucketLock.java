package dev.nightshift.backup.stored;

/**
 * What a bucket does by itself to each object that is stored in it.
 *
 * @param mode as the server says it, GOVERNANCE or COMPLIANCE at S3, LOCKED or UNLOCKED at Google; empty where it locks nothing
 *     by itself
 * @param days for which each object is locked, begun ones not counted; a year of S3's counts 365
 */
public record BucketLock(String mode, int days) {
    public static final BucketLock NONE = new BucketLock("", 0);

    /** Each object is held until somebody lifts that, be it at once: no lock that anybody could count on. */
    public static final BucketLock HOLD = new BucketLock("HOLD", 0);

    /** Each object is locked, and the service says neither for how long nor whether anybody can end it. */
    public static final BucketLock UNSAID = new BucketLock("UNSAID", 0);

    /** Whether it locks for that long at least; what is not said is believed. */
    public boolean isFor(int wanted) {
        return equals(UNSAID) || (!mode.isEmpty() && days >= wanted);
    }

    /** Within a sentence whose subject is the bucket. */
    public String words() {
        if (equals(UNSAID)) {
            return "has a policy that locks what is stored, of which its service says neither for how long nor whether it can be"
                    + " taken back";
        }
        if (equals(HOLD)) {
            return "holds each object until somebody lifts that";
        }
        return mode.isEmpty()
                ? "locks nothing by itself"
                : "locks each object for " + days + (days == 1 ? " day" : " days") + ", mode " + mode;
    }
}
