package dev.nightshift.backup;

import dev.nightshift.backup.RecoverySources.Stored;
import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.LogWalk;
import dev.nightshift.backup.read.Recovery;
import dev.nightshift.backup.read.RecoveryPlan;
import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlanner;
import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** From which backup, and by which log, an instance is recovered to a point. */
@ApplicationScoped
class PointRecovery {
    private static final System.Logger LOG = System.getLogger(PointRecovery.class.getName());

    /** For each the last segments are read: enough for the newest, and for the gaps that still matter. */
    private static final int MOST_TIMED = 4;

    @Inject
    private RecoverySources sources;

    /**
     * A backup, opened, with what is to be replayed behind it.
     *
     * @param notes why it or its log is not read where it would be first, and what is lacking there; a sentence each
     */
    record Chosen(Backup backup, BackupSources.Source source, Recovery recovery, List<String> notes) {
        BackupReader reader() {
            return source.reader();
        }
    }

    /**
     * A plan as it can be made without reading the log; the outcome is of the backup's manifest as far as one was chosen.
     *
     * @param store where the backup would be read; null without one
     * @param certain whether the outcome is known to stand when the log is read, unless that is damaged
     * @param held the archived log that it was made by
     */
    record Planned(
            RecoveryPlan.Outcome outcome,
            @Nullable Backup backup,
            @Nullable String store,
            boolean certain,
            ArchivedLogs.Held held) {
        /** A refusal says what the stores that were looked into lack of the log. */
        Planned {
            String lacks = held.lacks();
            if (lacks != null
                    && outcome instanceof RecoveryPlan.Refused refused
                    && refused.why() != RecoveryPlan.Why.NO_BACKUP
                    && refused.why() != RecoveryPlan.Why.BEFORE_THE_FIRST_BACKUP
                    && refused.why() != RecoveryPlan.Why.NOT_LISTED) {
                outcome = new RecoveryPlan.Refused(
                        refused.why(),
                        refused.reason() + " " + lacks,
                        refused.remedy()
                                + (held.unlisted().isEmpty()
                                        ? " The job copy copies more of the log."
                                        : " Check whether the store lists all that it holds."));
            }
        }
    }

    /**
     * Plans without reading the log, but for its last segments where a time may lie behind them.
     *
     * @param only the backup to start from; null for the newest that lies before the point
     * @param reading which stores its backup and the archived log may be read from
     */
    Planned plan(
            ProjectId project,
            UUID instance,
            @Nullable Backup only,
            RecoveryTarget target,
            BackupSources.Reading reading) {
        return plan(sources.of(project, instance, only, reading), only, target);
    }

    private Planned plan(Stored stored, @Nullable Backup only, RecoveryTarget target) {
        RecoveryPlan.Outcome outcome = stored.planner().plan(target, only == null ? null : only.id());
        if (!(outcome instanceof RecoveryPlan.Planned planned)) {
            return new Planned(outcome, null, null, true, stored.held());
        }
        Planned exact = exact(stored, planned.plan());
        return target.point() instanceof RecoveryTarget.Latest ? whole(stored, only, target, exact) : exact;
    }

    /** Nothing tells the end of a listing from the end of the log but the catalogue: what goes on there is not the latest yet. */
    private Planned whole(Stored stored, @Nullable Backup only, RecoveryTarget target, Planned planned) {
        Backup backup = planned.backup();
        if (backup == null || !(planned.outcome() instanceof RecoveryPlan.Planned listed)) {
            return planned;
        }
        if (target.timeline() == null) {
            Integer unknown = laterWithoutHistory(
                    stored.held().asCatalogued(), listed.plan().history().timeline());
            if (unknown != null) {
                return new Planned(withoutHistory(stored, unknown), backup, planned.store(), true, stored.held());
            }
        }
        if (stored.held().unlisted().isEmpty()) {
            return planned;
        }
        Candidate exact = Candidate.of(stored.open(backup).reader().manifest());
        RecoveryPlan.Outcome catalogued = stored.asCatalogued(exact).plan(target, only == null ? null : only.id());
        return catalogued instanceof RecoveryPlan.Planned further
                ? listed.plan()
                        .lackingOf(further.plan())
                        .map(missing -> new Planned(
                                notListed(stored, listed.plan(), further.plan(), missing),
                                backup,
                                planned.store(),
                                true,
                                stored.held()))
                        .orElse(planned)
                : planned;
    }

    /** A later timeline of which there is log and no history listed: that is stored before the log is. Null if there is none. */
    static @Nullable Integer laterWithoutHistory(ArchivedLog archive, int followed) {
        return archive.stretches().stream()
                .map(ArchivedLog.Stretch::timeline)
                .filter(timeline ->
                        timeline > followed && !archive.timelinesWithHistory().contains(timeline))
                .findFirst()
                .orElse(null);
    }

