package dev.nightshift.finding;

import java.util.UUID;

/**
 * What a finding is about.
 *
 * @param id of the object
 * @param name as people know it: a database's or an instance's name, for a backup or a run those of its database
 */
public record Subject(Kind kind, UUID id, String name) {
    /** The kinds of objects that findings are about. */
    public enum Kind {
        DATABASE,
        INSTANCE,
        BACKUP,
        RUN,
        PROJECT
    }
}
