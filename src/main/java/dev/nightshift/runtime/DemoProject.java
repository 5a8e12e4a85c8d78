package dev.nightshift.runtime;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.NewDatabase;
import dev.nightshift.fleet.NewProject;
import dev.nightshift.fleet.Registration;
import dev.nightshift.fleet.Secret;
import dev.nightshift.fleet.Server;
import dev.nightshift.fleet.VacuumSettings;
import dev.nightshift.job.schedule.Plan;
import dev.nightshift.job.schedule.Schedules;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.TlsMode;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Currency;
import java.util.List;
import org.eclipse.microprofile.config.Config;

/** The demo project: the demo cluster's shop, with a schedule for every night. */
@ApplicationScoped
class DemoProject {
    static final String PROJECT = "demo";
    static final String DATABASE = "demo";

    @Inject
    private Fleet fleet;

    @Inject
    private Registration registration;

    @Inject
    private Schedules schedules;

    @Inject
    private Config config;

    /** Registers what is missing of it; a start that was cut off is completed by the next one. */
    ProjectId register() {
        ProjectId id = fleet.projectNamed(new Name(PROJECT))
                .orElseGet(() -> registration.project(
                        new NewProject(new Name(PROJECT), "Demo", ZoneId.of("UTC"), Currency.getInstance("EUR"))))
                .id();
        if (fleet.databaseNamed(id, new Name(DATABASE)).isEmpty()) {
            registration.database(id, server(), database());
        }
        plan(id, "nightly-backup", "backup", "0 2 * * *");
        plan(id, "nightly-proof", "restore-drill", "0 3 * * *");
        plan(id, "nightly-vacuum", "vacuum", "0 4 * * *");
        return id;
    }

    private Server server() {
        return new Server(
                config.getValue("nightshift.demo.host", String.class),
                config.getValue("nightshift.demo.port", Integer.class),
                List.of(),
                config.getValue("nightshift.demo.user", String.class),
                new Secret.File(config.getValue("nightshift.demo.password.file", Path.class)),
                TlsMode.DISABLE,
                null,
                null,
                "postgres",
                List.of("demo"),
                Server.USUAL_PROOF_DAYS);
    }

    private NewDatabase database() {
        return new NewDatabase(
                new Name(DATABASE),
                config.getValue("nightshift.demo.database", String.class),
                List.of("demo"),
                VacuumSettings.standard());
    }

    private void plan(ProjectId id, String name, String job, String cron) {
        if (schedules.all(id).stream()
                .noneMatch(planned -> planned.schedule().name().equals(name))) {
            schedules.add(id, new Name(name), Plan.at(cron, "UTC", job, List.of("*")));
        }
    }
}
