package dev.nightshift.job;

/** What one target of a job is. Physical work covers a whole server and collapses to one target per instance. */
public enum Unit {
    INSTANCE,
    DATABASE,
    /** The project itself: such a run has one target, and names no databases. */
    PROJECT
}
