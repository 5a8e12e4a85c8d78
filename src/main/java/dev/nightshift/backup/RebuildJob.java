package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;

/** Entering what lies in the stores and is in no catalogue as something that can be run. */
@ApplicationScoped
class RebuildJob implements Job {
    static final String NAME = "rebuild-catalogue";
    static final String LIST = "list";
    static final String BACKUPS = "backups";
    static final String LOGS = "logs";
    static final String STORE = "store";

    private static final JobDefinition DEFINITION = new JobDefinition(
            NAME,
            "Rebuild the catalogue",
            "Looks through the stores for backups and archived logs of the project that the catalogue lacks, and enters those that"
                    + " open by the project's keys and are whole. Nothing is ever deleted, and what is known already stays as it is.",
            Unit.PROJECT,
            NAME,
            false,
            Severity.WARNING,
            Severity.WARNING,
            List.of(LIST, BACKUPS, LOGS),
            List.of(Parameter.text(STORE, "Store", "The store to look through; all of them if none is given.", false)));

    @Inject
    private Stores stores;

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        parameters.text(STORE).ifPresent(name -> stores.require("parameters." + STORE, name));
    }
}
