package dev.nightshift.access;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the groups of somebody who comes by OpenID Connect give them.
 *
 * @param projects the role by the project's name
 */
public record Grants(boolean installationAdmin, Map<String, Role> projects) {
    public Grants {
        projects = Map.copyOf(projects);
    }

    /** A membership to be given, or with a null role taken. */
    record Change(Members.InProject before, @Nullable Role role) {}

    /** What to do about the memberships that are there, so that those of groups follow; those given by hand stay. */
    List<Change> changes(List<Members.InProject> present) {
        List<Change> changes = new ArrayList<>();
        for (Members.InProject each : present) {
            Role granted = projects.get(each.name());
            boolean ofGroups = each.role() == null || each.byGroups();
            if (ofGroups && granted != each.role()) {
                changes.add(new Change(each, granted));
            }
        }
        return changes;
    }
}
