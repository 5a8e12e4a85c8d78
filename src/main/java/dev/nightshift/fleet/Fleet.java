package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddress;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.kernel.Roots;
import dev.nightshift.postgres.Boundary;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The registered projects, instances and databases. What it returns was read in a transaction that has ended: changes go
 * through {@link Registration}. Deleted objects are not found.
 */
@ApplicationScoped
public class Fleet {
    private static final System.Logger LOG = System.getLogger(Fleet.class.getName());

    @Inject
    private Transactions transactions;

    @Inject
    private FleetRepository repository;

    @Inject
    private Keyring keyring;

    @Inject
    private Targets targets;

    @Inject
    private Primaries primaries;

    /** The project of that name, asked outside of every project's transaction. */
    public Optional<Project> projectNamed(Name name) {
        return transactions.installation(connection -> repository.projectNamed(name));
    }

    /**
     * The project of that id.
     *
     * @throws Failure.NotFound if there is none
     */
    public Project project(ProjectId id) {
        return transactions
                .in(id, connection -> repository.project(id.value()))
                .orElseThrow(() -> new Failure.NotFound("There is no project " + id + "."));
    }

    /** In the order of their names, asked outside of every project's transaction. */
    public List<Project> projects() {
        return transactions.installation(connection -> repository.projects());
    }

    /**
     * The instance of that id.
     *
     * @throws Failure.NotFound if there is none
     */
    public Instance instance(ProjectId project, UUID id) {
        return transactions
                .in(project, connection -> repository.instance(project, id))
                .orElseThrow(() -> new Failure.NotFound("There is no instance " + id + "."));
    }

    public Optional<Instance> instanceNamed(ProjectId project, Name name) {
        return transactions.in(project, connection -> repository.instanceNamed(project, name));
    }

    /** In the order of their names, which are the page's keys. */
    public Page<Instance> instances(ProjectId project, @Nullable String after, int size) {
        return Page.of(
                transactions.in(project, connection -> repository.instances(project, after, size + 1)),
                size,
                instance -> instance.name().value());
    }

    /**
     * The database of that id.
     *
     * @throws Failure.NotFound if there is none
     */
    public Database database(ProjectId project, UUID id) {
        return transactions
                .in(project, connection -> repository.database(project, id))
                .orElseThrow(() -> new Failure.NotFound("There is no database " + id + "."));
    }

    public Optional<Database> databaseNamed(ProjectId project, Name name) {
        return transactions.in(project, connection -> repository.databaseNamed(project, name));
    }

    /** All, in the order of their names. */
    public List<Database> databases(ProjectId project) {
        return transactions.in(project, connection -> repository.databases(project, null, Integer.MAX_VALUE));
    }

    /** In the order of their names, which are the page's keys. */
    public Page<Database> databases(ProjectId project, @Nullable String after, int size) {
        return Page.of(
                transactions.in(project, connection -> repository.databases(project, after, size + 1)),
                size,
                database -> database.name().value());
    }

    /** An instance's databases, in the order of their names. */
    public List<Database> databasesOf(ProjectId project, UUID instance) {
        return databasesOf(project, List.of(instance));
    }

    /** The databases of several instances, in the order of their names. */
    public List<Database> databasesOf(ProjectId project, List<UUID> instances) {
        return instances.isEmpty()
                ? List.of()
                : transactions.in(project, connection -> repository.databasesOf(project, instances));
    }

    /** How to reach an instance's maintenance database. */
    public Endpoint endpoint(ProjectId project, UUID instance) {
        Instance found = instance(project, instance);
        return endpoint(found, found.maintenanceDatabase());
    }

    /**
     * How to reach a database of an instance.
     *
     * @param dbname as the server calls it
     */
    public Endpoint endpoint(ProjectId project, UUID instance, String dbname) {
        return endpoint(instance(project, instance), dbname);
    }

    /** How to reach a database. */
    public Endpoint endpoint(Database database) {
        return endpoint(database.instance(), database.dbname());
    }

    /**
     * How to reach a database of an instance; the password is unsealed, or its file read, at each connect. Of an instance with
     * further members it is the one that is the primary now, which takes a question to them where the last is some seconds
     * old; where none is, the one that was it last, so that errors speak of it. Who works for long asks again.
     *
     * @param dbname as the server calls it
     */
    public Endpoint endpoint(Instance instance, String dbname) {
        Endpoint own = ownAddress(instance, dbname);
        return instance.members().isEmpty()
                ? own
                : primaries
                        .of(Primaries.Cluster.of(instance), own.withDatabase(instance.maintenanceDatabase()))
                        .at(own);
    }

