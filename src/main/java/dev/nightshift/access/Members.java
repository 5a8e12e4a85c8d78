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
import java.util.UUID;

/** Which people belong to a project, and in which role. */
@ApplicationScoped
class Members {
    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** A person in a project. */
    record Member(String name, String displayName, Role role) {}

    List<Member> all(ProjectId project) {
        return transactions.in(project, connection -> {
            try (var select = connection.prepareStatement("""
                            select p.name, p.display_name, m.role
                              from access.membership m join access.person p on p.id = m.person_id
                             where not p.disabled order by p.name
                            """);
                    ResultSet rows = select.executeQuery()) {
                List<Member> members = new ArrayList<>();
                while (rows.next()) {
                    members.add(new Member(rows.getString(1), rows.getString(2), Role.valueOf(rows.getString(3))));
                }
                return members;
            }
        });
    }

    /** Adds the person or changes their role. */
    void put(ProjectId project, UUID person, Role role) {
        transactions.run(project, connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into access.membership (project_id, person_id, role, created_at) values (?, ?, ?, ?)
                    on conflict (project_id, person_id) do update set role = excluded.role
                    """)) {
                insert.setObject(1, project.value());
                insert.setObject(2, person);
                insert.setString(3, role.name());
                insert.setObject(4, clock.now().atOffset(ZoneOffset.UTC));
                insert.executeUpdate();
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
