package dev.nightshift.fleet;

import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.ClientCertificate;
import dev.nightshift.postgres.TlsMode;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server of a project, reached by host and port, or the cluster of such servers that it is a member of. It
 * belongs to no second project.
 */
@Entity
// A check that ends while somebody changes or deletes the row must not write back what it read of the rest
@DynamicUpdate
@Table(schema = "fleet", name = "instance")
public class Instance {
    @Id
    private UUID id;

    @Column(name = "project_id", updatable = false)
    private UUID projectId;

    @Column(updatable = false)
    private String name;

    private String host;
    private int port;

    @JdbcTypeCode(SqlTypes.ARRAY)
    private String[] members;

    private String username;

    @Column(name = "password_sealed")
    private @Nullable String passwordSealed;

    @Column(name = "password_file")
    private @Nullable String passwordFile;

    @Column(name = "password_variable")
    private @Nullable String passwordVariable;

    @Column(name = "tls_mode")
    private String tlsMode;

    @Column(name = "root_certificate")
    private @Nullable String rootCertificate;

    @Column(name = "client_certificate")
    private @Nullable String clientCertificate;

    @Column(name = "client_key")
    private @Nullable String clientKey;

    @Column(name = "maintenance_database")
    private String maintenanceDatabase;

    @Column(name = "server_version")
    private @Nullable String serverVersion;

    /** Written by fleet.claim_system_identifier alone, which knows what other projects hold. */
    @Column(name = "system_identifier", insertable = false, updatable = false)
    private @Nullable String systemIdentifier;

    @JdbcTypeCode(SqlTypes.ARRAY)
    private String[] tags;

    @Column(name = "proof_days")
    private int proofDays;

    @Column(name = "created_at", updatable = false)
    private Instant createdAt;

    @Column(name = "deleted_at")
    private @Nullable Instant deletedAt;

    /** For JPA alone. */
    @SuppressWarnings("NullAway.Init")
    protected Instance() {}

    @SuppressWarnings("NullAway.Init")
    Instance(UUID id, ProjectId project, Name name, Server server, Instant at) {
        this.id = id;
        this.projectId = project.value();
        this.name = name.value();
        this.createdAt = at;
        set(server);
    }

    /** All but the password. */
    void change(Server server) {
        set(server);
    }

    private void set(Server server) {
        host = server.host();
        port = server.port();
        members = server.members().toArray(String[]::new);
        username = server.user();
        tlsMode = server.tls().text();
        rootCertificate = text(server.rootCertificate());
        ClientCertificate certificate = server.clientCertificate();
        clientCertificate = certificate == null ? null : text(certificate.certificate());
        clientKey = certificate == null ? null : text(certificate.key());
        maintenanceDatabase = server.maintenanceDatabase();
        tags = server.tags().toArray(String[]::new);
        proofDays = server.proofDays();
    }

    /** At most one of them. */
    void password(@Nullable String sealed, @Nullable Path file, @Nullable String variable) {
        passwordSealed = sealed;
        passwordFile = text(file);
        passwordVariable = variable;
    }

    void runs(String version) {
        serverVersion = version;
    }

    void delete(Instant at) {
        deletedAt = at;
    }

    void restore() {
        deletedAt = null;
    }

    private static @Nullable String text(@Nullable Path path) {
        return path == null ? null : path.toString();
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }

    public UUID id() {
        return id;
    }

    public ProjectId project() {
        return new ProjectId(projectId);
    }

    /** Its name in Nightshift, which never changes. */
    public Name name() {
        return new Name(name);
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    /** Further servers of its cluster, as people enter them: each {@code host:port}, without a port where that is the same. */
    public List<String> members() {
        return List.of(members);
    }

    /** All servers of its cluster, its own host and port first. */
    List<Member> addresses() {
        return Member.all(host, port, members());
    }

    public String user() {
        return username;
    }

    @Nullable
    String passwordSealed() {
        return passwordSealed;
    }

    /** Whether a password is stored here. */
    public boolean hasPassword() {
        return passwordSealed != null;
    }

    /** The file that holds the password instead; null if none does. */
    public @Nullable Path passwordFile() {
        return path(passwordFile);
    }

    /** The variable of the server's environment that holds the password instead; null if none does. */
    public @Nullable String passwordVariable() {
        return passwordVariable;
    }

    public TlsMode tls() {
        return TlsMode.of(tlsMode);
    }

    public @Nullable Path rootCertificate() {
        return path(rootCertificate);
    }

    /** What it logs in with instead of a password, or beside it; null for none. */
    public @Nullable ClientCertificate clientCertificate() {
        return clientCertificate == null || clientKey == null
                ? null
                : new ClientCertificate(Path.of(clientCertificate), Path.of(clientKey));
    }

    /** The server's own name of the database to which work on the whole instance connects. */
    public String maintenanceDatabase() {
        return maintenanceDatabase;
    }

    /** As the last contact found it, like {@code 18.4}; null before the first. */
    public @Nullable String serverVersion() {
        return serverVersion;
    }

    /** What initdb gave the server, as unsigned decimal; null before the first contact. */
    public @Nullable String systemIdentifier() {
        return systemIdentifier;
    }

    public List<String> tags() {
        return List.of(tags);
    }

    /** How many days old its newest proof may be; 0 where none is expected. */
    public int proofDays() {
        return proofDays;
    }

    public Instant createdAt() {
        return createdAt;
    }

    /** When it was deleted; null while it is looked after. */
    public @Nullable Instant deletedAt() {
        return deletedAt;
    }

    @Override
    public String toString() {
        return "Instance[" + name + ", " + host + ":" + port + "]";
    }
}
