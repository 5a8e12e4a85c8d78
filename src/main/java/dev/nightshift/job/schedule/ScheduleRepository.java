package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.PersistenceContext;
import jakarta.persistence.PersistenceException;
import jakarta.persistence.TypedQuery;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

    /** The most schedules of a project: lists, the calendar and the check for circles read them all. */
    static final int MOST = 1_000;

    /** Ends that nobody took for so long, because the project was deleted and is restored, start nothing any more. */
    private static final int STALE_DAYS = 2;

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
                .setMaxResults(MOST)
                .getResultList();
    }

    Optional<Schedule> named(ProjectId project, String name) {
        return called(project, name).getResultStream().findFirst();
    }

    /** The same, locked for a change: nobody fires or changes it until the transaction's end. */
    Optional<Schedule> namedForChange(ProjectId project, String name) {
        return called(project, name)
                .setLockMode(LockModeType.PESSIMISTIC_WRITE)
                .getResultStream()
                .findFirst();
    }

    private TypedQuery<Schedule> called(ProjectId project, String name) {
        return entities.createQuery(
                        "select s from Schedule s where s.projectId = :project and s.name = :name and s.deletedAt is null",
                        Schedule.class)
                .setParameter("project", project.value())
                .setParameter("name", name);
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

    /** Takes the ends that a schedule follows, once; those of another job, or that nobody took for days, start nothing. */
    static List<Ended> takeEnded(Connection connection, Schedule schedule) throws SQLException {
        try (var delete = connection.prepareStatement("""
                delete from job.follow f where f.schedule_id = ?
                returning f.run_id, f.attempt, f.databases, f.created_at > now() - make_interval(days => ?)
                          and exists (select from job.run r where r.id = f.run_id and r.job = ?)
                """)) {
            delete.setObject(1, schedule.id());
            delete.setInt(2, STALE_DAYS);
            delete.setString(3, schedule.after());
            var ended = new ArrayList<Ended>();
            try (var rows = delete.executeQuery()) {
                while (rows.next()) {
                    if (rows.getBoolean(4)) {
                        ended.add(new Ended(rows.getObject(1, UUID.class), rows.getInt(2), List.of((String[])
                                rows.getArray(3).getArray())));
                    }
                }
            }
            return ended;
        }
    }

    /** The times since another one for which the schedule has a run already: a clock that was set back must not fire them again. */
    static Set<Instant> fired(Connection connection, UUID schedule, Instant since) throws SQLException {
        try (var query =
                connection.prepareStatement("select fire_at from job.run where schedule_id = ? and fire_at >= ?")) {
            query.setObject(1, schedule);
            query.setTimestamp(2, Timestamp.from(since));
            var fired = new HashSet<Instant>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    fired.add(rows.getTimestamp(1).toInstant());
                }
            }
            return fired;
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
