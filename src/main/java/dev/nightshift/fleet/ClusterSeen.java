package dev.nightshift.fleet;

import dev.nightshift.kernel.ProjectId;
import java.util.Map;
import java.util.UUID;

/**
 * What a node saw of an instance's cluster when it asked all members. Fired when that is another than before, every ten minutes,
 * and when the instance names no members any more; for the packages that the fleet does not know.
 *
 * @param primary {@code host:port} of the member that is worked on
 * @param timeline that it writes, or wrote when it was seen last; 0 if it never was
 * @param rivals members that say that they are the primary too, by {@code host:port}, with the timeline that each writes
 */
public record ClusterSeen(ProjectId project, UUID instance, String primary, int timeline, Map<String, Integer> rivals) {
    public ClusterSeen {
        rivals = Map.copyOf(rivals);
    }
}