    /**
     * How to reach the other servers of an instance than the one that is the primary now, as {@link #endpoint(Instance, String)}
     * answers it; none where it names no members.
     */
    public List<Endpoint> others(ProjectId project, UUID id) {
        Instance instance = instance(project, id);
        Endpoint primary = endpoint(instance, instance.maintenanceDatabase());
        return addresses(instance).stream()
                .filter(each -> !TargetPools.instance(each).equals(TargetPools.instance(primary)))
                .toList();
    }

    /** {@code host:port} of each server that an instance names; none if it is deleted. Nobody is asked. */
    public List<String> members(ProjectId project, UUID id) {
        return transactions
                .in(project, connection -> repository.instance(project, id))
                .map(instance ->
                        instance.addresses().stream().map(Member::toString).toList())
                .orElse(List.of());
    }

    /** {@code host:port} of the server that is worked on; nobody is asked for it. */
    String address(Instance instance) {
        return primaries.last(Primaries.Cluster.of(instance)).toString();
    }

    /** How to reach each server of an instance; nobody is asked. */
    List<Endpoint> addresses(Instance instance) {
        Endpoint own = ownAddress(instance, instance.maintenanceDatabase());
        return instance.addresses().stream().map(member -> member.at(own)).toList();
    }

    /** How to reach the host and port that an instance is entered with, whatever it is within its cluster. */
    Endpoint ownAddress(Instance instance, String dbname) {
        return new Endpoint(
                instance.host(),
                instance.port(),
                dbname,
                instance.user(),
                password(instance),
                instance.tls(),
                instance.rootCertificate(),
                targets.config().connectTimeout(),
                instance.clientCertificate(),
                targets.boundary());
    }

    /**
     * How to reach a server as it is entered, at its own host and port.
     *
     * @param stored whose password is used if none is entered; null if none is stored
     */
    Endpoint endpoint(Server server, @Nullable Instance stored, String dbname) {
        Secret secret = server.secret();
        Supplier<String> password = secret == null && stored != null ? password(stored) : null;
        if (secret instanceof Secret.Text text) {
            password = text::password;
        } else if (secret instanceof Secret.File file) {
            password = Secret.reading(file.path(), targets.boundary());
        } else if (secret instanceof Secret.Variable variable) {
            password = Secret.reading(variable);
        }
        return new Endpoint(
                server.host(),
                server.port(),
                dbname,
                server.user(),
                password,
                server.tls(),
                server.rootCertificate(),
                targets.config().connectTimeout(),
                server.clientCertificate(),
                targets.boundary());
    }

    /** Below which the files lie that people may name. */
    public Roots credentialRoots() {
        return targets.config().credentials();
    }

    /** What the installation allows every connection, to a database's server or to any other that people name. */
    public Boundary boundary() {
        return targets.boundary();
    }

    /**
     * Says at once what every connection would. A name may lead elsewhere by then, so each of them looks again.
     *
     * @throws Failure.Invalid if the installation forbids the address
     */
    void refuseForbidden(Server server) {
        List<Member> members = server.addresses();
        for (int i = 0; i < members.size(); i++) {
            refuseForbidden(
                    i == 0 ? "host" : Member.field(i - 1), members.get(i).host());
        }
    }

    private void refuseForbidden(String field, String host) {
        try {
            targets.boundary().forbidden().check(host, InetAddress.getByName(host));
        } catch (ForbiddenAddress e) {
            throw new Failure.Invalid(field, "Not allowed: " + e.getMessage() + ". " + ForbiddenAddress.REMEDY);
        } catch (UnknownHostException e) {
            LOG.log(System.Logger.Level.DEBUG, "The host name {0} is not known (yet)", host);
        }
    }

    private @Nullable Supplier<String> password(Instance instance) {
        if (instance.passwordFile() != null) {
            return Secret.reading(instance.passwordFile(), targets.boundary());
        }
        if (instance.passwordVariable() != null) {
            return Secret.reading(new Secret.Variable(instance.passwordVariable()));
        }
        String sealed = instance.passwordSealed();
        if (sealed == null) {
            return null;
        }
        // Opened now: a connection pool's threads, which ask for the password later, must not wait for the repository
        ProjectKeys keys = keyring.of(instance.project());
        return () -> keys.unseal(secretOf(instance.id()), sealed);
    }

    /** Under which name an instance's password is sealed. Never change it. */
    static String secretOf(UUID instance) {
        return "instance:" + instance + ":password";
    }
}
