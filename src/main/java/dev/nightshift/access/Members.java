package dev.nightshift.access;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Which people belong to a project, and in which role. */
@ApplicationScoped
class Members {
    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /**
     * A person in a project.
     *
     * @param openId comes by OpenID Connect
     * @param byGroups the provider's groups gave the role, and take it
     */
    record Member(String name, String displayName, Role role, boolean openId, boolean byGroups) {}

    /** What a person is in a project; the role is null for who is no member. */
    record InProject(
            ProjectId project, String name, @Nullable Role role, boolean byGroups) {}

    List<Member> all(ProjectId project) {
        return transactions.in(project, connection -> {
            try (var select = connection.prepareStatement("""
                            select p.name, p.display_name, m.role, p.issuer is not null, m.by_groups
                              from access.membership m join access.person p on p.id = m.person_id
                             where not p.disabled order by p.name
                            """);
                    ResultSet rows = select.executeQuery()) {
                List<Member> members = new ArrayList<>();
                while (rows.next()) {
                    members.add(new Member(
                            rows.getString(1),
                            rows.getString(2),
                            Role.valueOf(rows.getString(3)),
                            rows.getBoolean(4),
                            rows.getBoolean(5)));
                }
                return members;
            }
        });
    }

    /**
     * Adds the person or changes their role.
     *
     * @param byGroups whether the provider's groups gave it; what a person gave they do not change
     */
    void put(ProjectId project, UUID person, Role role, boolean byGroups) {
        transactions.run(project, connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into access.membership as m (project_id, person_id, role, created_at, by_groups)
                    values (?, ?, ?, ?, ?)
                    on conflict (project_id, person_id) do update set role = excluded.role, by_groups = excluded.by_groups
                     where m.by_groups or not excluded.by_groups
                    """)) {
                insert.setObject(1, project.value());
                insert.setObject(2, person);
                insert.setString(3, role.name());
                insert.setObject(4, clock.now().atOffset(ZoneOffset.UTC));
                insert.setBoolean(5, byGroups);
                insert.executeUpdate();
            }
        });
    }

    /** What somebody is in all projects, and in those named though they are in none. */
    List<InProject> of(UUID person, Set<String> named) {
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement("""
                    select p.id, p.name, m.role, coalesce(m.by_groups, false)
                      from fleet.project p left join access.memberships_of(?) m on m.project_id = p.id
                     where m.role is not null or (p.deleted_at is null and p.name = any (?))
                     order by p.name
                    """)) {
                select.setObject(1, person);
                select.setArray(2, connection.createArrayOf("text", named.toArray()));
                try (ResultSet rows = select.executeQuery()) {
                    List<InProject> found = new ArrayList<>();
                    while (rows.next()) {
                        String role = rows.getString(3);
                        found.add(new InProject(
                                new ProjectId(rows.getObject(1, UUID.class)),
                                rows.getString(2),
                                role == null ? null : Role.valueOf(role),
                                rows.getBoolean(4)));
                    }
                    return found;
                }
            }
        });
    }

    /** Whether the person was a member. */
    boolean remove(ProjectId project, UUID person) {
        return transactions.in(project, connection -> {
            try (var delete = connection.prepareStatement("delete from access.membership where person_id = ?")) {
                delete.setObject(1, person);
                return delete.executeUpdate() == 1;
            }
        });
    }
}
