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
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Watches over the goals of the policies: a missed one is a finding, missed by more than twice the goal a critical one, until it
 * is met, or nobody's any more. What is unknown neither opens one nor closes it. The age of proofs is {@link ProofAge}'s to watch.
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
                throw e;
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "The goals of the policies of project " + project + " could not be looked at", e);
            }
        }
    }

    private void look(ProjectId project) {
        PolicyGoals.Seen seen = goals.look(project);
        Set<String> standing = new HashSet<>();
        for (PolicyGoals.Judged judged : seen.judged()) {
            for (Judgement goal : judged.goals()) {
                if (goal.goal() == Goal.PROOF || goal.state() == Judgement.State.MET) {
                    continue;
                }
                String fingerprint = fingerprint(goal.goal(), judged.server().id());
                standing.add(fingerprint);
                Severity severity = goal.farBeyond() ? Severity.CRITICAL : Severity.WARNING;
                Severity open = seen.open().get(fingerprint);
                // Once: what is seen every minute would tell open pages and alerts of news that is none
                if (goal.state() == Judgement.State.MISSED && (open == null || severity.compareTo(open) > 0)) {
                    findings.report(project, report(judged, goal, fingerprint, severity));
                }
            }
        }
        seen.open().keySet().stream()
                .filter(fingerprint -> !standing.contains(fingerprint))
                .forEach(fingerprint -> findings.close(project, fingerprint));
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
                        + (measured == null ? "." : "; measured: " + span(measured) + "."),
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
