package dev.nightshift.backup.deletion;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import java.util.Map;
import java.util.UUID;

/** That one person deletes alone again. */
@ApplicationScoped
class SwitchOff implements DeletingAction {
    static final String KIND = "switch-off";

    @Inject
    private Transactions transactions;

    @Inject
    private DeletionRequestRepository repository;

    @Inject
    private Audit audit;

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String covers() {
        return "switching this off";
    }

    @Override
    public Consequences measure(ProjectId project, JsonObject asked) {
        return Consequences.of("Switch off that two people delete", "From then on each admin deletes alone, at once.");
    }

    @Override
    public void perform(ProjectId project, JsonObject asked, UUID request, Approval approved) {
        transactions.run(project, connection -> {
            approved.done("");
            repository.switchOff(connection, project);
            audit.record(project, "two-person-deletion.off", "project " + project, Map.of("request", request));
        });
    }
}
