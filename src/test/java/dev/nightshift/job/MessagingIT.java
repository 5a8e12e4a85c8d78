package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.FreePorts;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Two nodes share the targets of one run through the messaging engine that the first of them has. A trigger in the
 * repository watches, so that the ledger is not its own witness.
 */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MessagingIT {
    private static final int DATABASES = 8;
    private static final String PORT = Integer.toString(FreePorts.one());
    private static final String PASSWORD = "password-of-the-queue-71c2";

    private final Nightshift first = Nightshift.prepare(Map.of(
            "NIGHTSHIFT_DEMO", "false",
            "NIGHTSHIFT_NODE_NAME", "first",
            "NIGHTSHIFT_MESSAGING", "embedded",
            "NIGHTSHIFT_MESSAGING_PORT", PORT,
            "NIGHTSHIFT_MESSAGING_PASSWORD", PASSWORD));
    private final Nightshift second = first.anotherNode();
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void databasesWhoseVacuumTakesAWhile() throws SQLException {
        source = Postgres.start(17, Map.of("autovacuum", "off"));
        first.start();
        second.set("NIGHTSHIFT_NODE_NAME", "second");
        second.set("NIGHTSHIFT_MESSAGING", "remote");
        second.start();
        project = TestProject.create(first.admin(), "messaging");
        for (int i = 0; i < DATABASES; i++) {
            source.execute("postgres", "create database d" + i);
            if (i == 0) {
                project.register("d0", source, "d0");
            } else {
                project.registerOn("d0", "d" + i, "d" + i);
            }
        }
        source.execute(
                "postgres",
                "alter role postgres set vacuum_cost_delay = '50ms'",
                "alter role postgres set vacuum_cost_limit = 30");
        repository(
                "create table public.completed (target uuid not null, node uuid)",
                "create function public.note_completed() returns trigger language plpgsql security definer"
                        + " set search_path = pg_catalog, pg_temp as $$ begin"
                        + " insert into public.completed values (new.id, new.node_id); return new; end $$",
                "create trigger note_completed after update on job.target for each row"
                        + " when (new.status = 'COMPLETED' and old.status <> 'COMPLETED')"
                        + " execute function public.note_completed()");
        for (Nightshift node : List.of(first, second)) {
            Eventually.isTrue(
                    "the broker answers",
                    Duration.ofMinutes(1),
                    () -> log(node).contains("The messaging broker answers"));
        }
    }

    @AfterAll
    void stop() {
        second.remove();
        first.remove();
        source.close();
    }

    @Test
    @Order(1)
    void aStopReachesTheTargetsOfBothNodes() throws SQLException {
        String run = start("stopped");
        bothWork(run);
        project.api()
                .post(
                        project.path("runs/" + run + "/stop"),
                        Json.createObjectBuilder().build())
                .expect(202);
        JsonObject ended = project.ended(run, Duration.ofSeconds(30));
        assertAll(
                () -> assertEquals("STOPPED", ended.getString("status"), ended.toString()),
                () -> assertEquals(
                        List.of(),
                        targets(run, "case when t.status not in ('STOPPED', 'COMPLETED') then t.status end"),
                        "one may have been done before the stop came"),
                () -> assertEquals(List.of(), rows("select resource from job.lease where resource like '%vacuum%'")));
    }

    @Test
    @Order(2)
    void aRunWhoseTargetsAreOnBothNodesEndsThoughOneIsKilled() throws SQLException {
        String run = start("killed");
        bothWork(run);
        assertEquals(
                Set.of("first", "second"),
                project.run(run).getJsonArray("targets").getValuesAs(JsonObject.class).stream()
                        .map(target -> target.getString("node", "none"))
                        .filter(node -> !node.equals("none"))
                        .collect(Collectors.toSet()));
        boolean itsOwn = project.run(run).getString("node").equals("second");
        second.killEverything();
        JsonObject ended = project.ended(run, Duration.ofMinutes(3));
        assertEquals("COMPLETED", ended.getString("status"), ended + "\n" + project.log(run));
        eachWasDoneOnce(run);
        String word =
                itsOwn ? "Its node died in the middle of the work." : "died, was stopped or let go of it: second.";
        assertTrue(project.log(run).contains(word), () -> project.log(run));
    }

    @Test
    @Order(3)
    @Tag("chaos")
    void nobodyUsesTheEngineWithoutThePassword() {
        second.killEverything();
        second.set("NIGHTSHIFT_MESSAGING_PASSWORD", "another-password");
        second.start();
        Eventually.isTrue(
                "the engine refuses it",
                Duration.ofMinutes(1),
                () -> log(second).contains("The messaging broker does not answer"));
        assertFalse(log(second).contains("The messaging broker answers"));
        second.killEverything();
        second.set("NIGHTSHIFT_MESSAGING_PASSWORD", PASSWORD);
        second.start();
    }

    /** The embedded engine goes with its node; so does the run that it had. */
    @Test
    @Order(4)
    @Tag("chaos")
    void theRunsOfTheNodeThatHasTheEngineEndThoughItIsKilled() throws SQLException {
        String run = start("engine");
        bothWork(run);
        first.killEverything();
        Eventually.isTrue(
                "the run ends",
                Duration.ofMinutes(4),
                () -> rows("select status from job.run where id = '" + run + "' and ended_at is not null")
                        .equals(List.of("COMPLETED")));
        eachWasDoneOnce(run);
        assertTrue(log(second).contains("The messaging broker does not answer"));
    }

    private String start(String table) throws SQLException {
        JsonArrayBuilder databases = Json.createArrayBuilder();
        for (int i = 0; i < DATABASES; i++) {
            source.execute(
                    "d" + i,
                    "drop table if exists stopped, killed, engine",
                    "create table " + table
                            + " as select id, repeat('x', 300) as text from generate_series(1, 20000) id",
                    "delete from " + table + " where id % 2 = 0");
            databases.add("d" + i);
        }
        return project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "vacuum")
                                .add("databases", databases)
                                .build())
                .expect(202)
                .object()
                .getString("id");
    }

    private void bothWork(String run) {
        Eventually.isTrue(
                "both nodes work on the run",
                Duration.ofMinutes(1),
                () -> Set.copyOf(targets(run, "case when t.status = 'STARTED' then n.name else '' end"))
                        .containsAll(List.of("first", "second")));
    }

    private void eachWasDoneOnce(String run) {
        assertEquals(
                List.of(),
                targets(
                        run,
                        "case when (select count(*) from public.completed c where c.target = t.id) <> 1 then t.id::text end"));
    }

    /** Of each target of the run, without nulls. */
    private List<String> targets(String run, String column) {
        return rows("select * from (select " + column
                + " as value from job.target t left join job.node n on n.id = t.node_id" + " where t.run_id = '" + run
                + "') each where value is not null");
    }

    private static String log(Nightshift node) {
        try {
            return java.nio.file.Files.readString(node.data().resolve("logs/messages.log"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void repository(String... statements) throws SQLException {
        try (Connection connection = first.repository().connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private List<String> rows(String sql) {
        try (Connection connection = first.repository().connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> all = new ArrayList<>();
            while (rows.next()) {
                all.add(rows.getString(1));
            }
            return all;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
