package dev.nightshift.finding;

/** How soon somebody should look; in rising order. */
public enum Severity {
    /** When there is time. */
    INFO,
    /** On the next working day. */
    WARNING,
    /** Now: data is at risk. */
    CRITICAL
}
