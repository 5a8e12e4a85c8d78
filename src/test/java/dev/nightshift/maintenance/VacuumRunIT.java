package dev.nightshift.maintenance;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A run does not say that a table was vacuumed when it was not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VacuumRunIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final Postgres server = Postgres.start(18, Map.of("autovacuum", "off"));
    private TestProject project;

    @BeforeAll
    void aProject() {
        project = TestProject.create(nightshift.admin(), "untouched");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void aTableThatStaysLockedKeepsTheRunFromCompletingAndIsNamed() throws SQLException {
        server.execute("postgres", "create database held");
        server.execute(
                "held",
                "create table ledger as select generate_series(1, 10000) id",
                "create table free as select generate_series(1, 10000) id");
        project.register("held", server, "held");
        try (Connection holder = server.connect("held");
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table ledger in access exclusive mode");
            JsonObject run = vacuum("held");
            JsonObject target = target(run);
            assertAll(
                    () -> assertEquals("SKIPPED", run.getString("status")),
                    () -> assertEquals("SKIPPED", target.getString("status")),
                    () -> assertTrue(
                            target.getString("reason")
                                    .startsWith(
                                            "1 of 2 due tables were kept locked by others: \"public\".\"ledger\" ("),
                            target::toString),
                    () -> assertTrue(target.getString("remedy").contains("when the lock is gone"), target::toString),
                    () -> assertEquals(
                            1,
                            target.getJsonObject("figures").getInt("tablesDone"),
                            "the other one is done all the same"));
            holder.rollback();
        }
        assertEquals("COMPLETED", vacuum("held").getString("status"));
    }

    @Test
    void aTableThatTheRoleMayNotVacuumKeepsTheRunFromCompletingAndIsNamedWithTheGrant() throws SQLException {
        server.execute("postgres", "create database strange", "create role clerk login password 'clerk''s'");
        server.execute("strange", "create table bread as select generate_series(1, 10000) id");
        project.register("strange", server, "strange", "clerk", "clerk's");
        JsonObject run = vacuum("strange");
        JsonObject target = target(run);
        assertAll(
                () -> assertEquals("FAILED", run.getString("status")),
                () -> assertEquals("FAILED", target.getString("status")),
                () -> assertTrue(
                        target.getString("reason")
                                .startsWith("1 of 1 due tables were not done: \"public\".\"bread\" ("),
                        target::toString),
                () -> assertTrue(
                        target.getString("remedy").startsWith("GRANT MAINTAIN ON TABLE \"public\".\"bread\""),
                        target::toString));
    }

    private JsonObject vacuum(String database) {
        return project.ended(project.start("vacuum", database, TestProject.none()), Duration.ofMinutes(2));
    }

    private static JsonObject target(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0);
    }
}
