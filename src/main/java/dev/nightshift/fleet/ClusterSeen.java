package dev.nightshift.fleet;

import dev.nightshift.kernel.ProjectId;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What a node saw of an instance's cluster when it asked all members, or that the instance names others now, or is deleted. Fired where that is
 * another than before, and again every ten minutes; for the packages that the fleet does not know. Other nodes may see something else.
 *
 * @param name the instance's
 * @param primary {@code host:port} of the member that is taken for the primary
 * @param timeline that it writes, or wrote when it was seen last; 0 if it never was
 * @param found whether it answers as the primary; nothing is worked on otherwise
 * @param rivals members that say that they are the primary too, by {@code host:port}, with the timeline that each writes
 * @param clear members that answer and are certainly none, by {@code host:port}; of one that is silent nobody knows
 */
public record ClusterSeen(
        ProjectId project,
        UUID instance,
        String name,
        String primary,
        int timeline,
        boolean found,
        Map<String, Integer> rivals,
        Set<String> clear) {
    public ClusterSeen {
        rivals = Map.copyOf(rivals);
        clear = Set.copyOf(clear);
    }

    /** That an instance's members are others now, of which nothing was seen yet, or that it is deleted. */
    static ClusterSeen changed(Instance instance) {
        return new ClusterSeen(
                instance.project(),
                instance.id(),
                instance.name().value(),
                instance.addresses().get(0).toString(),
                0,
                false,
                Map.of(),
                Set.of());
    }
}
