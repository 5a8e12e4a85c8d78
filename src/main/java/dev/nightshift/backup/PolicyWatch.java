package dev.nightshift.backup;

import dev.nightshift.backup.policy.Goal;
import dev.nightshift.backup.policy.Judgement;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.job.SelfCheck;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Watches over the goals of the policies: a missed one is a finding, missed by more than twice the goal a critical one, until it
 * is met, or nobody's any more, or the goal is another one. What is unknown neither opens one nor closes it. The age of proofs is {@link ProofAge}'s to watch.
 */
@ApplicationScoped
class PolicyWatch implements SelfCheck {
    private static final System.Logger LOG = System.getLogger(PolicyWatch.class.getName());

    @Inject
    private Policies policies;

    @Inject
    private PolicyGoals goals;

    @Inject
    private Findings findings;

    @Override
    public void check() {
        for (ProjectId project : policies.projects()) {
            try {
                look(project);
            } catch (Failure.Retryable e) {
                policies.projects(); // throws where the repository is away: then the other projects need not be tried
                LOG.log(
                        Level.WARNING,
                        "The goals of the policies of project {0} could not be looked at: {1}",
                        project,
                        e.getMessage());
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "The goals of the policies of project " + project + " could not be looked at", e);
            }
        }
    }

    private void look(ProjectId project) {
        PolicyGoals.Seen seen = goals.look(project);
        Set<String> standing = new HashSet<>();
        List<FindingReport> reports = new ArrayList<>();
        for (PolicyGoals.Judged judged : seen.judged()) {
            for (Judgement goal : judged.goals()) {
                if (goal.goal() == Goal.PROOF || goal.state() == Judgement.State.MET) {
                    continue;
                }
                String fingerprint = fingerprint(goal.goal(), judged.server().id());
                Severity severity = goal.farBeyond() ? Severity.CRITICAL : Severity.WARNING;
                PolicyGoals.Open open = seen.open().get(fingerprint);
                // Once: what is seen every minute would tell open pages and alerts of news that is none
                boolean told = false;
                if (open != null && open.isOf(judged.policy(), goal)) {
                    standing.add(fingerprint);
                    told = severity.compareTo(open.severity()) <= 0;
                }
                if (goal.state() == Judgement.State.MISSED && !told) {
                    reports.add(report(judged, goal, fingerprint, severity));
                }
            }
        }
        // First: what another policy or goal wants is reported anew, as severity never falls while a finding is open
        seen.open().keySet().stream()
                .filter(fingerprint -> !standing.contains(fingerprint))
                .forEach(fingerprint -> findings.close(project, fingerprint));
        reports.forEach(report -> findings.report(project, report));
    }

    static String fingerprint(Goal goal, UUID server) {
        return "backup.goal." + goal.name().toLowerCase(Locale.ROOT) + ":" + server;
    }

    private static FindingReport report(
            PolicyGoals.Judged judged, Judgement goal, String fingerprint, Severity severity) {
        String server = judged.server().name();
        Duration measured = goal.measured();
        var evidence = Json.createObjectBuilder()
                .add("policy", judged.policy().name().value())
                .add("goal", goal.goal().name())
                .add("wantedSeconds", goal.wanted().toSeconds());
        if (measured != null) {
            evidence.add("measuredSeconds", measured.toSeconds());
        }
        return new FindingReport(
                fingerprint,
                new Subject(Subject.Kind.INSTANCE, judged.server().id(), server),
                severity,
                "The goal for the " + goal.goal().words() + " of " + server + " is missed",
                goal.reason() + " The policy " + judged.policy().name() + " allows " + span(goal.wanted())
                        + (measured == null ? "." : "; measured when this was found: " + span(measured) + "."),
                remedy(goal.goal()),
                evidence.build(),
                null);
    }

    private static String span(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds % 3_600 == 0 && seconds > 0 ? seconds / 3_600 + " h" : seconds + " s";
    }

    private static String remedy(Goal goal) {
        return switch (goal) {
            case RPO ->
                "Have the server's log archived, or take a backup and schedule it more often; or change the goal.";
            case RTO -> "Look at the drill's steps for what takes so long, keep chains short; or change the goal.";
            case PROOF -> "Start a restore drill and schedule it; or change the goal.";
            case BACKUP -> "Take a backup, and schedule it; or change the goal.";
        };
    }
}
