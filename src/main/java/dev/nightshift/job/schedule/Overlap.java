package dev.nightshift.job.schedule;

/** What becomes of a fire while an earlier run of its schedule is not over. */
public enum Overlap {
    /** A run SKIPPED, with that reason: an hourly backup of a server that takes ten hours would only queue up. */
    SKIP,
    /** It waits for the earlier ones. */
    QUEUE,
    /** It starts beside them; targets still wait for each other's locks. */
    ALLOW
}
