package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.Recovery;
import dev.nightshift.backup.read.RecoveryPlan;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.read.RestoreSize;
import dev.nightshift.backup.read.RestoreTimes;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How much a planned restore is, and how long it would take by what was measured here: never by a guess. */
@ApplicationScoped
class RestoreForecast {
    private static final System.Logger LOG = System.getLogger(RestoreForecast.class.getName());

    /** Backups whose sums are kept: some tens of bytes each. */
    private static final int KNOWN = 1000;

    /** Of a server's list: while it is read several times that is held, of what jobs of the same JVM need, too. */
    private static final long LONGEST_LIST = 48L << 20;

    /** For those that wait for another's: the lists of one chain are read at a time. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Map<UUID, RestoreSize.Listed> known = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<UUID, RestoreSize.Listed> eldest) {
            return size() > KNOWN;
        }
    });
    private final ReentrantLock reading = new ReentrantLock();

    @Inject
    private BackupSources sources;

    @Inject
    private Keyring keyring;

    @Inject
    private RestorePaceRepository paces;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /**
     * A part of the restore.
     *
     * @param measured what the estimate is from; null for no estimate
     */
    record Part(RestorePace.Part part, long bytes, @Nullable RestorePace measured) {
        @Nullable
        Long millis() {
            return measured == null ? null : measured.millisFor(bytes);
        }
    }

    /**
     * What is known before it begins.
     *
     * @param chain manifests of the backups, the full one first
     */
    record Forecast(List<Manifest> chain, RestoreSize size, List<Part> parts) {
        /** Null as long as a part was never measured. */
        @Nullable
        Long millis() {
            long sum = 0;
            for (Part part : parts) {
                Long millis = part.millis();
                if (millis == null) {
                    return null;
                }
                sum += millis;
            }
            return sum;
        }
    }

    /** By the lists of the chain, which are read once; empty where they cannot be, which the restore will say, or are too long. */
    Optional<Forecast> of(ProjectId project, PointRecovery.Planned planned, RecoveryPlan plan) {
        Backup backup = planned.backup();
        String store = planned.store();
        if (backup == null || store == null) {
            return Optional.empty();
        }
        try {
            BackupReader reader = sources.open(
                            project,
                            backup,
                            BackupSources.Reading.in(store, BackupSources.Reading.ANYWHERE),
                            keyring.of(project),
                            note -> {})
                    .reader();
            RestoreSize size = RestoreSize.of(
                    listed(reader),
                    reader.manifest(),
                    new Recovery(plan, planned.held().log()));
            Map<RestorePace.Part, RestorePace> measured =
                    transactions.in(project, connection -> paces.of(connection, backup.instanceId(), store));
            return Optional.of(new Forecast(reader.chain(), size, parts(plan, size, measured)));
        } catch (Failure e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "How much the restore of backup {0} is cannot be told: {1}",
                    backup.id(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    private RestoreSize.Listed listed(BackupReader reader) {
        UUID backup = reader.manifest().backup();
        RestoreSize.Listed before = known.get(backup);
        if (before != null) {
            return before;
        }
        for (Manifest each : reader.chain()) {
            long bytes = each.objects(StoredObject.Kind.SERVER_MANIFEST).stream()
                    .mapToLong(StoredObject::contentBytes)
                    .sum();
            if (bytes > LONGEST_LIST) {
                throw new Failure.Skippable(
                        "The server's list of the files of backup " + each.backup() + " has " + new Bytes(bytes)
                                + ", too many to add up for a plan.",
                        null,
                        null);
            }
        }
        if (!locked()) {
            throw new Failure.Retryable("Lists of other backups are being read.", "Ask again in a moment.", null);
        }
        try {
            RestoreSize.Listed meanwhile = known.get(backup);
            RestoreSize.Listed listed = meanwhile == null ? RestoreSize.Listed.of(reader) : meanwhile;
            known.put(backup, listed);
            return listed;
        } finally {
            reading.unlock();
        }
    }

    private boolean locked() {
        try {
            return reading.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static List<Part> parts(RecoveryPlan plan, RestoreSize size, Map<RestorePace.Part, RestorePace> measured) {
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(RestorePace.Part.FILES, size.read(), measured.get(RestorePace.Part.FILES)));
        if (plan.archivedBytes() > 0) {
            parts.add(new Part(RestorePace.Part.LOG, plan.archivedBytes(), measured.get(RestorePace.Part.LOG)));
        }
        Lsn to = plan.point() instanceof RecoveryTarget.Position position ? position.at() : plan.end();
        long replayed = Math.max(0, to.value() - plan.backup().start().value());
        parts.add(new Part(RestorePace.Part.REPLAY, replayed, measured.get(RestorePace.Part.REPLAY)));
        return parts;
    }

    /**
     * Keeps what a run measured.
     *
     * @param rto until the server answered; null if none was started
     * @param replayed bytes of log until then
     */
    void keep(
            TargetRun target,
            RestorePace.Kind kind,
            UUID instance,
            String store,
            RestoreTimes times,
            @Nullable Duration rto,
            long replayed) {
        Optional<RestorePace> files =
                times.files().map(part -> pace(target, RestorePace.Part.FILES, kind, store, part));
        Optional<RestorePace> log = times.log().map(part -> pace(target, RestorePace.Part.LOG, kind, store, part));
        Optional<RestorePace> replay = Optional.ofNullable(rto)
                .map(known -> new RestoreTimes.Part(replayed, known.minus(times.all())))
                .map(part -> pace(target, RestorePace.Part.REPLAY, kind, store, part));
        List<RestorePace> all =
                Stream.of(files, log, replay).flatMap(Optional::stream).toList();
        target.store(connection -> {
            for (RestorePace pace : all) {
                paces.put(connection, target.project(), instance, pace);
            }
        });
    }

    private RestorePace pace(
            TargetRun target, RestorePace.Part part, RestorePace.Kind kind, String store, RestoreTimes.Part measured) {
        return RestorePace.of(part, kind, target.runId(), store, clock.now(), measured);
    }
}
