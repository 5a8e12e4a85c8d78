package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.LogWalk;
import dev.nightshift.backup.read.Recovery;
import dev.nightshift.backup.read.RecoveryPlan;
import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlanner;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** From which backup, and by which log, an instance is recovered to a point. */
@ApplicationScoped
class PointRecovery {
    private static final System.Logger LOG = System.getLogger(PointRecovery.class.getName());

    /** For each the last segments are read: enough for the newest, and for the gaps that still matter. */
    private static final int MOST_TIMED = 4;

    /** Of a server that says nothing else. */
    private static final int SEGMENT = 16 << 20;

    @Inject
    private Backups backups;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private ArchivedLogs archives;

    /** What is stored of an instance. */
    private record Stored(List<Backup> backups, ArchivedLog archive, ProjectKeys keys) {
        RecoveryPlanner planner(List<Candidate> candidates) {
            return new RecoveryPlanner(candidates, archive);
        }

        Backup of(Candidate candidate) {
            return backups.stream()
                    .filter(backup -> backup.id().equals(candidate.backup()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** A backup, opened, with what is to be replayed behind it. */
    record Chosen(Backup backup, BackupReader reader, Recovery recovery) {}

    /** A plan as it can be made without reading any log; the outcome is of the backup's manifest as far as one was chosen. */
    record Planned(RecoveryPlan.Outcome outcome, @Nullable Backup backup) {}

    /**
     * Plans without reading any log.
     *
     * @param only the backup to start from; null for the newest that lies before the point
     */
    Planned plan(ProjectId project, UUID instance, @Nullable Backup only, RecoveryTarget target) {
        Stored stored = stored(project, instance, only);
        List<Candidate> candidates = candidates(stored);
        RecoveryPlan.Outcome outcome = stored.planner(candidates).plan(target);
        if (!(outcome instanceof RecoveryPlan.Planned planned)) {
            return new Planned(outcome, null);
        }
        Backup backup = stored.of(planned.plan().backup());
        Candidate exact = Candidate.of(open(stored, backup).manifest());
        return new Planned(
                stored.planner(List.of(exact))
                        .plan(new RecoveryTarget(
                                target.point(), planned.plan().history().timeline())),
                backup);
    }

    /**
     * What can be recovered to without a gap.
     *
     * @param lastTransaction when the last one ended in it; null if that is not known
     */
    record Stretch(RecoveryPlanner.Range range, @Nullable Instant lastTransaction) {}

    /** All that can be recovered to, in order, by the newest timeline or this one. */
    List<Stretch> window(ProjectId project, UUID instance, @Nullable Integer timeline) {
        Stored stored = stored(project, instance, null);
        if (stored.backups().isEmpty()) {
            return List.of();
        }
        List<RecoveryPlanner.Range> ranges = stored.planner(candidates(stored)).window(timeline);
        List<Stretch> stretches = new ArrayList<>();
        for (int at = 0; at < ranges.size(); at++) {
            RecoveryPlanner.Range range = ranges.get(at);
            boolean timed = at >= ranges.size() - MOST_TIMED;
            stretches.add(new Stretch(range, timed ? lastTransaction(stored, range.last()) : null));
        }
        return stretches;
    }

    /** A segment that is damaged says no time; the restore will say more. */
    private @Nullable Instant lastTransaction(Stored stored, RecoveryPlan plan) {
        try {
            return open(stored, stored.of(plan.backup()))
                    .replayed(new Recovery(plan, stored.archive()))
                    .lastTransaction()
                    .orElse(null);
        } catch (Failure.Fatal e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The end of the log behind backup {0} cannot be read: {1}",
                    plan.backup().backup(),
                    e.getMessage());
            return null;
        }
    }

    /**
     * Plans, and finds the backup behind which a transaction or a name is in the log: for these the log is read.
     *
     * @param progress told of what is being read; what it throws ends the reading
     * @throws Failure.Skippable if there is no backup, or no way to the point
     * @throws Failure.Fatal if what is needed cannot be read
     */
    Chosen choose(
            ProjectId project, UUID instance, @Nullable Backup only, RecoveryTarget target, BackupProgress progress) {
        Planned planned = plan(project, instance, only, target);
        RecoveryPlan plan = require(planned.outcome());
        Stored stored = stored(project, instance, only);
        Chosen newest = chosen(stored, Objects.requireNonNull(planned.backup()), plan);
        boolean searched = only == null
                && (target.point() instanceof RecoveryTarget.Transaction
                        || target.point() instanceof RecoveryTarget.Named);
        return searched ? search(stored, newest, progress) : newest;
    }

    /** From the newest backup back; each only as far as the one that was searched before reaches. */
    private Chosen search(Stored stored, Chosen newest, BackupProgress progress) {
        Chosen now = newest;
        Lsn searched = null;
        for (RecoveryPlan plan :
                stored.planner(candidates(stored)).earlier(newest.recovery().plan())) {
            if (isFound(now, searched, progress)) {
                return now;
            }
            searched = now.recovery().plan().backup().stop();
            Backup backup = stored.of(plan.backup());
            RecoveryTarget target =
                    new RecoveryTarget(plan.point(), plan.history().timeline());
            Candidate exact = Candidate.of(open(stored, backup).manifest());
            RecoveryPlan.Outcome outcome = stored.planner(List.of(exact)).plan(target);
            now = chosen(stored, backup, require(outcome));
        }
        // The oldest one's restore looks itself, and says what it misses
        return now;
    }

    private static boolean isFound(Chosen chosen, @Nullable Lsn searched, BackupProgress progress) {
        RecoveryPlan plan = chosen.recovery().plan();
        RecoveryPlan bounded = searched == null ? plan : plan.upTo(searched);
        progress.note("Looking for " + plan.point().words() + " in the log behind backup "
                + chosen.backup().id() + ".");
        LogWalk walk = chosen.reader()
                .replayed(new Recovery(bounded, chosen.recovery().archive()))
                .search(progress);
        return walk.found() && walk.reached().compareTo(plan.backup().stop()) >= 0;
    }

    private static RecoveryPlan require(RecoveryPlan.Outcome outcome) {
        if (outcome instanceof RecoveryPlan.Refused refused) {
            throw new Failure.Skippable(refused.reason(), refused.remedy(), null);
        }
        return ((RecoveryPlan.Planned) outcome).plan();
    }

    private Chosen chosen(Stored stored, Backup backup, RecoveryPlan plan) {
        return new Chosen(backup, open(stored, backup), new Recovery(plan, stored.archive()));
    }

    private BackupReader open(Stored stored, Backup backup) {
        return BackupReader.open(stores.of(backup.store()), backup.location(), stored.keys());
    }

    /** Of the cluster of the newest one: an instance's address may have held another before. */
    private Stored stored(ProjectId project, UUID instance, @Nullable Backup only) {
        List<Backup> all = only == null ? backups.restorable(project, instance) : List.of(only);
        ProjectKeys keys = keyring.of(project);
        if (all.isEmpty()) {
            return new Stored(List.of(), ArchivedLog.none(SEGMENT), keys);
        }
        Backup newest = all.get(0);
        Optional<ArchivedLog> archive = archives.of(project, instance, newest.systemIdentifier(), keys);
        return new Stored(
                all.stream()
                        .filter(backup -> backup.systemIdentifier().equals(newest.systemIdentifier()))
                        .toList(),
                archive.orElseGet(
                        () -> ArchivedLog.none(BackupReader.open(stores.of(newest.store()), newest.location(), keys)
                                .manifest()
                                .source()
                                .walSegmentBytes())),
                keys);
    }

    /** As the catalogue knows them: that the last segment is whole is for the manifest of the chosen one to say. */
    private static List<Candidate> candidates(Stored stored) {
        List<Candidate> candidates = new ArrayList<>();
        for (Backup backup : stored.backups()) {
            Lsn expected = Lsn.parse(backup.recoveryLsn());
            candidates.add(new Candidate(
                    backup.id(),
                    backup.systemIdentifier(),
                    backup.timeline(),
                    Lsn.parse(backup.startLsn()),
                    Lsn.parse(backup.stopLsn()),
                    expected,
                    expected.segmentEnd(stored.archive().segmentBytes()),
                    backup.endedAt()));
        }
        return candidates;
    }
}
