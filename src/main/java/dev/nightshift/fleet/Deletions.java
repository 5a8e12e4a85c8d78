package dev.nightshift.fleet;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Deletes projects, and takes back within 30 days what was deleted. */
@ApplicationScoped
public class Deletions {
    /** So long a deletion can be taken back. */
    public static final Duration KEPT = Duration.ofDays(30);

    private static final System.Logger LOG = System.getLogger(Deletions.class.getName());

    private static final int REMOVED_AT_ONCE = 10_000;

    /** Of each kind at most so many are shown. */
    private static final int MOST = 500;

    @Inject
    private Transactions transactions;

    @Inject
    private FleetRepository repository;

    @Inject
    private Clock clock;

    @Inject
    private Audit audit;

    @Inject
    @Any
    private jakarta.enterprise.inject.Instance<DeletionGuard> guards;

    /** What a deleted object was. */
    public enum Kind {
        PROJECT,
        INSTANCE,
        DATABASE
    }

    /**
     * Something that was deleted and can still be restored.
     *
     * @param on the instance that a database is on; null for others
     * @param until when it can be restored no more
     */
    public record Deleted(
            UUID id, Kind kind, String name, @Nullable String on, Instant deletedAt, Instant until) {
        static Deleted of(UUID id, Kind kind, Name name, @Nullable String on, @Nullable Instant at) {
            Instant deletedAt = at == null ? Instant.EPOCH : at;
            return new Deleted(id, kind, name.value(), on, deletedAt, deletedAt.plus(KEPT));
        }
    }

    /**
     * Deletes a project: nobody sees it any more, and nothing of it is planned or watched.
     *
     * @throws Failure.Conflict if a feature objects: backups of it are held, a run is under way
     */
    public void deleteProject(ProjectId id) {
        transactions.in(id, connection -> {
            lock(connection, id);
            Project project = repository
                    .project(id.value())
                    .orElseThrow(() -> new Failure.NotFound("There is no project " + id + "."));
            List<String> objections = new ArrayList<>();
            // Deleted ones as well: what is held of them would be out of everybody's sight.
            List<dev.nightshift.fleet.Instance> instances =
                    new ArrayList<>(repository.instances(id, null, Integer.MAX_VALUE));
            instances.addAll(repository.deletedInstances(id, Instant.EPOCH, Integer.MAX_VALUE));
            for (DeletionGuard guard : guards) {
                instances.forEach(each -> guard.objection(each, null).ifPresent(objections::add));
                guard.objection(id).ifPresent(objections::add);
            }
            if (!objections.isEmpty()) {
                throw new Failure.Conflict(
                        "Project " + project.name() + " cannot be deleted yet. "
                                + String.join(" ", objections.subList(0, Math.min(objections.size(), 5))),
                        null);
            }
            project.delete(clock.now());
            repository.write();
            audit.record(id, "project.delete", "project " + project.name(), Map.of());
            return true;
        });
    }

    /** Whoever claims one of its runs looks at the project under the same lock. */
    private static void lock(Connection connection, ProjectId id) throws SQLException {
        try (var lock = connection.prepareStatement("select from fleet.project where id = ? for no key update")) {
            lock.setObject(1, id.value());
            lock.execute();
        }
    }

    /** The projects that can be restored, the newest deletion first; for installation admins. */
    public List<Deleted> projects() {
        return transactions.installation(connection -> repository.deletedProjects(oldest())).stream()
                .map(project ->
                        Deleted.of(project.id().value(), Kind.PROJECT, project.name(), null, project.deletedAt()))
                .toList();
    }

    /**
     * Restores a project with all that was in it.
     *
     * @throws Failure.NotFound if none of that name was deleted within the last 30 days
     */
    public void restoreProject(Name name) {
        ProjectId id = transactions.installation(connection -> repository.deletedProjects(oldest())).stream()
                .filter(project -> project.name().equals(name))
                .findFirst()
                .map(Project::id)
                .orElseThrow(() -> new Failure.NotFound("No project \"" + name + "\" can be restored."));
        transactions.in(id, connection -> {
            Optional<Project> project = repository.deletedProjects(oldest()).stream()
                    .filter(each -> each.id().equals(id))
                    .findFirst();
            if (project.isPresent()) {
                project.get().restore();
                repository.write();
                audit.record(id, "project.restore", "project " + name, Map.of());
            }
            return true;
        });
    }

