package dev.nightshift.retention;

import dev.nightshift.fleet.Deletions;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Project;
import dev.nightshift.job.Beat;
import dev.nightshift.job.Run;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.tenancy.Expiring;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.lang.System.Logger.Level;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.Config;

/**
 * With the first heartbeat and then every hour: starts the job purge in each project, once a day; removes projects that can
 * be restored no more; forgets what belongs to no project. Every node does; what one has done, the next finds done.
 */
@ApplicationScoped
class Housekeeping {
    private static final System.Logger LOG = System.getLogger(Housekeeping.class.getName());
    private static final Duration EVERY = Duration.ofHours(1);

    /** The same hour each day: looks are an hour apart, and a few seconds. */
    private static final Duration BETWEEN_PURGES = Duration.ofMinutes(23 * 60 + 30);

    /** The batch runtime's rows are ours to read at most, when an error is looked into. */
    private static final Duration BATCH = Duration.ofDays(30);

    private static final int AT_ONCE = 1000;

    @Inject
    private Fleet fleet;

    @Inject
    private Deletions deletions;

    @Inject
    private Retentions retentions;

    @Inject
    private Runs runs;

    @Inject
    private Transactions transactions;

    @Inject
    private Config settings;

    @Inject
    private Clock clock;

    private final AtomicBoolean looking = new AtomicBoolean();
    private volatile Instant looked = Instant.EPOCH;

    void look(@ObservesAsync Beat beat) {
        if (!looking.compareAndSet(false, true)) {
            return;
        }
        try {
            Instant now = clock.now();
            if (!looked.plus(EVERY).isAfter(now)) {
                looked = now;
                look();
            }
        } finally {
            looking.set(false);
        }
    }

    void look() {
        for (Project project : fleet.projects()) {
            guarded("Project " + project.name() + " was not purged", () -> purge(project));
        }
        guarded("Deleted projects were not removed", deletions::removeForGood);
        Instant now = clock.now();
        guarded("Old audit entries of the installation stay", () -> forget("audit.forget", now.minus(auditDays())));
        guarded("Old rows of the batch runtime stay", () -> forget("batch.forget", now.minus(BATCH)));
        guarded(
                "Nodes that are no more stay",
                () -> transactions.installation(connection -> {
                    try (var query = connection.prepareStatement("select job.forget_nodes(?)")) {
                        query.setTimestamp(1, Timestamp.from(now.minus(BATCH)));
                        return query.execute();
                    }
                }));
        guarded(
                "Empty months of the log stay",
                () -> transactions.installation(connection -> {
                    try (var query = connection.prepareStatement("select job.drop_empty_log_partitions()")) {
                        return query.execute();
                    }
                }));
    }

    private static void guarded(String otherwise, Runnable work) {
        try {
            work.run();
        } catch (Failure e) {
            LOG.log(Level.WARNING, "{0}: {1}", otherwise, e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, otherwise, e);
        }
    }

    private void purge(Project project) {
        Instant now = clock.now();
        if (project.createdAt().plus(retentions.of(project.id()).shortest()).isAfter(now)) {
            return; // nothing in it is old enough
        }
        transactions.run(project.id(), connection -> {
            try (var lock = connection.prepareStatement("select pg_advisory_xact_lock(hashtextextended(?, 0))")) {
                lock.setString(1, "nightshift purge " + project.id());
                lock.execute();
            }
            boolean recently = runs.newest(project.id(), PurgeJob.PURGE, RunRequest.Trigger.RETENTION)
                    .map(Run::createdAt)
                    .filter(at -> at.plus(BETWEEN_PURGES).isAfter(now))
                    .isPresent();
            if (!recently) {
                runs.request(
                        project.id(),
                        new RunRequest(
                                PurgeJob.PURGE,
                                List.of(),
                                JsonValue.EMPTY_JSON_OBJECT,
                                RunRequest.Trigger.RETENTION,
                                "nightshift",
                                null,
                                null));
            }
        });
    }

    private Duration auditDays() {
        return Duration.ofDays(
                RetentionConfig.of(new TypedSettings(name -> settings.getOptionalValue(name, String.class)))
                        .auditDays());
    }

    private void forget(String function, Instant before) {
        long forgotten;
        do {
            forgotten = transactions.installation(connection -> Expiring.call(connection, function, before, AT_ONCE));
        } while (forgotten >= AT_ONCE);
    }
}
