package dev.nightshift.backup.policy;

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
    /** Clocks may differ by so much before a measured time says nothing any more. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

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

    /** All goals, in their order. */
    public static List<Judgement> all(Goals goals, Facts facts) {
        return goals.wanted().entrySet().stream()
                .map(entry -> of(entry.getKey(), entry.getValue(), facts))
                .toList();
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
                            + " is stored; what came later would be lost.");
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
            return new Judgement(
                    Goal.RTO,
                    wanted,
                    null,
                    null,
                    State.UNKNOWN,
                    "No drill has restored a backup of it, or the last one failed: how long that takes is not measured.",
                    false);
        }
        return measured(
                Goal.RTO,
                wanted,
                drill.took(),
                drill.at(),
                "The drill of " + MINUTE.format(drill.at()) + " had a restored server after " + seconds(drill.took())
                        + " s.");
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
                        + " does not count: its source was damaged, or a proof speaks against it.";
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
            return new Judgement(
                    goal,
                    wanted,
                    null,
                    null,
                    State.UNKNOWN,
                    reason
                            + " By the repository's clock that lies ahead: set the clocks of the nodes, the server and the"
                            + " repository right.",
                    false);
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
