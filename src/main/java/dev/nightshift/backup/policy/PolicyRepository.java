package dev.nightshift.backup.policy;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of backup.policy, within the transaction whose connection is passed. */
@ApplicationScoped
class PolicyRepository {
    private static final String TAKEN = "23505";

    /** Projects whose goals are to be looked at. Of every project. */
    static List<ProjectId> projects(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select project_id from backup.policy_projects()");
                var rows = query.executeQuery()) {
            List<ProjectId> projects = new ArrayList<>();
            while (rows.next()) {
                projects.add(new ProjectId(rows.getObject(1, UUID.class)));
            }
            return projects;
        }
    }

    /** In the order of their names. */
    List<Policy> all(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select id, name, description, databases, rpo_seconds, rto_seconds, proof_days, backup_hours,
                               keep_days, keep_count, keep_daily, keep_weekly, keep_monthly, keep_yearly,
                               schedules::text as schedules, stores, store_count, key_days, kit_hours
                          from backup.policy order by name
                        """);
                var rows = query.executeQuery()) {
            List<Policy> all = new ArrayList<>();
            while (rows.next()) {
                all.add(policy(rows));
            }
            return all;
        }
    }

    private static Policy policy(ResultSet row) throws SQLException {
        return new Policy(
                row.getObject("id", UUID.class),
                new Name(row.getString("name")),
                row.getString("description"),
                List.of((String[]) row.getArray("databases").getArray()),
                new Goals(
                        row.getObject("rpo_seconds", Integer.class),
                        row.getObject("rto_seconds", Integer.class),
                        row.getObject("proof_days", Integer.class),
                        row.getObject("backup_hours", Integer.class),
                        row.getObject("store_count", Integer.class),
                        row.getObject("key_days", Integer.class),
                        row.getObject("kit_hours", Integer.class)),
                new KeepRule(
                        row.getInt("keep_days"),
                        row.getInt("keep_count"),
                        row.getInt("keep_daily"),
                        row.getInt("keep_weekly"),
                        row.getInt("keep_monthly"),
                        row.getInt("keep_yearly")),
                ScheduledText.read(row.getString("schedules")),
                List.of((String[]) row.getArray("stores").getArray()));
    }

    /** Until the transaction's end nobody else changes policies of the project. */
    void lock(Connection connection, ProjectId project) throws SQLException {
        try (var lock = connection.prepareStatement("select pg_advisory_xact_lock(hashtextextended(?, 0))")) {
            lock.setString(1, "nightshift policies of " + project.value());
            lock.execute();
        }
    }

    /** @throws Failure.Conflict if the name is taken */
    void insert(Connection connection, ProjectId project, Policy policy) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into backup.policy (description, databases, rpo_seconds, rto_seconds, proof_days, backup_hours, store_count,
                    key_days, kit_hours, keep_days, keep_count, keep_daily, keep_weekly, keep_monthly, keep_yearly, schedules, stores,
                    id, project_id, name)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?)
                """)) {
            int at = wanted(connection, insert, policy);
            insert.setObject(++at, policy.id());
            insert.setObject(++at, project.value());
            insert.setString(++at, policy.name().value());
            insert.executeUpdate();
        } catch (SQLException e) {
            if (TAKEN.equals(e.getSQLState())) {
                throw new Failure.Conflict(
                        "This project has a policy named " + policy.name() + " already.",
                        "Choose another name, or change that one.");
            }
            throw e;
        }
    }

    void update(Connection connection, Policy policy) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.policy set description = ?, databases = ?, rpo_seconds = ?, rto_seconds = ?, proof_days = ?,
                    backup_hours = ?, store_count = ?, key_days = ?, kit_hours = ?, keep_days = ?, keep_count = ?, keep_daily = ?,
                    keep_weekly = ?, keep_monthly = ?, keep_yearly = ?, schedules = ?::jsonb, stores = ?
                 where id = ?
                """)) {
            int at = wanted(connection, update, policy);
            update.setObject(++at, policy.id());
            update.executeUpdate();
        }
    }

    private static int wanted(Connection connection, PreparedStatement statement, Policy policy) throws SQLException {
        int at = 0;
        Goals goals = policy.goals();
        KeepRule keep = policy.keep();
        statement.setString(++at, policy.description());
        statement.setArray(
                ++at, connection.createArrayOf("text", policy.databases().toArray()));
        for (@Nullable
        Integer goal : new @Nullable Integer[] {
            goals.rpoSeconds(),
            goals.rtoSeconds(),
            goals.proofDays(),
            goals.backupHours(),
            goals.stores(),
            goals.keyDays(),
            goals.kitHours()
        }) {
            statement.setObject(++at, goal, Types.INTEGER);
        }
        for (int part :
                new int[] {keep.days(), keep.count(), keep.daily(), keep.weekly(), keep.monthly(), keep.yearly()}) {
            statement.setInt(++at, part);
        }
        statement.setString(++at, ScheduledText.write(policy.schedules()));
        statement.setArray(
                ++at, connection.createArrayOf("text", policy.stores().toArray()));
        return at;
    }

    void delete(Connection connection, Policy policy) throws SQLException {
        try (var delete = connection.prepareStatement("delete from backup.policy where id = ?")) {
            delete.setObject(1, policy.id());
            delete.executeUpdate();
        }
    }
}
