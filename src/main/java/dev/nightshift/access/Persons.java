package dev.nightshift.access;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Which person stands behind a request: for what two people have to agree on, where a key counts as whoever made it. */
@ApplicationScoped
public class Persons {
    @Inject
    private Transactions transactions;

    /**
     * Somebody who may do everything in a project.
     *
     * @param settled since when they have this login and this role
     */
    public record Admin(UUID id, String name, boolean installationAdmin, Instant settled) {}

    /** The person who logged in, or who made the key; empty for a key that nobody made, such as the bootstrap key. */
    public Optional<UUID> behind(Identity who) {
        if (who.kind() == Caller.Kind.PERSON) {
            return Optional.of(who.id());
        }
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select access.person_of_key(?)")) {
                query.setObject(1, who.id());
                try (ResultSet row = query.executeQuery()) {
                    return row.next() ? Optional.ofNullable(row.getObject(1, UUID.class)) : Optional.empty();
                }
            }
        });
    }

    /** The people who may do everything in the project and may log in, by name. */
    public List<Admin> admins(ProjectId project) {
        return transactions.installation(connection -> {
            try (var query = connection.prepareStatement(
                    "select id, name, installation_admin, settled_at from access.admins_of(?)")) {
                query.setObject(1, project.value());
                try (ResultSet rows = query.executeQuery()) {
                    List<Admin> admins = new ArrayList<>();
                    while (rows.next()) {
                        admins.add(new Admin(
                                rows.getObject(1, UUID.class),
                                rows.getString(2),
                                rows.getBoolean(3),
                                rows.getTimestamp(4).toInstant()));
                    }
                    return admins;
                }
            }
        });
    }
}
