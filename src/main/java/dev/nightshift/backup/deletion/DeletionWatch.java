package dev.nightshift.backup.deletion;

import dev.nightshift.job.SelfCheck;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Expiring;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Ends requests that nobody decided in time, and says how they are forgotten. */
@ApplicationScoped
class DeletionWatch implements SelfCheck {
    @Inject
    private Transactions transactions;

    @Inject
    private Decisions decisions;

    @Inject
    private Clock clock;

    private record Late(ProjectId project, UUID id) {}

    @Produces
    Expiring decided() {
        return Expiring.by("backup.forget_deletion_requests", "decided deletion requests", Expiring.Kept.AUDIT);
    }

    @Override
    public void check() {
        List<Late> late = transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select project_id, id from backup.deletion_run_out(?)")) {
                query.setTimestamp(1, Timestamp.from(clock.now()));
                List<Late> found = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.add(
                                new Late(new ProjectId(rows.getObject(1, UUID.class)), rows.getObject(2, UUID.class)));
                    }
                }
                return found;
            }
        });
        for (Late each : late) {
            try {
                decisions.runOut(each.project(), each.id());
            } catch (Failure.Conflict e) {
                // Somebody decided it at this moment
            }
        }
    }
}
