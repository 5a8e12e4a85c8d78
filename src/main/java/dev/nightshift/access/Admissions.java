package dev.nightshift.access;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Which projects somebody may see, and in which role. Asked on every request, so a change of roles works at once. */
@ApplicationScoped
public class Admissions {
    @Inject
    private Transactions transactions;

    /** The project of that name; empty if there is none or the caller may not know of it. */
    public Optional<Admission> to(Identity who, String project) {
        return select(who, project).stream().findFirst();
    }

    /** All projects that the caller may see, by name. */
    public List<Admission> all(Identity who) {
        return select(who, null);
    }

    private List<Admission> select(Identity who, @Nullable String name) {
        return transactions.installation(connection -> {
            List<Admission> admissions = new ArrayList<>();
            try (var select = connection.prepareStatement("""
                    select p.id, p.name, p.display_name, p.time_zone, p.currency, m.role
                      from fleet.project p left join access.roles_of(?) m on m.project_id = p.id
                     where p.deleted_at is null and (?::text is null or p.name = ?)
                     order by p.name
                    """)) {
                select.setObject(1, who.id());
                select.setString(2, name);
                select.setString(3, name);
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        ProjectId project = new ProjectId(rows.getObject(1, UUID.class));
                        String membership = rows.getString(6);
                        Role role = role(who, project, membership == null ? null : Role.valueOf(membership));
                        if (role != null) {
                            admissions.add(new Admission(
                                    project,
                                    rows.getString(2),
                                    rows.getString(3),
                                    role,
                                    rows.getString(4),
                                    rows.getString(5)));
                        }
                    }
                }
            }
            return admissions;
        });
    }

    /** Null: the caller may not even know that the project exists. */
    static @Nullable Role role(Identity who, ProjectId project, @Nullable Role membership) {
        if (who.installationAdmin()) {
            return Role.ADMIN;
        }
        return switch (who.kind()) {
            case PERSON -> membership;
            case KEY -> project.equals(who.keyProject()) ? who.keyRole() : null;
        };
    }
}
