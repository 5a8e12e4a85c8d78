package dev.nightshift.audit;

import dev.nightshift.access.AccessChange;
import dev.nightshift.access.Caller;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.tenancy.Work;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.ZoneOffset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the audit log. The application may add to it and read it, but neither change nor delete what it holds. */
@ApplicationScoped
public class Audit {
    /** Who did it where no request is running: a schedule, the recovery, the start. */
    private static final Actor NIGHTSHIFT = new Actor("nightshift", "SYSTEM", null);

    @Inject
    private Transactions transactions;

    @Inject
    private Caller caller;

    @Inject
    private Clock clock;

    private record Actor(String name, String kind, @Nullable String address) {}

    /**
     * Notes what the running request's caller does, or Nightshift itself where there is no request. Joins the running
     * transaction: if that fails, nothing was done and nothing is noted.
     *
     * @param project null for what belongs to the installation
     * @param action noun and verb: {@code "run.start"}
     * @param object the kind of thing and its name or id: {@code "run 0190…"}
     * @param details what else is worth knowing; values whose key names a secret are masked
     * @throws IllegalStateException if a transaction of another project is running
     */
    public void record(@Nullable ProjectId project, String action, String object, Map<String, ?> details) {
        write(project, actor(), action, object, details);
    }

    void accessChanged(@Observes AccessChange change) {
        AccessChange.Actor who = change.who();
        write(
                change.project(),
                who == null ? actor() : new Actor(who.name(), who.kind().name(), who.address()),
                change.action(),
                change.object(),
                change.details());
    }

    private Actor actor() {
        try {
            return caller.known() ? new Actor(caller.name(), caller.kind().name(), caller.address()) : NIGHTSHIFT;
        } catch (ContextNotActiveException noRequest) {
            return NIGHTSHIFT;
        }
    }

    private void write(@Nullable ProjectId project, Actor who, String action, String object, Map<String, ?> details) {
        Work<Integer> insertion = connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into audit.entry (id, project_id, at, who, who_kind, address, action, object, details)
                    values (?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
                    """)) {
                insert.setObject(1, Ids.next(clock));
                insert.setObject(2, project == null ? null : project.value());
                insert.setObject(3, clock.now().atOffset(ZoneOffset.UTC));
                insert.setString(4, who.name());
                insert.setString(5, who.kind());
                insert.setString(6, who.address());
                insert.setString(7, action);
                insert.setString(8, object);
                insert.setString(9, Details.masked(details).toString());
                return insert.executeUpdate();
            }
        };
        if (project == null) {
            transactions.installation(insertion);
        } else {
            transactions.in(project, insertion);
        }
    }
}
