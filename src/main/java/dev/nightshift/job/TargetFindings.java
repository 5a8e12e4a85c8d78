package dev.nightshift.job;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A target that failed or was left out is a finding until the same job succeeds on it. */
@ApplicationScoped
class TargetFindings {
    @Inject
    private Findings findings;

    @Inject
    private Jobs jobs;

    /** What a run works on, or was to work on. */
    record Of(UUID run, int attempt, Aim aim, List<String> names) {
        static Of target(TargetRun target) {
            return new Of(target.runId(), target.attempt(), target.aim(), target.databaseNames());
        }

        /** From {@code instance_id}, {@code database_id} and {@code database_names}; closes the rows. */
        static List<Of> rows(ProjectId project, UUID run, int attempt, ResultSet rows) throws SQLException {
            var all = new ArrayList<Of>();
            try (rows) {
                while (rows.next()) {
                    all.add(new Of(
                            run,
                            attempt,
                            new Aim(
                                    project,
                                    rows.getObject("instance_id", UUID.class),
                                    rows.getObject("database_id", UUID.class)),
                            List.of((String[]) rows.getArray("database_names").getArray())));
                }
            }
            return all;
        }

        private UUID id() {
            return aim.id();
        }

        private String joined() {
            return names.isEmpty() ? "the project" : String.join(", ", names);
        }

        private Subject subject() {
            return new Subject(aim.kind(), id(), joined());
        }

        private String fingerprint(String job) {
            return "job." + job + ":" + id();
        }
    }

    void failed(JobDefinition job, TargetRun target, @Nullable String reason, @Nullable String remedy) {
        report(job, Of.target(target), target.concern(), "failed", job.ifFailed(), reason, remedy);
    }

    /** Left out for a reason that stays until somebody removes it, such as a privilege that is missing. */
    void skipped(JobDefinition job, TargetRun target, @Nullable String reason, @Nullable String remedy) {
        report(job, Of.target(target), target.concern(), "was skipped", job.ifSkipped(), reason, remedy);
    }

    /**
     * Targets whose run ended before the work on them did. Those of a job that this version does not have are let be:
     * nothing would ever close such a finding.
     */
    void unfinished(String job, List<Of> targets, String reason, @Nullable String remedy) {
        jobs.find(job)
                .map(Job::definition)
                .ifPresent(definition -> targets.stream()
                        // Each report locks its fingerprint until the transaction's end: in one order, so that two runs
                        // cannot deadlock.
                        .sorted(Comparator.comparing(Of::id))
                        .forEach(target -> report(
                                definition, target, null, "was not done", definition.ifFailed(), reason, remedy)));
    }

    private void report(
            JobDefinition job,
            Of target,
            TargetRun.@Nullable Concern concern,
            String outcome,
            Severity severity,
            @Nullable String reason,
            @Nullable String remedy) {
        findings.report(
                target.aim().project(),
                new FindingReport(
                        concern == null ? target.fingerprint(job.name()) : concern.fingerprint(),
                        concern == null ? target.subject() : concern.subject(),
                        severity,
                        job.title() + " of " + target.joined() + " " + outcome,
                        reason == null ? "The run's log has the details." : reason,
                        remedy,
                        Json.createObjectBuilder()
                                .add("job", job.name())
                                .add("attempt", target.attempt())
                                .build(),
                        target.run()));
    }

    void succeeded(JobDefinition job, TargetRun target) {
        findings.close(target.project(), Of.target(target).fingerprint(job.name()));
        TargetRun.Concern concern = target.concern();
        if (concern != null) {
            findings.close(target.project(), concern.fingerprint());
        }
    }
}
