package dev.nightshift.fleet;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.CheckReport;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.ExportedKeys;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.NewKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.inject.Any;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Changes to the fleet. A server is asked who it is before it is stored, because it may belong to one project only; one
 * that does not answer is stored all the same, and asked again by each check and backup.
 */
@ApplicationScoped
public class Registration {
    private static final String TAKEN_REMEDY = "Choose another name.";

    @Inject
    private Transactions transactions;

    @Inject
    private FleetRepository repository;

    @Inject
    private Fleet fleet;

    @Inject
    private Checkup checkup;

    @Inject
    private Keyring keyring;

    @Inject
    private TargetPools pools;

    @Inject
    private Primaries primaries;

    @Inject
    private Clock clock;

    @Inject
    private Audit audit;

    @Inject
    @Any
    private jakarta.enterprise.inject.Instance<DeletionGuard> guards;

    @Inject
    private Event<Deletion> deletions;

    @Inject
    private Event<ClusterSeen> clusters;

    /**
     * Makes a project, with keys of its own.
     *
     * @throws Failure.Conflict if the name is taken, also by a deleted project
     */
    public Project project(NewProject asked) {
        ProjectId id = new ProjectId(Ids.next(clock));
        NewKeys keys = keyring.generate(id);
        return transactions.in(id, connection -> {
            Project project = new Project(id.value(), asked, clock.now());
            add(project, "There is already a project " + asked.name() + ".", TAKEN_REMEDY);
            keyring.store(keys);
            audit.record(id, "project.create", "project " + asked.name(), Map.of());
            return project;
        });
    }

    /**
     * Makes a project anew with the keys of its recovery kit, under the id that they are bound to.
     *
     * @param primary which of the keys wraps
     * @throws Failure.Conflict if the name is taken, or the project was deleted and can be restored
     */
    public Project project(NewProject asked, ExportedKeys keys, String primary) {
        ProjectId id = keys.project();
        NewKeys made = keyring.generate(keys, primary);
        return transactions.in(id, connection -> {
            Project project = new Project(id.value(), asked, clock.now());
            add(
                    project,
                    "There is already a project " + asked.name() + ", or this one was deleted.",
                    "Restore it if it was deleted, else choose another name.");
            keyring.store(made);
            keyring.exported(id, keys.ids());
            audit.record(id, "project.create", "project " + asked.name(), Map.of("recovered", true));
            return project;
        });
    }

    /**
     * Makes an instance.
     *
     * @throws Failure.Conflict if the name is taken, or another project holds the server
     */
    public Instance instance(ProjectId project, Name name, Server server) {
        fleet.refuseForbidden(server);
        CheckReport report = checkup.look(server, null, server.maintenanceDatabase());
        openKeys(project, server);
        return transactions.in(project, connection -> {
            Instance instance = added(project, name, server);
            checkup.register(connection, instance, report);
            return instance;
        });
    }

    /**
     * Makes a database on a registered instance.
     *
     * @throws Failure.NotFound if there is no such instance
     * @throws Failure.Conflict if the name, or the instance's database, is registered already
     */
    public Database database(ProjectId project, UUID instance, NewDatabase asked) {
        CheckReport report = checkup.look(fleet.instance(project, instance), asked.dbname());
        return transactions.in(project, connection -> {
            Instance on = repository
                    .instance(project, instance)
                    .orElseThrow(() -> new Failure.NotFound("There is no instance " + instance + "."));
            Database database = added(on, asked, report);
            checkup.register(connection, on, report);
            return database;
        });
    }

    /**
     * Makes a database and the instance of the same name that it is on.
     *
     * @throws Failure.Conflict if the name is taken, or another project holds the server
     */
    public Database database(ProjectId project, Server server, NewDatabase asked) {
        fleet.refuseForbidden(server);
        CheckReport report = checkup.look(server, null, asked.dbname());
        openKeys(project, server);
        return transactions.in(project, connection -> {
            Instance on = added(project, asked.name(), server);
            Database database = added(on, asked, report);
            checkup.register(connection, on, report);
            return database;
        });
    }

    /**
     * Changes an instance's address, login or tags; its name stays.
     *
     * @throws Failure.Invalid if the login must be given anew, or the host is forbidden
     * @throws Failure.Conflict if another project holds the server
     */
    public Instance change(ProjectId project, UUID instance, Server server) {
        Instance before = fleet.instance(project, instance);
        Exposure.refuse(before, server);
        fleet.refuseForbidden(server);
        CheckReport report = checkup.look(server, before, server.maintenanceDatabase());
        openKeys(project, server);
        Instance after = transactions.in(project, connection -> {
            Instance stored = repository
                    .instanceToChange(project, instance)
                    .orElseThrow(() -> new Failure.NotFound("There is no instance " + instance + "."));
            // A password that was set while the new address was tried was not set for it
            Exposure.refuse(stored, server);
            stored.change(server);
            secret(stored, server.secret());
            repository.write();
            checkup.register(connection, stored, report);
            audit.record(project, "instance.change", "instance " + stored.name(), told(server));
            return stored;
        });
        fleet.addresses(before).forEach(pools::forget);
        if (!after.addresses().equals(before.addresses())) {
            primaries.forget(instance);
            clusters.fire(ClusterSeen.changed(after)); // once nobody reads the former members any more
        }
        return after;
    }

