package dev.nightshift.job;

import dev.nightshift.kernel.ProjectId;
import jakarta.json.JsonObject;
import java.util.List;
import java.util.Set;

/** A feature's job: one application-scoped bean each. */
public interface Job {
    JobDefinition definition();

    /**
     * True where the work loads what it works on, and so begins within the maintenance windows of its databases alone, and
     * ends before they close. Such a job declares the parameter {@code outsideWindows}.
     */
    default boolean keepsToWindows() {
        return false;
    }

    /**
     * The kinds of work beside which this one is not done on the same server: each waits for the other, whoever comes first
     * goes first. One of the two has to say so.
     */
    default Set<String> keepsApartFrom(Parameters parameters) {
        return Set.of();
    }

    /** How the work shares the node's memory with others that move data. */
    enum Moves {
        /** It has no buffers worth speaking of, and never waits. */
        NOTHING,
        /** So many targets at once as the heap has room for, in the order in which they come. */
        IN_TURN,
        /** Somebody waits for it: before those that wait in turn. */
        FIRST,
        /** It may be held back for days: half of the room at most, so that what has to be done tonight goes past it. */
        AT_LEISURE
    }

    /** Whether the work moves much data through buffers of its own. */
    default Moves moves() {
        return Moves.NOTHING;
    }

    /**
     * A caller's parameters as the job declares them, where it takes them in another form too. Comes before every check; what a run
     * or a schedule keeps is what this answers.
     *
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field as the caller wrote it
     */
    default JsonObject plain(JsonObject given) {
        return given;
    }

    /**
     * A feature's own check of a request, after the parameters' types were checked.
     *
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field
     */
    default void check(ProjectId project, Parameters parameters) {}

    /**
     * A feature's own check of whoever wants a run of these parameters to go on.
     *
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field
     */
    default void checkRestart(ProjectId project, Parameters parameters) {}

    /**
     * A feature's last word before a person or a key has a run of these parameters, after {@link #check}: outside of any
     * transaction, so that it may look elsewhere and keep what it finds.
     *
     * @param databases as they were asked for
     * @throws dev.nightshift.kernel.Failure.Conflict if it is not to begin like that
     */
    default void review(ProjectId project, List<String> databases, Parameters parameters) {}

    /**
     * A feature's own check of what is planned to be run by itself at times, after {@link #check}.
     *
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field
     */
    default void checkPlanned(ProjectId project, Parameters parameters) {}

    /**
     * A feature's own check of how much is asked for at once.
     *
     * @param targets how many instances or databases, by the job's unit
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field
     */
    default void checkTargets(int targets) {}
}
