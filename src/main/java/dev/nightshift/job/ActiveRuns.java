package dev.nightshift.job;

import dev.nightshift.fleet.DeletionGuard;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.util.Optional;

/** A project in which a run is under way is not deleted: the run would go on where nobody can stop it. */
@ApplicationScoped
public class ActiveRuns implements DeletionGuard {
    @Inject
    private Transactions transactions;

    @Override
    public Optional<String> objection(ProjectId project) {
        long active = transactions.in(project, connection -> {
            try (var select = connection.prepareStatement(
                            "select count(*) from job.run where status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')");
                    ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
        return active == 0
                ? Optional.empty()
                : Optional.of(
                        (active == 1 ? "A run is" : active + " runs are") + " under way: stop or await them first.");
    }
}
