package dev.nightshift.access;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.tenancy.Work;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** API keys: each opens one project in one role, or the whole installation. */
@ApplicationScoped
class Keys {
    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** What is known of a key after it was made: everything but the key. */
    record Key(
            UUID id,
            String name,
            @Nullable Role role,
            @Nullable Instant expiresAt,
            String createdBy,
            Instant createdAt,
            @Nullable Instant lastUsed,
            String prefix) {}

    /** Whose key it is; empty if there is none, it has expired or was revoked. Notes that it was used. */
    Optional<Identity> find(String token) {
        return transactions.installation(connection -> {
            try (var call = connection.prepareStatement(
                    "select id, name, project_id, role, installation_admin from access.key_by_hash(?)")) {
                call.setBytes(1, new Secret(token).hash());
                try (ResultSet rows = call.executeQuery()) {
                    if (!rows.next()) {
                        return Optional.empty();
                    }
                    UUID project = rows.getObject(3, UUID.class);
                    String role = rows.getString(4);
                    return Optional.of(new Identity(
                            rows.getObject(1, UUID.class),
                            rows.getString(2),
                            Caller.Kind.KEY,
                            rows.getBoolean(5),
                            project == null ? null : new ProjectId(project),
                            role == null ? null : Role.valueOf(role),
                            null));
                }
            }
        });
    }

    /**
     * Stores a key.
     *
     * @param project null for a key of the installation's admin, which has no role
     * @param person whose it is; null if nobody's
     * @return the key's id; empty if the very same key is there already
     */
    Optional<UUID> create(
            @Nullable ProjectId project,
            String name,
            @Nullable Role role,
            Secret key,
            String prefix,
            @Nullable Instant expires,
            String by,
            @Nullable UUID person) {
        UUID id = Ids.next(clock);
        int stored = within(project, connection -> {
            try (var insert = connection.prepareStatement("""
                insert into access.api_key
                  (id, project_id, name, key_hash, prefix, role, installation_admin, created_by, created_at, expires_at,
                   person_id)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (key_hash) do nothing
                """)) {
                insert.setObject(1, id);
                insert.setObject(2, project == null ? null : project.value());
                insert.setString(3, name);
                insert.setBytes(4, key.hash());
                insert.setString(5, prefix);
                insert.setString(6, role == null ? null : role.name());
                insert.setBoolean(7, project == null);
                insert.setString(8, by);
                insert.setObject(9, clock.now().atOffset(ZoneOffset.UTC));
                insert.setObject(10, expires == null ? null : expires.atOffset(ZoneOffset.UTC));
                insert.setObject(11, person);
                return insert.executeUpdate();
            }
        });
        return stored == 1 ? Optional.of(id) : Optional.empty();
    }

    /** The keys of a project, or of the installation for null, that are not revoked; oldest first. */
    List<Key> all(@Nullable ProjectId project) {
        return within(project, connection -> {
            try (var select = connection.prepareStatement("""
                select id, name, role, expires_at, created_by, created_at, last_used, prefix
                  from access.api_key where revoked_at is null order by id
                """);
                    ResultSet rows = select.executeQuery()) {
                List<Key> keys = new ArrayList<>();
                while (rows.next()) {
                    String role = rows.getString(3);
                    var expires = rows.getTimestamp(4);
                    var used = rows.getTimestamp(7);
                    keys.add(new Key(
                            rows.getObject(1, UUID.class),
                            rows.getString(2),
                            role == null ? null : Role.valueOf(role),
                            expires == null ? null : expires.toInstant(),
                            rows.getString(5),
                            rows.getTimestamp(6).toInstant(),
                            used == null ? null : used.toInstant(),
                            rows.getString(8)));
                }
                return keys;
            }
        });
    }

    /** The name of the key that was revoked; empty if the project, or for null the installation, has no such key. */
    Optional<String> revoke(@Nullable ProjectId project, UUID id) {
        return within(project, connection -> {
            try (var update = connection.prepareStatement(
                    "update access.api_key set revoked_at = ? where id = ? and revoked_at is null returning name")) {
                update.setObject(1, clock.now().atOffset(ZoneOffset.UTC));
                update.setObject(2, id);
                try (ResultSet rows = update.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
                }
            }
        });
    }

    private <T> T within(@Nullable ProjectId project, Work<T> work) {
        return project == null ? transactions.installation(work) : transactions.in(project, work);
    }
}
