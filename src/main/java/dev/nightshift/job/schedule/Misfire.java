package dev.nightshift.job.schedule;

/** What becomes of fires that nobody was there to start. Each one that starts nothing is a run MISSED with its reason. */
public enum Misfire {
    /** None is made up for. */
    SKIP,
    /** The latest of them starts, for all. */
    ONCE,
    /** Each of them starts, as far as the schedule's overlap lets it. */
    ALL
}