    /** The instances and databases of a project that can be restored, the newest deletion first. */
    public List<Deleted> of(ProjectId project) {
        return transactions.in(project, connection -> {
            List<Deleted> deleted = new ArrayList<>();
            for (var each : repository.deletedInstances(project, oldest(), MOST)) {
                deleted.add(Deleted.of(each.id(), Kind.INSTANCE, each.name(), null, each.deletedAt()));
            }
            for (Database each : repository.deletedDatabases(project, oldest(), MOST)) {
                deleted.add(Deleted.of(
                        each.id(),
                        Kind.DATABASE,
                        each.name(),
                        each.instance().name().value(),
                        each.deletedAt()));
            }
            deleted.sort(Comparator.comparing(Deleted::deletedAt).reversed());
            return deleted;
        });
    }

    /**
     * Restores an instance, or a database together with its instance.
     *
     * @throws Failure.NotFound if nothing of that id was deleted within the last 30 days
     * @throws Failure.Conflict if its name, or its server, has been taken meanwhile
     */
    public void restore(ProjectId project, UUID id) {
        transactions.in(project, connection -> {
            Optional<Database> database = repository.deletedDatabases(project, oldest(), Integer.MAX_VALUE).stream()
                    .filter(each -> each.id().equals(id))
                    .findFirst();
            if (database.isPresent()) {
                restore(connection, database.get().instance());
                database.get().restore();
                write("database " + database.get().name());
                audit.record(
                        project,
                        "database.restore",
                        "database " + database.get().name(),
                        Map.of());
                return true;
            }
            var instance = repository.deletedInstances(project, oldest(), Integer.MAX_VALUE).stream()
                    .filter(each -> each.id().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new Failure.NotFound("Nothing of that id can be restored in this project."));
            restore(connection, instance);
            return true;
        });
    }

    private void restore(Connection connection, dev.nightshift.fleet.Instance instance) throws SQLException {
        if (instance.deletedAt() == null) {
            return;
        }
        instance.restore();
        write("instance " + instance.name());
        String system = instance.systemIdentifier();
        if (system != null && !repository.claim(connection, instance.id(), system)) {
            throw new Failure.Conflict(
                    "The server of instance " + instance.name() + " belongs to another project by now.",
                    "A server belongs to one project: have it deleted there first.");
        }
        audit.record(instance.project(), "instance.restore", "instance " + instance.name(), Map.of());
    }

    private void write(String what) throws SQLException {
        try {
            repository.write();
        } catch (SQLException e) {
            if ("23505".equals(e.getSQLState())) {
                throw new Failure.Conflict(
                        "The name of " + what + " has been given to another one meanwhile, or its database is"
                                + " registered under another name.",
                        "Delete that one first.");
            }
            throw e;
        }
    }

    /** A project that can be restored no more. */
    private record Removable(UUID id, String name, long backups) {}

    /**
     * Removes the projects that can be restored no more, with all that was theirs; their names are free again. What their
     * audit holds stays with the installation.
     */
    public void removeForGood() {
        for (Removable each : transactions.installation(Deletions::removable)) {
            try {
                if (each.backups() > 0) {
                    LOG.log(
                            Level.WARNING,
                            "Project {0} was deleted, but {1} backups of it are held: it stays",
                            each.name(),
                            each.backups());
                } else {
                    remove(each);
                }
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "Project " + each.name() + " was not removed", e);
            }
        }
    }

    /** Some rows at a time, so that a large project's removal is no transaction of hours. */
    private void remove(Removable project) {
        while (transactions.installation(connection -> empty(connection, project.id())) > 0) {
            LOG.log(Level.DEBUG, "Emptying project {0}", project.name());
        }
        transactions.installation(connection -> {
            try (var query = connection.prepareStatement("select fleet.remove_project(?)")) {
                query.setObject(1, project.id());
                try (var row = query.executeQuery()) {
                    row.next();
                    boolean removed = row.getString(1) != null;
                    if (removed) {
                        audit.record(null, "project.remove", "project " + project.name(), Map.of("id", project.id()));
                    }
                    return removed;
                }
            }
        });
    }

    private static long empty(Connection connection, UUID project) throws SQLException {
        try (var query = connection.prepareStatement("select fleet.empty_project(?, ?)")) {
            query.setObject(1, project);
            query.setInt(2, REMOVED_AT_ONCE);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static List<Removable> removable(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                        "select project_id, name, backups from fleet.removable_projects()");
                var rows = query.executeQuery()) {
            List<Removable> projects = new ArrayList<>();
            while (rows.next()) {
                projects.add(new Removable(rows.getObject(1, UUID.class), rows.getString(2), rows.getLong(3)));
            }
            return projects;
        }
    }

    private Instant oldest() {
        return clock.now().minus(KEPT);
    }
}
