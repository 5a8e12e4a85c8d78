package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.finding.Finding;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** What Nightshift finds about itself: runs that stand still, nodes that fell silent. */
@ArquillianTest
class SelfCheckIT {
    @Inject
    private Registration registration;

    @Inject
    private Runs runs;

    @Inject
    private Ledger ledger;

    @Inject
    private TargetLedger targets;

    @Inject
    private StillRuns stillRuns;

    @Inject
    private LostNodes lostNodes;

    @Inject
    private Findings findings;

    @Inject
    private Transactions transactions;

    @Test
    void aRunOfWhichNothingMovesIsAFindingUntilItMovesOrEnds() {
        ProjectId project = TargetBatchletIT.project(registration, "still", List.of("one"));
        Attempt attempt = underWay(project, "still-node");
        UUID target = runs.get(project, attempt.run()).targets().get(0).id();
        stillRuns.check();
        assertEquals(List.of(), open(project), "it has just begun");
        backdate(project, attempt, 20);
        stillRuns.check();
        stillRuns.check();
        Finding found = findings.list(project, true, null, null, 10).items().get(0);
        assertEquals("A frame run makes no progress", found.report().title());
        assertEquals(
                new Subject(Subject.Kind.RUN, attempt.run(), "one"),
                found.report().subject());
        assertEquals(1, found.seen(), "it is told once");
        targets.progress(attempt, target, 1, null, "things", null);
        stillRuns.check();
        assertEquals(List.of(), open(project), "it moves");
        backdate(project, attempt, 20);
        stillRuns.check();
        assertEquals(List.of("A frame run makes no progress"), open(project));
        targets.end(attempt, target, TargetStatus.COMPLETED, null, null);
        ledger.end(attempt, "The end.");
        stillRuns.check();
        assertEquals(List.of(), open(project), "it is over");
    }

    @Test
    void aJobThatIsKnownToTakeLongerMayStandStillForLonger() {
        ProjectId project = TargetBatchletIT.project(registration, "still-usual", List.of("one"));
        earlier(project, 45);
        Attempt attempt = underWay(project, "still-usual-node");
        backdate(project, attempt, 40);
        stillRuns.check();
        assertEquals(List.of(), open(project));
        backdate(project, attempt, 50);
        stillRuns.check();
        assertEquals(List.of("A frame run makes no progress"), open(project));
    }

    @Test
    void aRunThatOnlyWaitsForTheLocksOfOthersDoesNotStandStill() {
        ProjectId project = TargetBatchletIT.project(registration, "still-waiting", List.of("one"));
        Attempt attempt = underWay(project, "still-waiting-node");
        UUID target = runs.get(project, attempt.run()).targets().get(0).id();
        targets.reason(attempt, target, "Waits for another run.");
        backdate(project, attempt, 20);
        stillRuns.check();
        assertEquals(List.of(), open(project));
        targets.reason(attempt, target, null);
        stillRuns.check();
        assertEquals(List.of("A frame run makes no progress"), open(project));
    }

    @Test
    void aNodeThatFellSilentIsAFindingOfWhoeverHadARunOnItUntilItIsBack() {
        ProjectId project = TargetBatchletIT.project(registration, "node-lost", List.of("one"));
        ProjectId other = TargetBatchletIT.project(registration, "node-not-lost", List.of("one"));
        Attempt attempt = underWay(project, "silent-node");
        lostNodes.check();
        assertEquals(List.of(), open(project));
        silent(project, attempt, "- interval '50 seconds'");
        lostNodes.check();
        lostNodes.check();
        assertEquals(
                1,
                open(project).stream()
                        .filter("Node silent-node was lost"::equals)
                        .count());
        assertEquals(List.of(), open(other));
        silent(project, attempt, "+ interval '1 hour'");
        lostNodes.check();
        assertEquals(List.of(), open(project), "it woke up");
        silent(project, attempt, "- interval '50 seconds'");
        lostNodes.check();
        assertEquals(List.of("Node silent-node was lost"), open(project));
        transactions.run(project, connection -> node(connection, "silent-node"));
        lostNodes.check();
        assertEquals(List.of(), open(project), "it was started again");
    }

    /** Of a node that is said to live, so that nobody takes the run over, and that works on nothing. */
    private Attempt underWay(ProjectId project, String node) {
        return transactions.in(project, connection -> {
            UUID id = node(connection, node);
            UUID run = runs.request(
                    project,
                    new RunRequest(
                            "frame",
                            List.of("*"),
                            JsonValue.EMPTY_JSON_OBJECT,
                            RunRequest.Trigger.PERSON,
                            "a test",
                            null,
                            null));
            Attempt attempt =
                    ledger.claim(project, run, id, UUID.randomUUID(), 16).orElseThrow();
            targets.unfinished(attempt).forEach(target -> targets.start(attempt, target.id(), id));
            return attempt;
        });
    }

    private static UUID node(Connection connection, String name) throws SQLException {
        UUID id = UUID.randomUUID();
        try (var insert = connection.prepareStatement(
                "insert into job.node (id, name, version, heartbeat_at) values (?, ?, '1', now() + interval '1 hour')")) {
            insert.setObject(1, id);
            insert.setString(2, name);
            insert.executeUpdate();
        }
        return id;
    }

    /** Ends what the node worked on first: the living node would do the same, and findings of that are not meant here. */
    private void silent(ProjectId project, Attempt attempt, String since) {
        transactions.run(project, connection -> {
            try (var end = connection.createStatement()) {
                end.execute(
                        "update job.run set status = 'COMPLETED', ended_at = now() where id = '" + attempt.run() + "'");
                end.execute("update job.attempt set ended_at = now() where id = '" + attempt.id() + "'");
                end.execute("update job.node set heartbeat_at = now() " + since
                        + " where id = (select node_id from job.attempt where id = '" + attempt.id() + "')");
            }
        });
    }

    private void backdate(ProjectId project, Attempt attempt, int minutes) {
        transactions.run(project, connection -> {
            try (var update = connection.createStatement()) {
                String then = "now() - interval '" + minutes + " minutes'";
                update.execute("update job.attempt set created_at = " + then + " where id = '" + attempt.id() + "'");
                update.execute("update job.target set started_at = " + then
                        + ", progress_at = case when progress_at is not null then " + then + " end where run_id = '"
                        + attempt.run() + "'");
            }
        });
    }

    private void earlier(ProjectId project, int minutes) {
        transactions.run(project, connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into job.run (id, project_id, job, status, trigger, triggered_by, started_at, ended_at)
                    values (?, ?, 'frame', 'COMPLETED', 'PERSON', 'a test', now() - make_interval(mins => ?), now())
                    """)) {
                insert.setObject(1, Ids.next(Clock.system()));
                insert.setObject(2, project.value());
                insert.setInt(3, minutes);
                insert.executeUpdate();
            }
        });
    }

    private List<String> open(ProjectId project) {
        return findings.list(project, true, null, null, 100).items().stream()
                .map(finding -> finding.report().title())
                .toList();
    }
}
