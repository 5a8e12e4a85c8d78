package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.PersistenceContext;
import jakarta.persistence.PersistenceException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.exception.ConstraintViolationException;

/** Schedules, always inside a transaction of their project. */
@ApplicationScoped
class ScheduleRepository {
    /** Hibernate's lock timeout that skips rows which another node has locked. */
    private static final int SKIP_LOCKED = -2;

    @PersistenceContext(unitName = "nightshift")
    @SuppressWarnings("NullAway.Init")
    private EntityManager entities;

    /** A schedule's newest run. */
    record LastRun(UUID id, String status, Instant at) {}

    /** A schedule that is due; what it is, is read under its project. */
    record Due(ProjectId project, UUID schedule) {}

    /** @throws Failure.Conflict if another request has just taken the name */
    void add(Schedule schedule) {
        try {
            entities.persist(schedule);
            entities.flush();
        } catch (PersistenceException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof ConstraintViolationException broken
                        && "schedule_name".equals(broken.getConstraintName())) {
                    throw nameTaken(schedule.name());
                }
            }
            throw e;
        }
    }

    static Failure.Conflict nameTaken(String name) {
        return new Failure.Conflict(
                "This project has a schedule named " + name + " already.", "Choose another name, or change that one.");
    }

    void flush() {
        entities.flush();
    }

    List<Schedule> all(ProjectId project) {
        return entities.createQuery(
                        "select s from Schedule s where s.projectId = :project and s.deletedAt is null order by s.name",
                        Schedule.class)
                .setParameter("project", project.value())
                .setMaxResults(1000)
                .getResultList();
    }

    Optional<Schedule> named(ProjectId project, String name) {
        return entities.createQuery(
                        "select s from Schedule s where s.projectId = :project and s.name = :name and s.deletedAt is null",
                        Schedule.class)
                .setParameter("project", project.value())
                .setParameter("name", name)
                .getResultStream()
                .findFirst();
    }

    /** The schedule, locked for firing; empty if another node fires it now. */
    Optional<Schedule> lock(UUID id) {
        return entities.createQuery("select s from Schedule s where s.id = :id", Schedule.class)
                .setParameter("id", id)
                .setLockMode(LockModeType.PESSIMISTIC_WRITE)
                .setHint("jakarta.persistence.lock.timeout", SKIP_LOCKED)
                .getResultStream()
                .findFirst();
    }

    static List<Due> due(Connection connection, int most) throws SQLException {
        try (var query = connection.prepareStatement("select project_id, schedule_id from job.due_schedules(?)")) {
            query.setInt(1, most);
            var due = new ArrayList<Due>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    due.add(new Due(new ProjectId(rows.getObject(1, UUID.class)), rows.getObject(2, UUID.class)));
                }
            }
            return due;
        }
    }

    /** Until the transaction's end nobody else plans what follows what in the project. */
    static void lockPlans(Connection connection, ProjectId project) throws SQLException {
        try (var lock = connection.prepareStatement("select pg_advisory_xact_lock(hashtextextended(?, 0))")) {
            lock.setString(1, "nightshift schedules of " + project.value());
            lock.execute();
        }
    }

    /** An end of a run that a schedule follows. */
    record Ended(UUID run, int attempt, List<String> databases) {}

    /** Takes the ends that a schedule follows: they are answered once. */
    static List<Ended> takeEnded(Connection connection, UUID schedule) throws SQLException {
        try (var delete = connection.prepareStatement(
                "delete from job.follow where schedule_id = ? returning run_id, attempt, databases")) {
            delete.setObject(1, schedule);
            var ended = new ArrayList<Ended>();
            try (var rows = delete.executeQuery()) {
                while (rows.next()) {
                    ended.add(new Ended(rows.getObject(1, UUID.class), rows.getInt(2), List.of((String[])
                            rows.getArray(3).getArray())));
                }
            }
            return ended;
        }
    }

    /** The database's clock decides what is due. */
    static Instant now(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select now()");
                var rows = query.executeQuery()) {
            rows.next();
            return rows.getTimestamp(1).toInstant();
        }
    }

    static Optional<LastRun> lastRun(Connection connection, UUID schedule) throws SQLException {
        try (var query = connection.prepareStatement("""
                select id, status, coalesce(ended_at, started_at, created_at) as at from job.run
                 where schedule_id = ? order by fire_at desc limit 1
                """)) {
            query.setObject(1, schedule);
            try (var rows = query.executeQuery()) {
                return rows.next()
                        ? Optional.of(new LastRun(
                                rows.getObject("id", UUID.class),
                                rows.getString("status"),
                                rows.getTimestamp("at").toInstant()))
                        : Optional.empty();
            }
        }
    }
}