    private static RecoveryPlan.Refused withoutHistory(Stored stored, int timeline) {
        return new RecoveryPlan.Refused(
                RecoveryPlan.Why.NOT_LISTED,
                "The end of the stored log is not known: log of timeline " + timeline + " is stored, and the store "
                        + String.join(", ", stored.held().stores())
                        + " does not list its history, which says whether it comes of what would be restored.",
                "Check the store: whether its listing is late, and whether objects were deleted there. Name the timeline to restore"
                        + " to the latest of that one alone.");
    }

    private static RecoveryPlan.Refused notListed(
            Stored stored, RecoveryPlan listed, RecoveryPlan further, RecoveryPlan.Segment missing) {
        Lsn end = missing.start().plus(missing.bytes());
        String stores = stored.held().unlisted().stream()
                .filter(each -> each.stretch().timeline() == missing.timeline()
                        && each.stretch().from().compareTo(end) < 0
                        && each.stretch().to().compareTo(missing.start()) > 0)
                .map(UnlistedLog::store)
                .distinct()
                .collect(Collectors.joining(", "));
        return new RecoveryPlan.Refused(
                RecoveryPlan.Why.NOT_LISTED,
                "The end of the stored log is not known: by the catalogue it goes on to " + further.end()
                        + " of timeline " + further.history().timeline() + ", and the store " + stores
                        + " does not list " + (listed.bytesOf(missing) > 0 ? "all of " : "") + "the segment "
                        + missing.name(listed.segmentBytes()) + ", without which it ends at " + listed.end() + ".",
                "Check the store: whether its listing is late, and whether objects were deleted there. Without that segment,"
                        + " restore to a time or a position before its end.");
    }

    /** The same plan, by its backup's manifest. */
    private Planned exact(Stored stored, RecoveryPlan plan) {
        Backup backup = stored.of(plan.backup());
        BackupSources.Source source = stored.open(backup);
        Candidate exact = Candidate.of(source.reader().manifest());
        var target = new RecoveryTarget(plan.point(), plan.history().timeline());
        RecoveryPlan.Outcome outcome = stored.planner(exact).plan(target, exact.backup());
        if (!(outcome instanceof RecoveryPlan.Planned planned)) {
            return new Planned(outcome, backup, source.store(), true, stored.held());
        }
        if (plan.point() instanceof RecoveryTarget.Time time) {
            return timed(stored, planned.plan(), backup, time);
        }
        boolean certain =
                plan.point() instanceof RecoveryTarget.Latest || plan.point() instanceof RecoveryTarget.Position;
        return new Planned(outcome, backup, source.store(), certain, stored.held());
    }

    /** A time counts as reached where it is covered, or where a transaction that ended no earlier is in the log. */
    private Planned timed(Stored stored, RecoveryPlan plan, Backup backup, RecoveryTarget.Time time) {
        var reached = new RecoveryPlan.Planned(plan);
        String store = stored.open(backup).store();
        if (plan.covers(time.at()) || plan.isOwnEnd(time.at())) {
            return new Planned(reached, backup, store, plan.covers(time.at()), stored.held());
        }
        try {
            Instant last = tail(stored, plan).orElse(null);
            return last != null && !time.at().isAfter(last)
                    ? new Planned(reached, backup, store, true, stored.held())
                    : new Planned(plan.storedOnly(time, last), backup, store, true, stored.held());
        } catch (Failure.Unusable e) {
            throw e; // the store refuses: nothing is known of its log
        } catch (Failure.Fatal e) {
            // What is damaged at the end need not be in the way: reading will tell
            return new Planned(reached, backup, store, false, stored.held());
        }
    }

    private Optional<Instant> tail(Stored stored, RecoveryPlan plan) {
        return stored.open(stored.of(plan.backup()))
                .reader()
                .replayed(new Recovery(plan, stored.archive()))
                .lastTransaction();
    }

    /**
     * What can be recovered to without a gap.
     *
     * @param lastTransaction when the last one ended in it; null if that is not known
     */
    record Stretch(RecoveryPlanner.Range range, @Nullable Instant lastTransaction) {}

    /**
     * All that can be recovered to.
     *
     * @param archived whether log that was archived is joined: without, each backup has its own only
     * @param stretches in order
     * @param lacks as of {@link ArchivedLogs.Held}
     */
    record Window(
            boolean archived,
            List<Stretch> stretches,
            @Nullable String lacks) {}

