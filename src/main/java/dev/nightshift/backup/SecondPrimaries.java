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
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Two primaries of one cluster, of which only one is backed up: what is written on the other is lost when that is mended. */
@ApplicationScoped
class SecondPrimaries {
    private static final String KIND = "fleet.second-primary:";

    @Inject
    private Findings findings;

    @Inject
    private Fleet fleet;

    void seen(@Observes ClusterSeen seen) {
        if (seen.rivals().isEmpty()) {
            findings.close(seen.project(), KIND + seen.instance());
        } else {
            findings.report(
                    seen.project(),
                    report(
                            seen,
                            fleet.instance(seen.project(), seen.instance())
                                    .name()
                                    .value()));
        }
    }

    private static FindingReport report(ClusterSeen seen, String name) {
        var rivals = new TreeMap<>(seen.rivals());
        var evidence = Json.createObjectBuilder().add("primary", seen.primary()).add("timeline", seen.timeline());
        var others = Json.createObjectBuilder();
        rivals.forEach(others::add);
        String which = rivals.entrySet().stream()
                .map(each -> each.getKey() + " on timeline " + each.getValue())
                .collect(Collectors.joining(", "));
        return new FindingReport(
                KIND + seen.instance(),
                new Subject(Subject.Kind.INSTANCE, seen.instance(), name),
                Severity.CRITICAL,
                name + " has a second primary: " + String.join(", ", rivals.keySet()),
                "Nightshift takes " + seen.primary() + " for the primary, last seen on timeline " + seen.timeline()
                        + ". As a primary of the same cluster answers " + which + ". "
                        + (rivals.containsValue(seen.timeline())
                                ? "Where both are on one timeline nothing tells which of them is right: the one that was worked on stays. "
                                : "")
                        + "What is written to a primary that Nightshift does not work on is neither archived nor backed up.",
                "Let nobody write to the wrong one, and stop it; set it up as a standby again (pg_rewind, or a new copy). If that is"
                        + " the one that is worked on, the other follows by itself, or after a test of the connection where its"
                        + " timeline is lower.",
                evidence.add("rivals", others).build(),
                null);
    }
}
