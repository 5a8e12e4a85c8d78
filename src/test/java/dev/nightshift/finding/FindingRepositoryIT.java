package dev.nightshift.finding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.runtime.Migration;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestClock;
import jakarta.json.Json;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** On an external repository of the oldest version, set up as docs/how-to/external-repository.md says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FindingRepositoryIT {
    private static final String FINGERPRINT = "backup.proof:demo";

    private final Postgres postgres = Postgres.start(15);
    private final FindingRepository repository = new FindingRepository();
    private final TestClock clock = new TestClock();
    private final ProjectId project = new ProjectId(Ids.next(Clock.system()));
    private final ProjectId other = new ProjectId(Ids.next(Clock.system()));
    private final Connection connection;

    FindingRepositoryIT() throws SQLException {
        postgres.execute(
                "postgres",
                "create role nightshift_owner login password 'owner'",
                "create role nightshift_app login password 'app'",
                "create database nightshift owner nightshift_owner encoding 'UTF8' template template0",
                "revoke all on database nightshift from public",
                "grant connect on database nightshift to nightshift_app");
        String url = postgres.url("nightshift");
        Migration.run(url, "nightshift_owner", "owner", "nightshift_app", Path.of("liquibase"));
        for (ProjectId each : List.of(project, other)) {
            postgres.execute(
                    "nightshift",
                    "insert into fleet.project (id, name, display_name) values ('" + each + "', 'p"
                            + (each.equals(project) ? 1 : 2) + "', 'P')");
        }
        connection = DriverManager.getConnection(url, "nightshift_app", "app");
        connection.setAutoCommit(false);
    }

    @AfterAll
    void stop() throws SQLException {
        connection.close();
        postgres.close();
    }

    @BeforeEach
    void enter() throws SQLException {
        in(project);
    }

    @AfterEach
    void forget() throws SQLException {
        connection.rollback();
    }

    private void in(ProjectId id) throws SQLException {
        try (var set = connection.prepareStatement("select set_config('nightshift.project', ?, true)")) {
            set.setString(1, id.toString());
            set.execute();
        }
    }

    private static FindingReport report(String fingerprint, Severity severity, String title) {
        Subject subject = new Subject(Subject.Kind.INSTANCE, new UUID(7, 1), "demo");
        return new FindingReport(
                fingerprint,
                subject,
                severity,
                title,
                "Seen.",
                null,
                Json.createObjectBuilder().add("file", "base/1/2").build(),
                null);
    }

    private List<Finding> all() throws SQLException {
        return repository.list(connection, project, null, null, null, 100);
    }

    @Test
    void theSameTroubleIsOneFindingThatCountsHowOftenItWasSeen() throws SQLException {
        UUID first = repository.upsert(connection, project, report(FINGERPRINT, Severity.WARNING, "One"), clock);
        clock.advance(Duration.ofMinutes(5));
        UUID again = repository.upsert(connection, project, report(FINGERPRINT, Severity.WARNING, "Two"), clock);
        assertEquals(first, again);
        Finding finding = all().get(0);
        assertEquals(2, finding.seen());
        assertEquals("Two", finding.report().title());
        assertEquals("base/1/2", finding.report().evidence().getString("file"));
        assertEquals(Duration.ofMinutes(5), Duration.between(finding.firstSeen(), finding.lastSeen()));
    }

    @Test
    void theSeverityOfAnOpenFindingRisesAndNeverFalls() throws SQLException {
        for (Severity severity : List.of(Severity.INFO, Severity.CRITICAL, Severity.WARNING)) {
            repository.upsert(connection, project, report(FINGERPRINT, severity, "It"), clock);
        }
        assertEquals(Optional.of(Severity.CRITICAL), repository.openSeverity(connection, project, FINGERPRINT));
    }

    @Test
    void troubleThatComesBackAfterItWasClosedIsAnotherFinding() throws SQLException {
        UUID first = repository.upsert(connection, project, report(FINGERPRINT, Severity.WARNING, "It"), clock);
        assertEquals(Optional.of(first), repository.close(connection, project, FINGERPRINT, clock.now()));
        assertEquals(Optional.empty(), repository.close(connection, project, FINGERPRINT, clock.now()));
        clock.advance(Duration.ofSeconds(1));
        UUID second = repository.upsert(connection, project, report(FINGERPRINT, Severity.INFO, "It"), clock);
        assertNotEquals(first, second);
        assertEquals(List.of(second, first), all().stream().map(Finding::id).toList(), "the newest first");
        assertTrue(all().get(0).open());
        assertFalse(all().get(1).open());
    }

    @Test
    void pagesFollowOneAnotherByTheLastIdAndFiltersHold() throws SQLException {
        for (int i = 0; i < 3; i++) {
            clock.advance(Duration.ofSeconds(1));
            Severity severity = i == 0 ? Severity.CRITICAL : Severity.INFO;
            repository.upsert(connection, project, report("f" + i, severity, "F" + i), clock);
        }
        List<Finding> first = repository.list(connection, project, true, null, null, 2);
        List<Finding> rest =
                repository.list(connection, project, true, null, first.get(1).id(), 2);
        assertEquals(
                List.of("F2", "F1"), first.stream().map(f -> f.report().title()).toList());
        assertEquals(List.of("F0"), rest.stream().map(f -> f.report().title()).toList());
        assertEquals(
                1,
                repository
                        .list(connection, project, null, Severity.CRITICAL, null, 10)
                        .size());
        assertEquals(
                0, repository.list(connection, project, false, null, null, 10).size());
    }

    @Test
    void anotherProjectSeesNeitherTheFindingNorTheWordOfIt() throws SQLException {
        UUID id = repository.upsert(connection, project, report(FINGERPRINT, Severity.WARNING, "It"), clock);
        repository.tell(connection, project, "finding.opened", id, Severity.WARNING, clock.now());
        assertEquals(1, outbox());
        in(other);
        assertEquals(0, outbox());
        assertEquals(
                0, repository.list(connection, project, null, null, null, 10).size());
    }

    private int outbox() throws SQLException {
        try (var select = connection.prepareStatement("select count(*) from finding.outbox");
                var row = select.executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }
}
