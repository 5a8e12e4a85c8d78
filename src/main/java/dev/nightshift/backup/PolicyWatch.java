package dev.nightshift.backup;

import dev.nightshift.backup.policy.Goal;
import dev.nightshift.backup.policy.Judgement;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.SelfCheck;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

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

    @Inject
    private Fleet fleet;

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

    /** A goal of a policy, of one of the servers that it answers for. */
    private record Held(PolicyGoals.Judged judged, Judgement goal) {
        UUID subject(ProjectId project) {
            return goal.goal() == Goal.KIT ? project.value() : judged.server().id();
        }
    }

    private void look(ProjectId project) {
        PolicyGoals.Seen seen = goals.look(project);
        Set<String> standing = new HashSet<>();
        List<FindingReport> reports = new ArrayList<>();
        for (Held held : held(seen)) {
            Judgement goal = held.goal();
            String fingerprint = fingerprint(goal.goal(), held.subject(project));
            Severity severity = goal.farBeyond() ? Severity.CRITICAL : Severity.WARNING;
            PolicyGoals.Open open = seen.open().get(fingerprint);
            // Once: what is seen every minute would tell open pages and alerts of news that is none
            boolean told = false;
            if (open != null && open.isOf(held.judged().policy(), goal)) {
                standing.add(fingerprint);
                told = severity.compareTo(open.severity()) <= 0;
            }
            if (goal.state() == Judgement.State.MISSED && !told) {
                reports.add(report(project, held, fingerprint, severity));
            }
        }
        // First: what another policy or goal wants is reported anew, as severity never falls while a finding is open
        seen.open().keySet().stream()
                .filter(fingerprint -> !standing.contains(fingerprint))
                .forEach(fingerprint -> findings.close(project, fingerprint));
        reports.forEach(report -> findings.report(project, report));
    }

    /** What is not met; of a thing that the whole project has once, what the strictest policy wants. */
    private static List<Held> held(PolicyGoals.Seen seen) {
        List<Held> all = seen.judged().stream()
                .flatMap(judged -> judged.goals().stream()
                        .filter(goal -> goal.goal() != Goal.PROOF && goal.state() != Judgement.State.MET)
                        .map(goal -> new Held(judged, goal)))
                .toList();
        return Stream.concat(
                        all.stream().filter(held -> held.goal().goal() != Goal.KIT),
                        all.stream()
                                .filter(held -> held.goal().goal() == Goal.KIT)
                                .min(Comparator.comparing(held -> held.goal().wanted()))
                                .stream())
                .toList();
    }

    static String fingerprint(Goal goal, UUID subject) {
        return "backup.goal." + goal.name().toLowerCase(Locale.ROOT) + ":" + subject;
    }

    private FindingReport report(ProjectId project, Held held, String fingerprint, Severity severity) {
        Judgement goal = held.goal();
        boolean ofProject = goal.goal() == Goal.KIT;
        String subject = ofProject
                ? fleet.project(project).name().value()
                : held.judged().server().name();
        String policy = held.judged().policy().name().value();
        String unit = goal.goal().unit() == Goal.Unit.STORES ? "Stores" : "Seconds";
        Long measured = goal.measured();
        var evidence = Json.createObjectBuilder()
                .add("policy", policy)
                .add("goal", goal.goal().name())
                .add("wanted" + unit, goal.wanted());
        if (measured != null) {
            evidence.add("measured" + unit, measured);
        }
        return new FindingReport(
                fingerprint,
                new Subject(ofProject ? Subject.Kind.PROJECT : Subject.Kind.INSTANCE, held.subject(project), subject),
                severity,
                "The goal for the " + goal.goal().words() + " of " + subject + " is missed",
                goal.reason() + " The policy " + policy + wants(goal) + words(goal.goal(), goal.wanted())
                        + (measured == null
                                ? "."
                                : "; measured when this was found: " + words(goal.goal(), measured) + "."),
                remedy(goal.goal()),
                evidence.build(),
                null);
    }

    private static String wants(Judgement goal) {
        return goal.goal().unit() == Goal.Unit.STORES ? " wants it in " : " allows ";
    }

    private static String words(Goal goal, long value) {
        if (goal.unit() == Goal.Unit.STORES) {
            return value + (value == 1 ? " store" : " stores");
        }
        return value % 3_600 == 0 && value > 0 ? value / 3_600 + " h" : value + " s";
    }

    private static String remedy(Goal goal) {
        return switch (goal) {
            case RPO ->
                "Have the server's log archived, or take a backup and schedule it more often; or change the goal.";
            case RTO -> "Look at the drill's steps for what takes so long, keep chains short; or change the goal.";
            case PROOF -> "Start a restore drill and schedule it; or change the goal.";
            case BACKUP -> "Take a backup, and schedule it; or change the goal.";
            case STORES ->
                "Name more stores in the policy, or copy the backup to another one with the job copy; or change the goal.";
            case KEY ->
                "Rotate the project's keys, make a recovery kit, then run rewrap-keys or take a backup; or change the goal.";
            case KIT -> "Make a recovery kit and keep it away from here; or change the goal.";
        };
    }
}
