package dev.nightshift.job.schedule;

import dev.nightshift.kernel.ProjectId;
import java.util.List;

/** Which databases a schedule of a policy works on when it fires: the feature that has policies knows. */
public interface PolicyAim {
    /**
     * Of what the schedule names, what is the policy's business now. Within the transaction of the fire.
     *
     * @param named names, {@code tag:} and a tag, or {@code *} alone
     * @return the same where all of it is, names where some are, none where others answer for all of it
     */
    List<String> of(ProjectId project, String policy, List<String> named);
}
