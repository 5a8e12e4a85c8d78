package dev.nightshift.fleet;

import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Currency;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The isolation boundary: databases, keys, backups, runs and people's roles belong to exactly one project, and nothing
 * crosses it. Its name never changes.
 */
@Entity
@Table(schema = "fleet", name = "project")
public class Project {
    @Id
    private UUID id;

    @Column(updatable = false)
    private String name;

    @Column(name = "display_name")
    private String displayName;

    @Column(name = "time_zone")
    private String timeZone;

    private String currency;

    @Column(name = "created_at", updatable = false)
    private Instant createdAt;

    @Column(name = "deleted_at")
    private @Nullable Instant deletedAt;

    /** For JPA alone. */
    @SuppressWarnings("NullAway.Init")
    protected Project() {}

    Project(UUID id, NewProject asked, Instant at) {
        this.id = id;
        this.name = asked.name().value();
        this.displayName = asked.displayName();
        this.timeZone = asked.timeZone().getId();
        this.currency = asked.currency().getCurrencyCode();
        this.createdAt = at;
    }

    void delete(Instant at) {
        deletedAt = at;
    }

    void restore() {
        deletedAt = null;
    }

    public ProjectId id() {
        return new ProjectId(id);
    }

    public Name name() {
        return new Name(name);
    }

    public String displayName() {
        return displayName;
    }

    /** In which its people think of nights and days. */
    public ZoneId timeZone() {
        return ZoneId.of(timeZone);
    }

    /** In which its bills are written. */
    public Currency currency() {
        return Currency.getInstance(currency);
    }

    public Instant createdAt() {
        return createdAt;
    }

    /** When it was deleted; null while it lives. */
    public @Nullable Instant deletedAt() {
        return deletedAt;
    }

    @Override
    public String toString() {
        return "Project[" + name + "]";
    }
}