    /** Changes a database's tags and vacuum settings; its names stay. */
    public Database change(ProjectId project, UUID database, List<String> tags, VacuumSettings vacuum) {
        return transactions.in(project, connection -> {
            Database stored = stored(project, database);
            stored.change(tags, vacuum);
            repository.write();
            audit.record(
                    project,
                    "database.change",
                    "database " + stored.name(),
                    Map.of(
                            "tags",
                            stored.tags(),
                            "deadPercent",
                            vacuum.deadPercent(),
                            "changedPercent",
                            vacuum.changedPercent(),
                            "floorRows",
                            vacuum.floorRows()));
            return stored;
        });
    }

    /**
     * Deletes an instance that has no databases.
     *
     * @throws Failure.Conflict if it has, or a feature objects
     */
    public void deleteInstance(ProjectId project, UUID instance) {
        Instance gone = transactions.in(project, connection -> {
            Instance stored = repository
                    .instance(project, instance)
                    .orElseThrow(() -> new Failure.NotFound("There is no instance " + instance + "."));
            List<Database> databases = repository.databasesOf(project, List.of(instance));
            if (!databases.isEmpty()) {
                throw new Failure.Conflict(
                        "Instance " + stored.name() + " has databases: "
                                + String.join(
                                        ", ",
                                        databases.stream()
                                                .map(each -> each.name().value())
                                                .toList()) + ".",
                        "Delete them first.");
            }
            delete(stored);
            return stored;
        });
        forget(gone);
    }

    /**
     * Deletes a database. An instance that was made with it goes with the last database on it.
     *
     * @throws Failure.Conflict if a feature objects
     */
    public void deleteDatabase(ProjectId project, UUID database) {
        Database gone = transactions.in(project, connection -> {
            Database stored = stored(project, database);
            Instance instance = stored.instance();
            unopposed(instance, stored);
            stored.delete(clock.now());
            repository.write();
            audit.record(project, "database.delete", "database " + stored.name(), Map.of());
            deletions.fire(new Deletion(project, database));
            if (instance.name().equals(stored.name())
                    && repository.databasesOf(project, List.of(instance.id())).isEmpty()) {
                delete(instance);
            }
            return stored;
        });
        if (gone.instance().deletedAt() != null) {
            forget(gone.instance());
        }
    }

    private void forget(Instance instance) {
        fleet.addresses(instance).forEach(pools::forget);
        primaries.forget(instance.id());
        clusters.fire(ClusterSeen.changed(instance));
    }

    private void delete(Instance instance) throws SQLException {
        unopposed(instance, null);
        instance.delete(clock.now());
        repository.write();
        audit.record(instance.project(), "instance.delete", "instance " + instance.name(), Map.of());
        deletions.fire(new Deletion(instance.project(), instance.id()));
    }

    private void unopposed(Instance instance, @Nullable Database database) {
        for (DeletionGuard guard : guards) {
            guard.objection(instance, database).ifPresent(why -> {
                throw new Failure.Conflict(why, null);
            });
        }
    }

    private Database stored(ProjectId project, UUID database) throws SQLException {
        return repository
                .database(project, database)
                .orElseThrow(() -> new Failure.NotFound("There is no database " + database + "."));
    }

    private Instance added(ProjectId project, Name name, Server server) throws SQLException {
        Instance instance = new Instance(Ids.next(clock), project, name, server, clock.now());
        secret(instance, server.secret());
        add(instance, "There is already an instance " + name + ".", TAKEN_REMEDY);
        audit.record(project, "instance.create", "instance " + name, told(server));
        return instance;
    }

    private Database added(Instance on, NewDatabase asked, CheckReport report) throws SQLException {
        Database database = new Database(Ids.next(clock), on, asked, clock.now());
        database.checked(Checkup.json(report).toString(), report);
        add(
                database,
                "There is already a database " + asked.name() + ", or " + asked.dbname() + " on instance " + on.name()
                        + " is registered.",
                TAKEN_REMEDY);
        audit.record(
                on.project(),
                "database.create",
                "database " + asked.name(),
                Map.of("instance", on.name().value(), "dbname", asked.dbname()));
        return database;
    }

    /** What seals the password: a KMS that opens it may be slow, and is not to be asked within a transaction. */
    private void openKeys(ProjectId project, Server server) {
        if (server.secret() instanceof Secret.Text) {
            keyring.of(project);
        }
    }

    private void secret(Instance instance, @Nullable Secret secret) {
        if (secret instanceof Secret.Text text) {
            String sealed = keyring.of(instance.project()).seal(Fleet.secretOf(instance.id()), text.password());
            instance.password(sealed, null, null);
        } else if (secret instanceof Secret.File file) {
            instance.password(null, file.path(), null);
        } else if (secret instanceof Secret.Variable variable) {
            instance.password(null, null, variable.name());
        } else if (secret instanceof Secret.None) {
            instance.password(null, null, null);
        }
    }

    /** What the audit log keeps of a server: where it is, and whether its password was set anew. */
    private static Map<String, ?> told(Server server) {
        return Map.of(
                "host",
                server.host(),
                "port",
                server.port(),
                "members",
                server.members(),
                "user",
                server.user(),
                "tlsMode",
                server.tls().text(),
                "clientCertificate",
                server.clientCertificate() != null,
                "newLogin",
                server.secret() != null);
    }

    private void add(Object entity, String taken, String remedy) throws SQLException {
        try {
            repository.add(entity);
        } catch (SQLException e) {
            if ("23505".equals(e.getSQLState())) {
                throw new Failure.Conflict(taken, remedy);
            }
            throw e;
        }
    }
}
