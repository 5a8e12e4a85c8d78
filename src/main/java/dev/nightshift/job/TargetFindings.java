package dev.nightshift.job;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A target that failed or was left out is a finding until the same job succeeds on it. */
@ApplicationScoped
class TargetFindings {
    @Inject
    private Findings findings;

    void failed(JobDefinition job, TargetRun target, @Nullable String reason, @Nullable String remedy) {
        report(job, target, "failed", job.ifFailed(), reason, remedy);
    }

    /** Left out for a reason that stays until somebody removes it, such as a privilege that is missing. */
    void skipped(JobDefinition job, TargetRun target, @Nullable String reason, @Nullable String remedy) {
        report(job, target, "was skipped", job.ifSkipped(), reason, remedy);
    }

    private void report(
            JobDefinition job,
            TargetRun target,
            String outcome,
            Severity severity,
            @Nullable String reason,
            @Nullable String remedy) {
        UUID database = target.databaseId();
        String names = String.join(", ", target.databaseNames());
        TargetRun.Concern concern = target.concern();
        Subject whole = new Subject(
                database == null ? Subject.Kind.INSTANCE : Subject.Kind.DATABASE,
                database == null ? target.instanceId() : database,
                names);
        findings.report(
                target.project(),
                new FindingReport(
                        concern == null ? fingerprint(job, target) : concern.fingerprint(),
                        concern == null ? whole : concern.subject(),
                        severity,
                        job.title() + " of " + names + " " + outcome,
                        reason == null ? "The run's log has the details." : reason,
                        remedy,
                        Json.createObjectBuilder()
                                .add("job", job.name())
                                .add("attempt", target.attempt())
                                .build(),
                        target.runId()));
    }

    void succeeded(JobDefinition job, TargetRun target) {
        findings.close(target.project(), fingerprint(job, target));
        TargetRun.Concern concern = target.concern();
        if (concern != null) {
            findings.close(target.project(), concern.fingerprint());
        }
    }

    private static String fingerprint(JobDefinition job, TargetRun target) {
        UUID database = target.databaseId();
        return "job." + job.name() + ":" + (database == null ? target.instanceId() : database);
    }
}
