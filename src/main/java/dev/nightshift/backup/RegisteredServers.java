package dev.nightshift.backup;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A project's servers as those are found whose backups lie in a store. */
final class RegisteredServers {
    private final Map<String, Instance> bySystem = new HashMap<>();
    private final Map<String, Instance> byName = new HashMap<>();

    private RegisteredServers() {}

    static RegisteredServers of(Fleet fleet, ProjectId project) {
        var all = new RegisteredServers();
        String after = null;
        do {
            Page<Instance> page = fleet.instances(project, after, Page.MAX);
            page.items().forEach(all::add);
            after = page.next();
        } while (after != null);
        return all;
    }

    private void add(Instance instance) {
        byName.put(instance.name().value(), instance);
        String system = instance.systemIdentifier();
        if (system != null) {
            bySystem.put(system, instance);
        }
    }

    /** By the cluster; where no server of the project is known to be that, by the name that the server had. */
    @Nullable
    Instance find(String systemIdentifier, String name) {
        Instance known = bySystem.get(systemIdentifier);
        return known != null ? known : byName.get(name);
    }
}
