package dev.nightshift.backup;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.ClusterSeen;
import dev.nightshift.fleet.Fleet;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Primaries of a cluster beside the one that is backed up: what is written to them is lost when that is mended. Each is a finding of its own,
 * which a node closes only by what the member answers: one that cannot reach it, or has taken it for the right one, knows no better.
 */
@ApplicationScoped
class SecondPrimaries {
    private static final String KIND = "fleet.second-primary:";

    @Inject
    private Findings findings;

    @Inject
    private Fleet fleet;

    void seen(@Observes ClusterSeen seen) {
        List<String> members = fleet.members(seen.project(), seen.instance());
        SortedMap<String, Integer> rivals = new TreeMap<>(seen.rivals());
        rivals.keySet().retainAll(members);
        rivals.forEach((member, timeline) -> findings.report(seen.project(), report(seen, member, timeline)));
        close(seen, rivals);
    }

    /** By the members that there are once the findings are open: whoever changes them closes what is open after that. */
    private void close(ClusterSeen seen, SortedMap<String, Integer> rivals) {
        List<String> members = fleet.members(seen.project(), seen.instance());
        String kind = KIND + seen.instance() + "@";
        findings.closeAbout(seen.project(), List.of(seen.instance()), fingerprint -> {
            String member = fingerprint.startsWith(kind) ? fingerprint.substring(kind.length()) : null;
            return member != null
                    && (members.size() < 2
                            || !members.contains(member)
                            || (!rivals.containsKey(member) && seen.clear().contains(member)));
        });
    }

    private static FindingReport report(ClusterSeen seen, String member, int timeline) {
        String primary = seen.primary();
        String detail = seen.found()
                ? primary + " is worked on, on timeline " + seen.timeline() + "; what is written to " + member
                        + " is neither archived nor backed up."
                : primary + ", last seen on timeline " + seen.timeline()
                        + ", does not answer as the primary, and the other is not taken for it: nothing of the cluster is archived or"
                        + " backed up.";
        String doubt = seen.timeline() == timeline
                ? " Both are on one timeline, so nothing tells which of them is right: the one that was worked on stays."
                : "";
        return new FindingReport(
                KIND + seen.instance() + "@" + member,
                new Subject(Subject.Kind.INSTANCE, seen.instance(), seen.name()),
                Severity.CRITICAL,
                seen.name() + " has a second primary: " + member,
                member + " answers as a primary of the cluster, on timeline " + timeline + ". " + detail + doubt,
                "Where " + member
                        + " is wrong: let nobody write to it, stop it, and set it up as a standby again (pg_rewind, or a new"
                        + " copy). Where " + member + " is right: stop " + primary
                        + ", test the connection on the database's page, and restart the other nodes of Nightshift.",
                Json.createObjectBuilder()
                        .add("primary", primary)
                        .add("timeline", seen.timeline())
                        .add("answers", seen.found())
                        .add("member", member)
                        .add("memberTimeline", timeline)
                        .build(),
                null);
    }
}
