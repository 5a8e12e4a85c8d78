package dev.nightshift.job;

import dev.nightshift.kernel.ProjectId;

/** A feature's job: one application-scoped bean each. */
public interface Job {
    JobDefinition definition();

    /**
     * A feature's own check of a request, after the parameters' types were checked.
     *
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field
     */
    default void check(ProjectId project, Parameters parameters) {}

    /**
     * A feature's own check of how much is asked for at once.
     *
     * @param targets how many instances or databases, by the job's unit
     * @throws dev.nightshift.kernel.Failure.Invalid naming the field
     */
    default void checkTargets(int targets) {}
}
