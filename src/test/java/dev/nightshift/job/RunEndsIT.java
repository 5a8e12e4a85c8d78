package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Registration;
import dev.nightshift.job.schedule.Plan;
import dev.nightshift.job.schedule.Schedules;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.Eventually;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** What stays of a run that ended otherwise than by its targets, and what closes the findings about it. */
@ArquillianTest
class RunEndsIT {
    @Inject
    private Registration registration;

    @Inject
    private Fleet fleet;

    @Inject
    private Runs runs;

    @Inject
    private Ledger ledger;

    @Inject
    private LostRuns lost;

    @Inject
    private Schedules schedules;

    @Inject
    private Findings findings;

    @Inject
    private Transactions transactions;

    @Test
    void aRunThatStaysLostIsAFindingForEachTargetUntilTheyAreDone() {
        ProjectId project = TargetBatchletIT.project(registration, "lost-for-good", List.of("one", "two"));
        Attempt attempt = claimedByANodeThatIsGone(project);
        assertEquals(Optional.of(RunStatus.LOST), lost.lose(held(attempt), UUID.randomUUID(), 1));
        assertEquals(Set.of("CRITICAL Frame of one was not done", "CRITICAL Frame of two was not done"), open(project));
        runs.restart(project, attempt.run(), "a test");
        assertEquals(RunStatus.COMPLETED, ended(project, attempt.run()).status());
        assertEquals(Set.of(), open(project));
    }

    @Test
    void aRunThatTheBatchRuntimeEndedIsAFindingForEachTarget() {
        ProjectId project = TargetBatchletIT.project(registration, "ended-early", List.of("one", "two"));
        Attempt attempt = claimedByANodeThatIsGone(project);
        ledger.end(attempt, "The batch runtime did not start the job.");
        assertEquals(RunStatus.FAILED, runs.get(project, attempt.run()).status());
        assertEquals(Set.of("CRITICAL Frame of one was not done", "CRITICAL Frame of two was not done"), open(project));
    }

    @Test
    void aRunWhoseTargetsWereAllLeftOutIsSkippedAndCanBeRestarted() {
        ProjectId project = TargetBatchletIT.project(registration, "all-left-out", List.of("left-out"));
        Run run = ended(project, runs.request(project, request()));
        assertEquals(RunStatus.SKIPPED, run.status());
        assertEquals(2, runs.restart(project, run.id(), "a test").attempt());
        assertEquals(RunStatus.SKIPPED, ended(project, run.id()).status());
    }

    @Test
    void aRunThatWasNeverStartedCannotBeRestarted() {
        ProjectId project = TargetBatchletIT.project(registration, "never-started", List.of("one"));
        UUID run = runs.skipped(project, request(), "The run before was not over.");
        assertThrows(Failure.Conflict.class, () -> runs.restart(project, run, "a test"));
        assertEquals(RunStatus.SKIPPED, runs.get(project, run).status());
    }

    @Test
    void aDatabasesFindingsAreClosedWithItsDeletion() {
        ProjectId project = TargetBatchletIT.project(registration, "to-delete", List.of("one", "left-out"));
        ledger.end(claimedByANodeThatIsGone(project), "The batch runtime did not start the job.");
        fleet.databases(project).stream()
                .filter(database -> database.name().value().equals("one"))
                .forEach(database -> registration.deleteDatabase(project, database.id()));
        assertEquals(Set.of("CRITICAL Frame of left-out was not done"), open(project));
    }

    @Test
    void aSchedulesFindingIsClosedByItsChangeAndByItsDeletion() {
        ProjectId project = TargetBatchletIT.project(registration, "planned", List.of("one"));
        var plan = Plan.at("0 2 * * *", "UTC", "frame", List.of("one"));
        schedules.add(project, new Name("nightly"), plan);
        UUID id = schedules.named(project, "nightly").schedule().id();
        missed(project, id);
        schedules.change(project, "nightly", before -> plan);
        assertEquals(Set.of(), open(project));
        missed(project, id);
        schedules.delete(project, "nightly");
        assertEquals(Set.of(), open(project));
    }

    private void missed(ProjectId project, UUID schedule) {
        findings.report(
                project,
                new FindingReport(
                        "schedule.missed:" + schedule,
                        new Subject(Subject.Kind.RUN, UUID.randomUUID(), "nightly"),
                        Severity.CRITICAL,
                        "Schedule nightly did not fire",
                        "It was not to be.",
                        null,
                        JsonValue.EMPTY_JSON_OBJECT,
                        null));
        assertEquals(Set.of("CRITICAL Schedule nightly did not fire"), open(project));
    }

    /** In one transaction, so that no living node sees it waiting. */
    private Attempt claimedByANodeThatIsGone(ProjectId project) {
        UUID node = UUID.randomUUID();
        return transactions.in(project, connection -> {
            try (var insert =
                    connection.prepareStatement("insert into job.node (id, name, version) values (?, 'gone', '1')")) {
                insert.setObject(1, node);
                insert.executeUpdate();
            }
            UUID run = runs.request(project, request());
            return ledger.claim(project, run, node, UUID.randomUUID(), 16).orElseThrow();
        });
    }

    private static Leases.Held held(Attempt attempt) {
        return new Leases.Held(attempt.project(), attempt.run(), attempt.id());
    }

    private static RunRequest request() {
        return new RunRequest(
                "frame", List.of("*"), JsonValue.EMPTY_JSON_OBJECT, RunRequest.Trigger.PERSON, "a test", null, null);
    }

    private Run ended(ProjectId project, UUID run) {
        return Eventually.get(
                "the end of run " + run,
                Duration.ofMinutes(2),
                () -> Optional.of(runs.get(project, run))
                        .filter(found -> found.status().isOver()));
    }

    private Set<String> open(ProjectId project) {
        return findings.list(project, true, null, null, 100).items().stream()
                .map(finding ->
                        finding.report().severity() + " " + finding.report().title())
                .collect(Collectors.toSet());
    }
}
