package dev.nightshift.backup.policy;

/** What can be wanted of a server's backups. */
public enum Goal {
    /** How much of what was done last may be lost with the server. */
    RPO("data loss", Unit.SECONDS),
    /** How long it may take until a restored server answers. */
    RTO("time to restore", Unit.SECONDS),
    /** How old the newest proof may be. */
    PROOF("age of the proof", Unit.SECONDS),
    /** How old the newest good backup may be. */
    BACKUP("age of the backup", Unit.SECONDS),
    /** How many stores hold the newest good backup, at least. */
    STORES("number of stores", Unit.STORES),
    /** How old the key may be that the newest good backup opens by. */
    KEY("age of the key", Unit.SECONDS),
    /** How long the project's newest key may be in no recovery kit. */
    KIT("recovery kit", Unit.SECONDS);

    private final String words;
    private final Unit unit;

    /** What a goal is measured in. */
    public enum Unit {
        /** No more of them than wanted. */
        SECONDS,
        /** No fewer of them than wanted. */
        STORES;

        boolean isMet(long wanted, long measured) {
            return this == STORES ? measured >= wanted : measured <= wanted;
        }

        /** Missed by more than twice. */
        boolean isFar(long wanted, long measured) {
            return this == STORES ? 2 * measured < wanted : measured > 2 * wanted;
        }
    }

    Goal(String words, Unit unit) {
        this.words = words;
        this.unit = unit;
    }

    /** As a part of a sentence. */
    public String words() {
        return words;
    }

    public Unit unit() {
        return unit;
    }
}
