package dev.nightshift.job;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * A node that fell silent for {@link Leases#TERM} without signing off, and has not come back under its name: a finding of each
 * project that had a run on it then.
 */
@ApplicationScoped
class LostNodes implements SelfCheck {
    static final String KIND = "node.lost";

    @Inject
    private SelfChecks checks;

    @Inject
    private Fleet fleet;

    @Override
    public void check() {
        checks.check(KIND, "job.lost_nodes", Leases.TERM, this::judge);
    }

    private Optional<FindingReport> judge(Connection connection, SelfChecks.Suspect suspect) throws SQLException {
        try (var query = connection.prepareStatement("select name, heartbeat_at from job.node where id = ?")) {
            query.setObject(1, suspect.id());
            try (var rows = query.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                String name = rows.getString(1);
                return Optional.of(new FindingReport(
                        KIND + ":" + suspect.id(),
                        new Subject(
                                Subject.Kind.PROJECT,
                                suspect.project().value(),
                                fleet.project(suspect.project()).name().value()),
                        Severity.WARNING,
                        "Node " + name + " was lost",
                        "It sent its last heartbeat at " + rows.getTimestamp(2).toInstant()
                                + " and has not signed off. Its runs of this project went on on another node, or say why not.",
                        "Start the node again, or see why its machine or its way to the repository is away.",
                        Json.createObjectBuilder().add("node", name).build(),
                        null));
            }
        }
    }
}
