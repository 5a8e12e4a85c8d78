package dev.nightshift.job.schedule;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.jspecify.annotations.Nullable;

/** When a job runs by itself, on which databases. Its name never changes; deleting keeps the row for its runs' sake. */
@Entity
@Table(schema = "job", name = "schedule")
public class Schedule {
    @Id
    private UUID id;

    @Column(name = "project_id")
    private UUID projectId;

    private String name;
    private String job;
    private String cron;
    private String zone;
    private String[] databases;

    @Column(columnDefinition = "jsonb")
    @ColumnTransformer(read = "parameters::text", write = "?::jsonb")
    private String parameters;

    private boolean enabled;

    @Column(name = "next_fire")
    private @Nullable Instant nextFire;

    @Column(name = "created_at")
    private Instant createdAt;

    @Column(name = "deleted_at")
    private @Nullable Instant deletedAt;

    /** For the persistence provider. */
    @SuppressWarnings("NullAway.Init")
    protected Schedule() {}

    Schedule(UUID id, UUID projectId, String name, Instant createdAt) {
        this.id = id;
        this.projectId = projectId;
        this.name = name;
        this.createdAt = createdAt;
        this.job = "";
        this.cron = "";
        this.zone = "";
        this.databases = new String[0];
        this.parameters = "{}";
    }

    void plan(
            String newJob, Cron newCron, String[] newDatabases, String newParameters, boolean newEnabled, Instant now) {
        job = newJob;
        cron = newCron.expression();
        zone = newCron.zone().getId();
        databases = newDatabases.clone();
        parameters = newParameters;
        enabled = newEnabled;
        advance(now);
    }

    /** Sets the next fire after an instant; none while it is disabled. */
    void advance(Instant after) {
        nextFire = enabled ? Cron.of(cron, zone, after).next(after, 1).get(0) : null;
    }

    void disable() {
        enabled = false;
        nextFire = null;
    }

    void delete(Instant now) {
        deletedAt = now;
        disable();
    }

    public UUID id() {
        return id;
    }

    UUID projectId() {
        return projectId;
    }

    public String name() {
        return name;
    }

    public String job() {
        return job;
    }

    public String cron() {
        return cron;
    }

    public String zone() {
        return zone;
    }

    public String[] databases() {
        return databases.clone();
    }

    public String parameters() {
        return parameters;
    }

    public boolean enabled() {
        return enabled;
    }

    public @Nullable Instant nextFire() {
        return nextFire;
    }

    Instant createdAt() {
        return createdAt;
    }

    @Nullable
    Instant deletedAt() {
        return deletedAt;
    }
}
