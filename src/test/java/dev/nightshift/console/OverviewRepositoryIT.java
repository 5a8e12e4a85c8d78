package dev.nightshift.console;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.fleet.NewDatabase;
import dev.nightshift.fleet.Registration;
import dev.nightshift.fleet.VacuumSettings;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The start page's answers to a fleet that is larger than the page. */
@ArquillianTest
class OverviewRepositoryIT {
    private static final int IDLE = 55;

    @Inject
    private Registration registration;

    @Inject
    private Transactions transactions;

    @Inject
    private OverviewRepository overview;

    @Test
    void theNightShowsFirstWhatFailedThenWhatRunsThenWhatIsDone() {
        UnreachableServer server = UnreachableServer.register(registration, "large");
        ProjectId project = server.project();
        UUID instance = server.instance();
        for (int i = 0; i < IDLE; i++) {
            database(project, instance, "a-idle-%02d".formatted(i));
        }
        for (String each : List.of("b-old", "c-done", "d-running", "e-lost", "f-failed")) {
            database(project, instance, each);
        }
        transactions.run(project, connection -> {
            worked(connection, instance, "b-old", "FAILED", 900, 800);
            worked(connection, instance, "c-done", "COMPLETED", 60, 50);
            worked(connection, instance, "d-running", "COMPLETED", 60, 50);
            worked(connection, instance, "d-running", "STARTED", 1000, null);
            worked(connection, instance, "e-lost", "LOST", 40, 30);
            worked(connection, instance, "f-failed", "FAILED", 40, 30);
            worked(connection, instance, "f-failed", "COMPLETED", 20, 10);
        });
        // What b-old did was before the night
        Overview found = transactions.in(project, overview::read);
        List<String> names =
                found.night().lanes().stream().map(Overview.Lane::database).toList();
        assertAll(
                () -> assertEquals(
                        List.of("e-lost", "f-failed", "d-running", "c-done", "a-idle-00", "a-idle-01"),
                        names.subList(0, 6)),
                () -> assertEquals(50, names.size()),
                () -> assertEquals(IDLE + 5, found.databases().total()),
                () -> assertEquals(
                        List.of("FAILED", "COMPLETED"),
                        found.night().lanes().get(1).bars().stream()
                                .map(Overview.Bar::status)
                                .toList()));
    }

    private void database(ProjectId project, UUID instance, String name) {
        registration.database(
                project, instance, new NewDatabase(new Name(name), name, List.of(), VacuumSettings.standard()));
    }

    private static void worked(
            Connection connection,
            UUID instance,
            String database,
            String status,
            int minutesAgo,
            @Nullable Integer endedMinutesAgo)
            throws SQLException {
        UUID run = UUID.randomUUID();
        try (var insert = connection.prepareStatement("""
                insert into job.run (id, project_id, job, status, trigger, triggered_by)
                values (?, tenancy.current_project(), 'backup', 'COMPLETED', 'PERSON', 'a test')
                """)) {
            insert.setObject(1, run);
            insert.executeUpdate();
        }
        try (var insert = connection.prepareStatement("""
                insert into job.target (id, project_id, run_id, instance_id, database_names, status, started_at, ended_at)
                values (?, tenancy.current_project(), ?, ?, array[?]::text[], ?,
                        now() - make_interval(mins => ?), now() - make_interval(mins => ?))
                """)) {
            insert.setObject(1, UUID.randomUUID());
            insert.setObject(2, run);
            insert.setObject(3, instance);
            insert.setString(4, database);
            insert.setString(5, status);
            insert.setInt(6, minutesAgo);
            insert.setObject(7, endedMinutesAgo, Types.INTEGER);
            insert.executeUpdate();
        }
    }
}
