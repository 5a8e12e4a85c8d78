package dev.nightshift.backup.policy;

import java.util.Locale;

/** What a policy can have done at times. */
public enum Work {
    FULL,
    INCREMENTAL,
    DIFFERENTIAL,
    LOGICAL,
    SCHEMA,
    DATA,
    /** A restore drill of the newest backup. */
    DRILL_NEWEST,
    /** Of a random older one. */
    DRILL_RANDOM,
    /** Of a random moment of the recovery window. */
    DRILL_RANDOM_POINT,
    /** Deletes what the policy's rule does not keep. */
    EXPIRE;

    /** Whether it takes a backup. */
    public boolean isBackup() {
        return !isDrill() && this != EXPIRE;
    }

    /** Whether it restores a backup to prove it. */
    public boolean isDrill() {
        return this == DRILL_NEWEST || this == DRILL_RANDOM || this == DRILL_RANDOM_POINT;
    }

    /** As a part of a name. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
