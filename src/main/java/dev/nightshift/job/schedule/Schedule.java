package dev.nightshift.job.schedule;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.io.StringReader;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.annotations.ColumnTransformer;
import org.hibernate.annotations.DynamicUpdate;
import org.jspecify.annotations.Nullable;

/** When a job runs by itself, on which databases. Its name never changes; deleting keeps the row for its runs' sake. */
@Entity
@DynamicUpdate
@Table(schema = "job", name = "schedule")
public class Schedule {
    @Id
    private UUID id;

    @Column(name = "project_id")
    private UUID projectId;

    private String name;
    private String job;
    private @Nullable String cron;

    @Column(name = "after_job")
    private @Nullable String after;

    private String zone;
    private String[] databases;

    @Enumerated(EnumType.STRING)
    private Misfire misfire;

    @Enumerated(EnumType.STRING)
    private Overlap overlap;

    @Column(name = "except_days")
    private String[] except;

    @Column(columnDefinition = "jsonb")
    @ColumnTransformer(read = "parameters::text", write = "?::jsonb")
    private String parameters;

    private boolean enabled;

    @Column(name = "next_fire")
    private @Nullable Instant nextFire;

    @Column(name = "paused_since")
    private @Nullable Instant pausedSince;

    @Column(name = "paused_until")
    private @Nullable Instant pausedUntil;

    @Column(name = "paused_by")
    private @Nullable String pausedBy;

    @Column(name = "paused_why")
    private @Nullable String pausedWhy;

    private @Nullable String policy;

    @Column(name = "created_at")
    private Instant createdAt;

    @Column(name = "deleted_at")
    private @Nullable Instant deletedAt;

    /** For the persistence provider. */
    @SuppressWarnings("NullAway.Init")
    protected Schedule() {}

    /** @param policy the one that it belongs to; null for none */
    Schedule(UUID id, UUID projectId, String name, @Nullable String policy, Instant createdAt) {
        this.id = id;
        this.projectId = projectId;
        this.name = name;
        this.policy = policy;
        this.createdAt = createdAt;
        this.job = "";
        this.zone = "";
        this.databases = new String[0];
        this.parameters = "{}";
        this.misfire = Misfire.ONCE;
        this.overlap = Overlap.SKIP;
        this.except = new String[0];
    }

    /**
     * What it is from now on.
     *
     * @param times when it starts; null for after another job
     * @param newParameters as JSON, checked
     */
    void plan(Plan plan, @Nullable Cron times, String newParameters, Instant now) {
        // What is due and not fired yet stays due, unless it is for other times
        boolean sameTimes = Objects.equals(cron, times == null ? null : times.expression())
                && zone.equals(plan.zone())
                && enabled == plan.enabled();
        job = plan.job();
        cron = times == null ? null : times.expression();
        after = plan.after();
        zone = plan.zone();
        databases = plan.databases().toArray(String[]::new);
        parameters = newParameters;
        misfire = plan.misfire();
        overlap = plan.overlap();
        except = plan.except().toArray(String[]::new);
        enabled = plan.enabled();
        if (!sameTimes || nextFire == null) {
            advance(now);
        }
    }

    /** What it is. */
    Plan asPlan() {
        return new Plan(
                job, cron, after, zone, List.of(databases), parametersAsJson(), misfire, overlap, except(), enabled);
    }

    /** Sets the next fire after an instant; none while it is disabled, or where it follows a job. */
    void advance(Instant after) {
        nextFire = enabled ? times().flatMap(times -> times.next(after)).orElse(null) : null;
    }

    /** When it starts; empty where it follows a job. */
    Optional<Cron> times() {
        return Optional.ofNullable(cron).map(expression -> new Cron(expression, ZoneId.of(zone)));
    }

    void pause(Pause pause) {
        pausedSince = pause.since();
        pausedUntil = pause.until();
        pausedBy = pause.by();
        pausedWhy = pause.why();
    }

    /** The last one, over or not. */
    Optional<Pause> pause() {
        return pausedSince == null || pausedBy == null || pausedWhy == null
                ? Optional.empty()
                : Optional.of(new Pause(pausedSince, pausedUntil, pausedBy, pausedWhy));
    }

    /** By itself; the project and the fleet have pauses of their own. */
    public boolean isPausedAt(Instant time) {
        return pause().filter(pause -> pause.covers(time)).isPresent();
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

    /** The policy that it belongs to, which alone changes it; null for none. */
    public @Nullable String policy() {
        return policy;
    }

    /** Null where it follows a job. */
    public @Nullable String cron() {
        return cron;
    }

    /** The job whose end starts it; null where it has times. */
    public @Nullable String after() {
        return after;
    }

    Misfire misfire() {
        return misfire;
    }

    Overlap overlap() {
        return overlap;
    }

    List<String> except() {
        return List.of(except);
    }

    Fires.Exceptions exceptions() {
        return new Fires.Exceptions(except(), ZoneId.of(zone));
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

    JsonObject parametersAsJson() {
        try (var reader = Json.createReader(new StringReader(parameters))) {
            return reader.readObject();
        }
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
