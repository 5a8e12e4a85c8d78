package dev.nightshift.job;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What the self-checks have in common: a function names what may stand still in all projects, each is judged under its own
 * project, and what is found stays a finding for as long as it is so.
 */
@ApplicationScoped
public class SelfChecks {
    private static final System.Logger LOG = System.getLogger(SelfChecks.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private Findings findings;

    /** Something of a project that may stand still. */
    public record Suspect(ProjectId project, UUID id) {}

    /** Says what is wrong with a suspect; empty if nothing is. */
    public interface Judge {
        Optional<FindingReport> judge(Connection connection, Suspect suspect) throws SQLException;
    }

    /**
     * Reports what stands still, and closes the findings about what no longer does.
     *
     * @param kind the findings' fingerprints are {@code kind:id}
     * @param function answers {@code (project, id)} for what may have stood still for so long
     * @param least shorter than any of it
     */
    public void check(String kind, String function, Duration least, Judge judge) {
        Set<Suspect> found = new HashSet<>();
        Set<Suspect> open = suspects("select * from job.found_open(?)", kind);
        for (Suspect suspect :
                suspects("select * from " + function + "(make_interval(secs => ?))", least.toSeconds())) {
            try {
                if (stands(suspect, open.contains(suspect), judge)) {
                    found.add(suspect);
                }
            } catch (Failure.Retryable e) {
                throw e;
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "A self-check of " + kind + " " + suspect.id() + " failed", e);
                found.add(suspect); // not known to be over
            }
        }
        open.stream()
                .filter(each -> !found.contains(each))
                .forEach(each -> findings.close(each.project(), kind + ":" + each.id()));
    }

    private boolean stands(Suspect suspect, boolean known, Judge judge) {
        return transactions.in(suspect.project(), connection -> {
            Optional<FindingReport> report = judge.judge(connection, suspect);
            // Once: what is seen every minute would tell open pages and alerts of news that is none.
            if (!known) {
                report.ifPresent(each -> findings.report(suspect.project(), each));
            }
            return report.isPresent();
        });
    }

    private Set<Suspect> suspects(String sql, Object argument) {
        return transactions.installation(connection -> {
            try (PreparedStatement query = connection.prepareStatement(sql)) {
                query.setObject(1, argument);
                var suspects = new HashSet<Suspect>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        suspects.add(new Suspect(
                                new ProjectId(rows.getObject(1, UUID.class)), rows.getObject(2, UUID.class)));
                    }
                }
                return suspects;
            }
        });
    }
}
