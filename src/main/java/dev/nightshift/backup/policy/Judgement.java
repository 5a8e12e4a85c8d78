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
 * @param measured rounded up to seconds; null where nothing was
 * @param at when that was measured; null where nothing was
 * @param reason in sentences
 * @param farBeyond missed by more than twice the goal
 */
public record Judgement(
        Goal goal,
        Duration wanted,
        @Nullable Duration measured,
        @Nullable Instant at,
        State state,
        String reason,
        boolean farBeyond) {
    /** Synchronised clocks differ by less; a goal may be a few seconds, so that more of it would hide what is missed. */
    private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(5);

    /** What took so long once says nothing of the server that it is after this. */
    private static final Duration DRILLS_SPEAK = Duration.ofDays(30);

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** Whether a goal is reached; UNKNOWN where that was not measured. */
    public enum State {
        MET,
        MISSED,
        UNKNOWN
    }

    public Judgement {
        if (state == State.MET && (measured == null || at == null || measured.compareTo(wanted) > 0)) {
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

    private static Judgement unknown(Goal goal, Duration wanted, String reason) {
        return new Judgement(goal, wanted, null, null, State.UNKNOWN, reason, false);
    }

    static Judgement of(Goal goal, Duration wanted, Facts facts) {
        return switch (goal) {
            case RPO -> rpo(wanted, facts);
            case RTO -> rto(wanted, facts);
            case PROOF -> proof(wanted, facts);
            case BACKUP -> backup(wanted, facts);
        };
    }

    /** From the newest moment that can be restored to. */
    private static Judgement rpo(Duration wanted, Facts facts) {
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
    private static Judgement rto(Duration wanted, Facts facts) {
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

    private static Judgement proof(Duration wanted, Facts facts) {
        Instant provenAt = facts.provenAt();
        return provenAt == null
                ? missing(
                        Goal.PROOF,
                        wanted,
                        facts,
                        "No backup of it has been restored in a drill, or the last drill failed.")
                : aged(Goal.PROOF, wanted, facts, provenAt, "Its newest proof is of " + MINUTE.format(provenAt) + ".");
    }

    private static Judgement backup(Duration wanted, Facts facts) {
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

    /** What there is not yet is missed once the server is registered for longer than the goal. */
    private static Judgement missing(Goal goal, Duration wanted, Facts facts, String reason) {
        Duration since = Duration.between(facts.registeredAt(), facts.now());
        boolean missed = since.compareTo(wanted) > 0;
        return new Judgement(
                goal,
                wanted,
                null,
                null,
                missed ? State.MISSED : State.UNKNOWN,
                reason + " It is registered since " + MINUTE.format(facts.registeredAt()) + ".",
                missed && since.compareTo(wanted.multipliedBy(2)) > 0);
    }

    private static Judgement aged(Goal goal, Duration wanted, Facts facts, Instant from, String reason) {
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

    private static Judgement measured(Goal goal, Duration wanted, Duration value, Instant at, String reason) {
        Duration rounded = Duration.ofSeconds(seconds(value));
        boolean met = rounded.compareTo(wanted) <= 0;
        return new Judgement(
                goal,
                wanted,
                rounded,
                at,
                met ? State.MET : State.MISSED,
                reason,
                rounded.compareTo(wanted.multipliedBy(2)) > 0);
    }

    /** Up, so that a goal that is passed by a millisecond is missed. */
    private static long seconds(Duration duration) {
        return duration.plusNanos(999_999_999).toSeconds();
    }
}
