package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.UnreachableServer;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** Which runs may begin: so many of a project at once, and the projects in turn. */
@ArquillianTest
class ClaimsIT {
    @Inject
    private Registration registration;

    @Inject
    private Runs runs;

    @Inject
    private Ledger ledger;

    @Inject
    private Transactions transactions;

    @Resource(lookup = "java:comp/DefaultManagedExecutorService")
    @SuppressWarnings("NullAway.Init")
    private ManagedExecutorService executor;

    @Resource(lookup = "jdbc/repository")
    @SuppressWarnings("NullAway.Init")
    private DataSource repository;

    @Test
    void aProjectHasNoMoreRunsUnderWayThanItMay() {
        ProjectId project =
                UnreachableServer.register(registration, "two-at-once").project();
        // In one transaction, so that no living node sees them waiting
        var undone = new Failure.Conflict("Rolled back.", null);
        Failure thrown = assertThrows(
                Failure.Conflict.class,
                () -> transactions.run(project, connection -> {
                    UUID node = node(connection);
                    assertTrue(claim(project, request(project), node).isPresent());
                    assertTrue(claim(project, request(project), node).isPresent());
                    UUID third = request(project);
                    assertEquals(Optional.empty(), claim(project, third, node));
                    assertEquals(1, held(connection, project));
                    Run waiting = runs.get(project, third);
                    assertEquals(RunStatus.WAITING, waiting.status());
                    assertEquals("The project has 2 runs under way, as many as it may have at once.", waiting.reason());
                    try (var end = connection.createStatement()) {
                        end.execute("update job.run set status = 'COMPLETED' where status = 'STARTED'");
                    }
                    assertTrue(claim(project, third, node).isPresent());
                    throw undone;
                }));
        assertEquals(undone, thrown);
    }

    /** Two nodes that count at the same moment would both find room for one more. */
    @Test
    void aClaimWaitsForAnotherOneOfItsProject() {
        ProjectId project =
                UnreachableServer.register(registration, "one-at-once").project();
        CompletableFuture<Optional<Attempt>> other = new CompletableFuture<>();
        transactions.run(project, connection -> {
            // Held from here on, so that no living node claims either
            try (var lock = connection.prepareStatement("select from fleet.project where id = ? for no key update")) {
                lock.setObject(1, project.value());
                lock.execute();
            }
            UUID second = executor.supplyAsync(() -> request(project)).join();
            UUID node = node(connection);
            assertTrue(ledger.claim(project, request(project), node, UUID.randomUUID(), 1)
                    .isPresent());
            executor.execute(() -> {
                try {
                    other.complete(ledger.claim(project, second, node, UUID.randomUUID(), 1));
                } catch (RuntimeException e) {
                    other.completeExceptionally(e);
                }
            });
            Eventually.sleep(Duration.ofSeconds(1));
            assertFalse(other.isDone(), "it does not wait");
        });
        assertEquals(Optional.empty(), other.join());
    }

    @Test
    void nothingOfADeletedProjectBegins() {
        ProjectId project =
                UnreachableServer.register(registration, "deleted-meanwhile").project();
        transactions.run(project, connection -> {
            UUID run = request(project);
            try (var delete = connection.prepareStatement("update fleet.project set deleted_at = now() where id = ?")) {
                delete.setObject(1, project.value());
                delete.executeUpdate();
            }
            assertEquals(Optional.empty(), claim(project, run, node(connection)));
        });
    }

    /** One that has hundreds waiting does not keep another one's from their turn. */
    @Test
    void projectsTakeTurns() throws SQLException {
        ProjectId busy =
                UnreachableServer.register(registration, "many-waiting").project();
        ProjectId other =
                UnreachableServer.register(registration, "one-waiting").project();
        try (Connection connection = repository.getConnection()) {
            connection.setAutoCommit(false);
            try {
                for (int i = 0; i < 5; i++) {
                    waiting(connection, busy);
                }
                waiting(connection, other);
                assertEquals(
                        List.of(busy.value(), other.value(), busy.value()),
                        waitingProjects(connection, 3, List.of(busy, other)));
            } finally {
                connection.rollback();
            }
        }
    }

    private static void waiting(Connection connection, ProjectId project) throws SQLException {
        try (var set = connection.prepareStatement("select set_config('nightshift.project', ?, true)");
                var insert = connection.prepareStatement(
                        "insert into job.run (id, project_id, job, status, trigger, triggered_by)"
                                + " values (?, ?, 'frame', 'QUEUED', 'PERSON', 'a test')")) {
            set.setString(1, project.toString());
            set.execute();
            insert.setObject(1, Ids.next(Clock.system()));
            insert.setObject(2, project.value());
            insert.executeUpdate();
        }
    }

    private static List<UUID> waitingProjects(Connection connection, int most, List<ProjectId> of) throws SQLException {
        List<UUID> ids = new ArrayList<>();
        try (var query = connection.prepareStatement("select project_id from job.waiting_runs(1000, 16)");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                UUID project = rows.getObject(1, UUID.class);
                if (of.stream().anyMatch(each -> each.value().equals(project))) {
                    ids.add(project);
                }
            }
        }
        return ids.subList(0, Math.min(most, ids.size()));
    }

    private static int held(Connection connection, ProjectId project) throws SQLException {
        try (var hold = connection.prepareStatement("select project_id from job.hold_back(2)");
                var rows = hold.executeQuery()) {
            int held = 0;
            while (rows.next()) {
                held += project.value().equals(rows.getObject(1, UUID.class)) ? 1 : 0;
            }
            return held;
        }
    }

    private Optional<Attempt> claim(ProjectId project, UUID run, UUID node) {
        return ledger.claim(project, run, node, UUID.randomUUID(), 2);
    }

    private UUID request(ProjectId project) {
        return runs.request(
                project,
                new RunRequest(
                        "purge",
                        List.of(),
                        JsonValue.EMPTY_JSON_OBJECT,
                        RunRequest.Trigger.PERSON,
                        "a test",
                        null,
                        null));
    }

    private static UUID node(Connection connection) throws SQLException {
        UUID node = UUID.randomUUID();
        try (var insert =
                connection.prepareStatement("insert into job.node (id, name, version) values (?, 'gone', '1')")) {
            insert.setObject(1, node);
            insert.executeUpdate();
        }
        return node;
    }
}
