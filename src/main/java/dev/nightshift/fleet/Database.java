package dev.nightshift.fleet;

import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.CheckReport;
import jakarta.persistence.Column;
import jakarta.persistence.Embedded;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/**
 * One database of an instance: what logical work aims at. Its name in Nightshift is unique within the project and never
 * changes; what the server calls it is {@link #dbname}.
 */
@Entity
// A check that ends while somebody changes or deletes the row must not write back what it read of the rest
@DynamicUpdate
@Table(schema = "fleet", name = "database")
public class Database {
    @Id
    private UUID id;

    @Column(name = "project_id", updatable = false)
    private UUID projectId;

    @ManyToOne(fetch = FetchType.EAGER, optional = false)
    @JoinColumn(name = "instance_id", updatable = false)
    private Instance instance;

    @Column(updatable = false)
    private String name;

    @Column(updatable = false)
    private String dbname;

    @JdbcTypeCode(SqlTypes.ARRAY)
    private String[] tags;

    @Embedded
    private VacuumSettings vacuum;

    @Column(name = "size_bytes")
    private @Nullable Long sizeBytes;

    @Column(name = "last_check", columnDefinition = "jsonb")
    @ColumnTransformer(read = "last_check::text", write = "cast(? as jsonb)")
    private @Nullable String lastCheck;

    @Column(name = "created_at", updatable = false)
    private Instant createdAt;

    @Column(name = "deleted_at")
    private @Nullable Instant deletedAt;

    /** For JPA alone. */
    @SuppressWarnings("NullAway.Init")
    protected Database() {}

    Database(UUID id, Instance instance, NewDatabase asked, Instant at) {
        this.id = id;
        this.projectId = instance.project().value();
        this.instance = instance;
        this.name = asked.name().value();
        this.dbname = asked.dbname();
        this.tags = asked.tags().toArray(String[]::new);
        this.vacuum = asked.vacuum();
        this.createdAt = at;
    }

    void change(List<String> newTags, VacuumSettings newVacuum) {
        tags = Checks.tags(newTags).toArray(String[]::new);
        vacuum = newVacuum;
    }

    void checked(String check, CheckReport report) {
        lastCheck = check;
        sizeBytes = report.databaseBytes() == null ? sizeBytes : report.databaseBytes();
    }

    void delete(Instant at) {
        deletedAt = at;
    }

    void restore() {
        deletedAt = null;
    }

    public UUID id() {
        return id;
    }

    public ProjectId project() {
        return new ProjectId(projectId);
    }

    public Instance instance() {
        return instance;
    }

    /** Its name in Nightshift, which never changes. */
    public Name name() {
        return new Name(name);
    }

    /** What the server calls it. */
    public String dbname() {
        return dbname;
    }

    public List<String> tags() {
        return List.of(tags);
    }

    public VacuumSettings vacuum() {
        return vacuum;
    }

    /** As the last check found it; null before the first. */
    public @Nullable Long sizeBytes() {
        return sizeBytes;
    }

    /** The last check's findings as JSON; null before the first. */
    public @Nullable String lastCheck() {
        return lastCheck;
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
        return "Database[" + name + ", " + dbname + " on " + instance.name() + "]";
    }
}
