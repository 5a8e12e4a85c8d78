package dev.nightshift.access;

/** What somebody may do within a project; each role may do all that the ones before it may. */
public enum Role {
    /** Reads everything of the project, changes nothing. */
    VIEWER,
    /** Also starts, stops and schedules work. */
    OPERATOR,
    /** Also changes who may do what, and removes things. */
    ADMIN;

    /** Whether this role may do what asks for the other one. */
    public boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }
}