    /** What can be recovered to by the newest timeline or this one. */
    Window window(ProjectId project, UUID instance, @Nullable Integer timeline, BackupSources.Reading reading) {
        Stored stored = sources.of(project, instance, null, reading);
        boolean archived = !stored.archive().stretches().isEmpty();
        if (stored.backups().isEmpty()) {
            return new Window(archived, List.of(), null);
        }
        List<RecoveryPlanner.Range> ranges = stored.planner().window(timeline);
        List<Stretch> stretches = new ArrayList<>();
        for (int at = 0; at < ranges.size(); at++) {
            RecoveryPlanner.Range range = ranges.get(at);
            boolean timed = at >= ranges.size() - MOST_TIMED;
            stretches.add(new Stretch(range, timed ? lastTransaction(stored, range.last()) : null));
        }
        return new Window(archived, stretches, stored.held().lacks());
    }

    /** A segment that is damaged, or in a store that is away, says no time; the restore will say more. */
    private @Nullable Instant lastTransaction(Stored stored, RecoveryPlan plan) {
        try {
            return tail(stored, plan).orElse(null);
        } catch (Failure e) {
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
     * @param reading which stores its backup and the archived log may be read from
     * @param progress told of what is being read; what it throws ends the reading
     * @throws Failure.Skippable if there is no backup, or no way to the point
     * @throws Failure.Fatal if what is needed cannot be read
     */
    Chosen choose(
            ProjectId project,
            UUID instance,
            @Nullable Backup only,
            RecoveryTarget target,
            BackupSources.Reading reading,
            BackupProgress progress) {
        Stored stored = sources.of(project, instance, only, reading);
        Chosen newest = chosen(stored, plan(stored, only, target));
        boolean searched = only == null
                && (target.point() instanceof RecoveryTarget.Transaction
                        || target.point() instanceof RecoveryTarget.Named);
        return searched ? search(stored, newest, progress) : newest;
    }

    /**
     * From the newest backup back; each only as far as the one that was searched before reaches.
     *
     * @throws Failure.Fatal the first that kept a part of the log from being looked through, if the point is not in the rest
     */
    private Chosen search(Stored stored, Chosen newest, BackupProgress progress) {
        Iterator<RecoveryPlan> earlier =
                stored.planner().earlier(newest.recovery().plan()).iterator();
        Chosen now = newest;
        Lsn searched = null;
        Failure.Fatal obstacle = null;
        // The oldest one's restore looks itself, and says what it misses: unless there is more to say
        while (earlier.hasNext() || obstacle != null) {
            try {
                if (isFound(now, searched, progress)) {
                    return now;
                }
            } catch (Failure.Unusable e) {
                throw e; // the store refuses: it says nothing of where the point is
            } catch (Failure.Fatal e) {
                obstacle = obstacle == null ? e : obstacle;
            }
            if (!earlier.hasNext()) {
                break;
            }
            searched = now.recovery().plan().backup().stop();
            now = chosen(stored, exact(stored, earlier.next()));
        }
        if (obstacle != null) {
            throw obstacle;
        }
        return now;
    }

    /** @throws Failure.Fatal if that cannot be told because log is missing or damaged */
    private static boolean isFound(Chosen chosen, @Nullable Lsn searched, BackupProgress progress) {
        RecoveryPlan plan = chosen.recovery().plan();
        RecoveryPlan bounded = searched == null ? plan : plan.upTo(searched);
        Recovery recovery = new Recovery(bounded, chosen.recovery().archive());
        progress.note("Looking for " + plan.point().words() + " in the log behind backup "
                + chosen.backup().id() + ".");
        LogWalk walk = chosen.reader().replayed(recovery).search(progress);
        if (walk.found()) {
            return walk.reached().compareTo(plan.backup().stop()) >= 0;
        }
        boolean cut = bounded.gap() != null || (walk.ended() == LogWalk.Ended.BROKEN && bounded.exact());
        if (cut && (searched == null || walk.reached().compareTo(searched) < 0)) {
            recovery.end(walk);
        }
        return false;
    }

    private static RecoveryPlan require(RecoveryPlan.Outcome outcome) {
        if (outcome instanceof RecoveryPlan.Refused refused) {
            if (refused.why() == RecoveryPlan.Why.NOT_LISTED) {
                // A listing that is late is whole in a moment; a drill of log that is lost has failed
                throw new Failure.Retryable(refused.reason(), refused.remedy(), null);
            }
            throw new Failure.Skippable(refused.reason(), refused.remedy(), null);
        }
        return ((RecoveryPlan.Planned) outcome).plan();
    }

    private Chosen chosen(Stored stored, Planned planned) {
        RecoveryPlan plan = require(planned.outcome());
        Backup backup = Objects.requireNonNull(planned.backup());
        BackupSources.Source source = stored.open(backup);
        List<String> notes = Stream.concat(
                        stored.notes().stream(), Stream.ofNullable(stored.held().lacks()))
                .toList();
        return new Chosen(backup, source, new Recovery(plan, stored.archive()), notes);
    }
}
