package dev.nightshift.job.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.finding.Findings;
import dev.nightshift.fleet.Registration;
import dev.nightshift.job.Node;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A schedule that nobody fires is a finding until somebody does: here the only node drains meanwhile. */
@Tag("thorough")
@ArquillianTest
class StuckSchedulesIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @Inject
    private Registration registration;

    @Inject
    private Schedules schedules;

    @Inject
    private StuckSchedules stuck;

    @Inject
    private Findings findings;

    @Inject
    private Node node;

    @Inject
    private Transactions transactions;

    @Test
    void aScheduleThatNobodyFiresIsAFindingUntilItFiresAgain() {
        ProjectId project = UnreachableServer.register(registration, "stuck").project();
        schedules.add(project, new Name("hourly"), Plan.at("0 * * * *", "UTC", "purge", List.of()));
        schedules.add(project, new Name("off"), Plan.at("0 * * * *", "UTC", "purge", List.of()));
        schedules.add(project, new Name("paused"), Plan.at("0 * * * *", "UTC", "purge", List.of()));
        change(project, "update job.schedule set enabled = false where name = 'off'");
        change(
                project,
                "update job.schedule set paused_since = now() - interval '5 hours', paused_by = 'a test', paused_why = 'a test'"
                        + " where name = 'paused'");
        drain(true);
        try {
            Eventually.isTrue("the node drains", SOON, node::draining);
            due(project, 1);
            stuck.check();
            assertEquals(List.of(), open(project), "late, but by less than two intervals");
            due(project, 3);
            stuck.check();
            stuck.check();
            assertEquals(List.of("Schedule hourly does not fire"), open(project));
        } finally {
            drain(false);
        }
        Eventually.isTrue("the node takes runs again", SOON, () -> !node.draining());
        Eventually.isTrue(
                "it fires",
                SOON,
                () -> schedules.named(project, "hourly").lastRun().isPresent());
        stuck.check();
        assertEquals(List.of(), open(project));
    }

    @Test
    void aScheduleWhoseTimesCannotBeReadIsAFindingUntilItIsChanged() {
        ProjectId project =
                UnreachableServer.register(registration, "unreadable").project();
        schedules.add(project, new Name("zone"), Plan.at("0 * * * *", "UTC", "purge", List.of()));
        schedules.add(project, new Name("cron"), Plan.at("0 * * * *", "UTC", "purge", List.of()));
        drain(true);
        try {
            Eventually.isTrue("the node drains", SOON, node::draining);
            change(project, "update job.schedule set zone = 'Atlantis/Centre' where name = 'zone'");
            change(project, "update job.schedule set cron = 'nightly' where name = 'cron'");
            due(project, 1);
            stuck.check();
            assertEquals(
                    List.of("Schedule cron cannot be read", "Schedule zone cannot be read"),
                    open(project).stream().sorted().toList());
            change(
                    project,
                    "update job.schedule set zone = 'UTC', next_fire = now() + interval '1 hour' where name = 'zone'");
            change(project, "update job.schedule set enabled = false where name = 'cron'");
            stuck.check();
            assertEquals(List.of(), open(project));
        } finally {
            change(project, "update job.schedule set cron = '0 * * * *' where name = 'cron'");
            drain(false);
        }
        Eventually.isTrue("the node takes runs again", SOON, () -> !node.draining());
    }

    /** Before its first heartbeat nobody knows the node. */
    private void drain(boolean asked) {
        Eventually.isTrue(
                "a node that is known",
                SOON,
                () -> transactions.installation(connection -> {
                    try (var update = connection.prepareStatement("update job.node set drain_asked = ? where id = ?")) {
                        update.setBoolean(1, asked);
                        update.setObject(2, node.id());
                        return update.executeUpdate() == 1;
                    }
                }));
    }

    private void change(ProjectId project, String sql) {
        transactions.run(project, connection -> {
            try (var update = connection.prepareStatement(sql)) {
                assertEquals(1, update.executeUpdate());
            }
        });
    }

    private void due(ProjectId project, int hoursAgo) {
        transactions.run(project, connection -> {
            try (var update = connection.prepareStatement(
                    "update job.schedule set next_fire = date_trunc('hour', now()) - make_interval(hours => ?)")) {
                update.setInt(1, hoursAgo);
                update.executeUpdate();
            }
        });
    }

    private List<String> open(ProjectId project) {
        return findings.list(project, true, null, null, 100).items().stream()
                .map(finding -> finding.report().title())
                .toList();
    }
}
