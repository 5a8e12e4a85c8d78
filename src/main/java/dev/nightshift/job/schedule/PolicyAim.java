package dev.nightshift.job.schedule;

import dev.nightshift.kernel.ProjectId;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** On which servers a schedule of a policy works when it fires: the feature that has policies knows. */
public interface PolicyAim {
    /** What the policy means now, within the transaction of the fire. */
    Aim of(ProjectId project, String policy);

    /**
     * The servers that are a policy's business: each as a whole, with all of its registered databases.
     *
     * @param meansAny whether it means any server, its own or another policy's
     * @param servers of which it answers
     * @param gone what it names that stands for nothing any more
     */
    record Aim(boolean meansAny, Set<UUID> servers, List<String> gone) {
        public Aim {
            servers = Set.copyOf(servers);
            gone = List.copyOf(gone);
        }
    }
}
