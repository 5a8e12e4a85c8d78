package dev.nightshift.fleet;

import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.PersistenceContext;
import jakarta.persistence.PersistenceException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The fleet's tables. Every method belongs inside a transaction of {@link dev.nightshift.tenancy.Transactions}: the
 * entity manager uses that transaction's connection, and row level security admits its project's rows only.
 */
@ApplicationScoped
class FleetRepository {
    @PersistenceContext(unitName = "nightshift")
    @SuppressWarnings("NullAway.Init")
    private EntityManager entities;

    Optional<Project> project(UUID id) throws SQLException {
        return asked(() -> Optional.ofNullable(entities.find(Project.class, id)))
                .filter(project -> project.deletedAt() == null);
    }

    Optional<Project> projectNamed(Name name) throws SQLException {
        return asked(() -> entities.createQuery(
                        "select p from Project p where p.name = :name and p.deletedAt is null", Project.class)
                .setParameter("name", name.value())
                .getResultStream()
                .findFirst());
    }

    List<Project> projects() throws SQLException {
        return asked(() -> entities.createQuery(
                        "select p from Project p where p.deletedAt is null order by p.name", Project.class)
                .getResultList());
    }

    /** Those deleted since then, the newest first. */
    List<Project> deletedProjects(Instant since) throws SQLException {
        return asked(() -> entities.createQuery(
                        "select p from Project p where p.deletedAt >= :since order by p.deletedAt desc", Project.class)
                .setParameter("since", since)
                .getResultList());
    }

    /** Those deleted since then, the newest first. */
    List<Instance> deletedInstances(ProjectId project, Instant since, int most) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select i from Instance i where i.projectId = :project and i.deletedAt >= :since
                         order by i.deletedAt desc
                        """, Instance.class)
                .setParameter("project", project.value())
                .setParameter("since", since)
                .setMaxResults(most)
                .getResultList());
    }

    /** Those deleted since then, the newest first. */
    List<Database> deletedDatabases(ProjectId project, Instant since, int most) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select d from Database d join fetch d.instance
                         where d.projectId = :project and d.deletedAt >= :since
                         order by d.deletedAt desc
                        """, Database.class)
                .setParameter("project", project.value())
                .setParameter("since", since)
                .setMaxResults(most)
                .getResultList());
    }

    Optional<Instance> instance(ProjectId project, UUID id) throws SQLException {
        return asked(() -> Optional.ofNullable(entities.find(Instance.class, id)))
                .filter(instance -> instance.project().equals(project) && instance.deletedAt() == null);
    }

    /** As it is now; nobody else changes it before this transaction ends. */
    Optional<Instance> instanceToChange(ProjectId project, UUID id) throws SQLException {
        return asked(() -> Optional.ofNullable(entities.find(Instance.class, id, LockModeType.PESSIMISTIC_WRITE)))
                .filter(instance -> instance.project().equals(project) && instance.deletedAt() == null);
    }

    Optional<Instance> instanceNamed(ProjectId project, Name name) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select i from Instance i
                         where i.projectId = :project and i.name = :name and i.deletedAt is null
                        """, Instance.class)
                .setParameter("project", project.value())
                .setParameter("name", name.value())
                .getResultStream()
                .findFirst());
    }

    /** In the order of their names, those after the given one. */
    List<Instance> instances(ProjectId project, @Nullable String after, int most) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select i from Instance i
                         where i.projectId = :project and i.deletedAt is null and i.name > :after
                         order by i.name
                        """, Instance.class)
                .setParameter("project", project.value())
                .setParameter("after", after == null ? "" : after)
                .setMaxResults(most)
                .getResultList());
    }

    Optional<Database> database(ProjectId project, UUID id) throws SQLException {
        return asked(() -> Optional.ofNullable(entities.find(Database.class, id)))
                .filter(database -> database.project().equals(project) && database.deletedAt() == null);
    }

    Optional<Database> databaseNamed(ProjectId project, Name name) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select d from Database d join fetch d.instance
                         where d.projectId = :project and d.name = :name and d.deletedAt is null
                        """, Database.class)
                .setParameter("project", project.value())
                .setParameter("name", name.value())
                .getResultStream()
                .findFirst());
    }

    /** In the order of their names, those after the given one. */
    List<Database> databases(ProjectId project, @Nullable String after, int most) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select d from Database d join fetch d.instance
                         where d.projectId = :project and d.deletedAt is null and d.name > :after
                         order by d.name
                        """, Database.class)
                .setParameter("project", project.value())
                .setParameter("after", after == null ? "" : after)
                .setMaxResults(most)
                .getResultList());
    }

    /** In the order of their names. */
    List<Database> databasesOf(ProjectId project, List<UUID> instances) throws SQLException {
        return asked(() -> entities.createQuery("""
                        select d from Database d join fetch d.instance i
                         where d.projectId = :project and i.id in :instances and d.deletedAt is null
                         order by d.name
                        """, Database.class)
                .setParameter("project", project.value())
                .setParameter("instances", instances)
                .getResultList());
    }

    /** Writes a new row at once, so that a broken rule is known to the caller and not only at the commit. */
    void add(Object entity) throws SQLException {
        asked(() -> {
            entities.persist(entity);
            entities.flush();
            return entity;
        });
    }

    /** Writes what changed on the entities that were read in this transaction. */
    void write() throws SQLException {
        asked(() -> {
            entities.flush();
            return true;
        });
    }

    /**
     * Makes the identifier the instance's own.
     *
     * @return false if another project holds it
     */
    boolean claim(Connection connection, UUID instance, String systemIdentifier) throws SQLException {
        try (var claim = connection.prepareStatement("select fleet.claim_system_identifier(?, ?)")) {
            claim.setObject(1, instance);
            claim.setString(2, systemIdentifier);
            try (var row = claim.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Gives what the database said, where JPA wraps it: the transaction tells an outage from a broken rule by it. */
    private static <T> T asked(Supplier<T> question) throws SQLException {
        try {
            return question.get();
        } catch (PersistenceException e) {
            Throwable cause = e;
            for (int depth = 0; cause != null && depth < 10; depth++) {
                if (cause instanceof SQLException said) {
                    throw said;
                }
                cause = cause.getCause();
            }
            throw e;
        }
    }
}
