package dev.nightshift.backup;

import dev.nightshift.backup.LeftSlots.Owner;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Whose the slots of the servers are, as the catalogue knows it, across projects. */
@ApplicationScoped
class SlotRepository {
    /** A registered server whose log no node archives. */
    record Server(ProjectId project, UUID instance) {}

    List<Server> servers(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select project_id, instance_id from backup.slot_servers()");
                var rows = query.executeQuery()) {
            List<Server> servers = new ArrayList<>();
            while (rows.next()) {
                servers.add(new Server(new ProjectId(rows.getObject(1, UUID.class)), rows.getObject(2, UUID.class)));
            }
            return servers;
        }
    }

    /**
     * What is known of the instance that a slot is named after.
     *
     * @param server the registered one that has the slot
     */
    Owner owner(Connection connection, UUID instance, UUID server) throws SQLException {
        try (var query = connection.prepareStatement("select archives from backup.slot_owner(?, ?)")) {
            query.setObject(1, instance);
            query.setObject(2, server);
            try (var row = query.executeQuery()) {
                return row.next() ? new Owner(true, row.getBoolean(1)) : Owner.UNKNOWN;
            }
        }
    }
}
