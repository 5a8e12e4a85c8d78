package dev.nightshift.backup.policy;

/** What can be wanted of a server's backups; each is a duration that the measured one must not pass. */
public enum Goal {
    /** How much of what was done last may be lost with the server. */
    RPO("data loss"),
    /** How long it may take until a restored server answers. */
    RTO("time to restore"),
    /** How old the newest proof may be. */
    PROOF("age of the proof"),
    /** How old the newest good backup may be. */
    BACKUP("age of the backup");

    private final String words;

    Goal(String words) {
        this.words = words;
    }

    /** As a part of a sentence. */
    public String words() {
        return words;
    }
}
