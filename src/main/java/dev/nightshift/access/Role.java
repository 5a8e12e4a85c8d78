package dev.nightshift.access;

/**
 * What somebody may do within a project. Those of people are a ladder: each may do all that the ones before it may. Those of keys
 * that ship log stand beside it: the log holds every row, so only admins may what they may, and they may nothing else.
 */
public enum Role {
    /** A key that reads archived log, and nothing else: for {@code restore_command}. */
    LOG_READER,
    /** A key that stores log and reads it back, and nothing else: for {@code archive_command}. */
    LOG_SHIPPER,
    /** Reads everything of the project but keys and raw log, changes nothing. */
    VIEWER,
    /** Also starts, stops and schedules work. */
    OPERATOR,
    /** Also changes who may do what, and removes things. */
    ADMIN;

    /** Whether it opens archived log alone. Only keys have such a role. */
    public boolean isOfLog() {
        return this == LOG_READER || this == LOG_SHIPPER;
    }

    /** Whether this role may do what asks for the other one. */
    public boolean covers(Role needed) {
        boolean sameKind = isOfLog() == needed.isOfLog();
        return this == ADMIN || (sameKind && compareTo(needed) >= 0);
    }
}
