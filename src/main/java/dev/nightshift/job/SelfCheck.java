package dev.nightshift.job;

/** Something that Nightshift watches of itself; asked every minute, by one node. */
public interface SelfCheck {
    /** Reports what stands still, and closes the findings about what no longer does. May be repeated. */
    void check();
}
