package dev.nightshift.backup.policy;

import dev.nightshift.kernel.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A goal held against what was measured.
 *
 * @param wanted in the goal's unit
 * @param measured likewise, a duration rounded up; null where nothing was
 * @param at when that was measured; null where nothing was
 * @param reason in sentences
 * @param farBeyond missed by more than twice the goal
 */
public record Judgement(
        Goal goal,
        long wanted,
        @Nullable Long measured,
        @Nullable Instant at,
        State state,
        String reason,
        boolean farBeyond) {
    /** Synchronised clocks differ by less; a goal may be a few seconds, so that more of it would hide what is missed. */
    private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(5);

    /** What took so long once says nothing of the server that it is after this. */
    private static final Duration DRILLS_SPEAK = Duration.ofDays(30);

    /** Where a goal is no duration: until a server that was registered has its first backup. */
    private static final Duration FIRST_BACKUP = Duration.ofDays(1);

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** Whether a goal is reached; UNKNOWN where that was not measured. */
    public enum State {
        MET,
        MISSED,
        UNKNOWN
    }

    public Judgement {
        if (state == State.MET
                && (measured == null || at == null || !goal.unit().isMet(wanted, measured))) {
            throw new IllegalArgumentException("A goal is met by a measurement alone.");
        }
    }

    /** All goals of the policy that answers for a server, in their order. */
    public static List<Judgement> all(Policy policy, Answering.Server server, Facts facts) {
        return policy.goals().wanted().entrySet().stream()
                .map(entry -> server.outside(policy, entry.getKey())
                        .map(reason -> unknown(entry.getKey(), entry.getValue(), reason))
                        .orElseGet(() -> of(entry.getKey(), entry.getValue(), facts)))
                .toList();
    }

    private static Judgement unknown(Goal goal, long wanted, String reason) {
        return new Judgement(goal, wanted, null, null, State.UNKNOWN, reason, false);
    }

    static Judgement of(Goal goal, long wanted, Facts facts) {
        return switch (goal) {
            case RPO -> rpo(wanted, facts);
            case RTO -> rto(wanted, facts);
            case PROOF -> proof(wanted, facts);
            case BACKUP -> backup(wanted, facts);
            case STORES -> stores(wanted, facts);
            case KEY -> key(wanted, facts);
            case KIT -> kit(wanted, facts);
        };
    }

    /** From the newest moment that can be restored to. */
    private static Judgement rpo(long wanted, Facts facts) {
        Instant backupAt = facts.backupAt();
        if (backupAt == null) {
            return missing(
                    Goal.RPO, wanted, facts, "There is no backup that can be restored: all of its data would be lost.");
        }
        Instant to = facts.restorableTo().orElse(backupAt);
        if (to.isAfter(backupAt)) {
            return aged(
                    Goal.RPO,
                    wanted,
                    facts,
                    to,
                    "All that the server had acknowledged by " + MINUTE.format(to)
                            + " is stored, by the catalogue; what came later would be lost.");
        }
        String log = switch (facts.log().reach()) {
            case NONE -> "No log is archived";
            case GAP -> "The archived log does not go on from the newest backup without a gap";
            case BEHIND, GOES_ON -> "The archived log has not come past the newest backup";
        };
        return aged(
                Goal.RPO,
                wanted,
                facts,
                backupAt,
                log + ": data since the newest backup of " + MINUTE.format(backupAt) + " would be lost." + bad(facts));
    }

    /** As the newest drill measured it; never estimated. */
    private static Judgement rto(long wanted, Facts facts) {
        Facts.Drill drill = facts.drill();
        if (drill == null) {
            return unknown(
                    Goal.RTO,
                    wanted,
                    "No drill has restored a backup of it, or nothing that was restored still stands: how long that takes"
                            + " is not measured.");
        }
        String reason = "The drill of " + MINUTE.format(drill.at()) + " had a restored server after "
                + seconds(drill.took()) + " s: from the backup of " + MINUTE.format(drill.backupAt()) + ", "
                + new Bytes(drill.bytes()) + ", without replay of later log.";
        if (Duration.between(drill.at(), facts.now()).compareTo(DRILLS_SPEAK) > 0) {
            return unknown(
                    Goal.RTO,
                    wanted,
                    reason + " That is more than " + DRILLS_SPEAK.toDays() + " days ago: drill again.");
        }
        if (drill.newestBytes() > 2 * drill.bytes()) {
            return unknown(
                    Goal.RTO,
                    wanted,
                    reason + " The newest good backup is more than twice as large, " + new Bytes(drill.newestBytes())
                            + ": drill again.");
        }
        return measured(Goal.RTO, wanted, drill.took(), drill.at(), reason);
    }

    private static Judgement proof(long wanted, Facts facts) {
        Instant provenAt = facts.provenAt();
        return provenAt == null
                ? missing(
                        Goal.PROOF,
                        wanted,
                        facts,
                        "No backup of it has been restored in a drill, or the last drill failed.")
                : aged(Goal.PROOF, wanted, facts, provenAt, "Its newest proof is of " + MINUTE.format(provenAt) + ".");
    }

    private static Judgement backup(long wanted, Facts facts) {
        Instant backupAt = facts.backupAt();
        return backupAt == null
                ? missing(Goal.BACKUP, wanted, facts, "There is no good backup of it." + bad(facts))
                : aged(
                        Goal.BACKUP,
                        wanted,
                        facts,
                        backupAt,
                        "Its newest good backup is of " + MINUTE.format(backupAt) + "." + bad(facts));
    }

    private static String bad(Facts facts) {
        Instant badAt = facts.badAt();
        return badAt == null
                ? ""
                : " The one of " + MINUTE.format(badAt)
                        + " does not count: it is of another cluster, its source was damaged, or a proof speaks against it.";
    }

    /** As the catalogue has it: what was deleted in a store by others, proofs find out. */
    private static Judgement stores(long wanted, Facts facts) {
        Facts.Copies copies = facts.copies();
        Instant backupAt = facts.backupAt();
        if (copies == null || backupAt == null) {
            return missing(
                    Goal.STORES,
                    wanted,
                    FIRST_BACKUP.toSeconds(),
                    facts,
                    "There is no good backup of it." + bad(facts));
        }
        List<String> stores = copies.stores();
        String reason = "The newest good backup, of " + MINUTE.format(backupAt) + ", lies whole in "
                + (stores.isEmpty()
                        ? "no store without a failed proof."
                        : stores.size() + (stores.size() == 1 ? " store: " : " stores: ") + String.join(", ", stores)
                                + ".")
                + bad(facts);
        if (copies.underWay() && !Goal.STORES.unit().isMet(wanted, stores.size())) {
            return unknown(Goal.STORES, wanted, reason + " A run that may copy it is not over.");
        }
        return judged(Goal.STORES, wanted, stores.size(), facts.now(), reason);
    }

    private static Judgement key(long wanted, Facts facts) {
        Instant madeAt = facts.keys().backupKeyMadeAt();
        if (madeAt == null) {
            return unknown(
                    Goal.KEY,
                    wanted,
                    facts.backupAt() == null
                            ? "There is no good backup of it." + bad(facts)
                            : "When the key was made by which its newest good backup opens is not known.");
        }
        return aged(
                Goal.KEY,
                wanted,
                facts,
                madeAt,
                "Its newest good backup opens by a key that was made, or taken over, at " + MINUTE.format(madeAt)
                        + ".");
    }

    private static Judgement kit(long wanted, Facts facts) {
        Instant madeAt = facts.keys().newestMadeAt();
        if (madeAt == null) {
            return unknown(Goal.KIT, wanted, "When the project's newest key was made is not known.");
        }
        String key = "The project's newest key, of " + MINUTE.format(madeAt) + ", ";
        return facts.keys().newestInKit()
                ? judged(
                        Goal.KIT,
                        wanted,
                        0,
                        facts.now(),
                        key + "was put into a recovery kit or a key file. Whether somebody keeps that is not known.")
                : aged(Goal.KIT, wanted, facts, madeAt, key + "is in no recovery kit.");
    }

    private static Judgement missing(Goal goal, long wanted, Facts facts, String reason) {
        return missing(goal, wanted, wanted, facts, reason);
    }

    /**
     * What there is not yet is missed once the server is registered for longer than the goal.
     *
     * @param patience in seconds; the goal, if that is a duration
     */
    private static Judgement missing(Goal goal, long wanted, long patience, Facts facts, String reason) {
        long since = seconds(Duration.between(facts.registeredAt(), facts.now()));
        boolean missed = since > patience;
        return new Judgement(
                goal,
                wanted,
                null,
                null,
                missed ? State.MISSED : State.UNKNOWN,
                reason + " It is registered since " + MINUTE.format(facts.registeredAt()) + ".",
                missed && since > 2 * patience);
    }

    private static Judgement aged(Goal goal, long wanted, Facts facts, Instant from, String reason) {
        Duration age = Duration.between(from, facts.now());
        if (age.compareTo(CLOCKS_DIFFER.negated()) < 0) {
            return unknown(
                    goal,
                    wanted,
                    reason
                            + " By the repository's clock that lies ahead: set the clocks of the nodes, the server and the"
                            + " repository right.");
        }
        return measured(goal, wanted, age.isNegative() ? Duration.ZERO : age, facts.now(), reason);
    }

    private static Judgement measured(Goal goal, long wanted, Duration value, Instant at, String reason) {
        return judged(goal, wanted, seconds(value), at, reason);
    }

    private static Judgement judged(Goal goal, long wanted, long measured, Instant at, String reason) {
        boolean met = goal.unit().isMet(wanted, measured);
        return new Judgement(
                goal,
                wanted,
                measured,
                at,
                met ? State.MET : State.MISSED,
                reason,
                goal.unit().isFar(wanted, measured));
    }

    /** Up, so that a goal that is passed by a millisecond is missed. */
    private static long seconds(Duration duration) {
        return duration.plusNanos(999_999_999).toSeconds();
    }
}
