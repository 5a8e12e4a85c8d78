package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A store that is to lock what lies in it, and of which nobody could measure for long whether it does, is a finding of every project
 * whose backups or log lie there: after a day a warning, after a week a critical one, until it is measured again, whatever is found
 * then, which {@link LockWatch} tells. Every node watches; a finding is the same whoever reports it.
 */
@ApplicationScoped
class LockAge {
    private static final System.Logger LOG = System.getLogger(LockAge.class.getName());
    private static final Duration EVERY = Duration.ofMinutes(1);

    /** Each node has tried then about a hundred times. */
    private static final Duration WARNED = Duration.ofDays(1);

    /** The shortest lock that is worth one: what was stored before may be open to whoever deletes. */
    private static final Duration ALARMED = Duration.ofDays(7);

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    @Inject
    private Stores stores;

    @Inject
    private Findings findings;

    @Inject
    private Fleet fleet;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    private Instant looked = Instant.EPOCH;

    /** A finding may be open of each. */
    private record Concern(String store, ProjectId project) {}

    /** What this node said of each; empty where it found nothing to say. */
    private final Map<Concern, Optional<Severity>> said = new HashMap<>();

    synchronized void look(@ObservesAsync Beat beat) {
        Instant now = clock.now();
        if (looked.plus(EVERY).isAfter(now)) {
            return;
        }
        looked = now;
        try {
            look();
        } catch (Failure e) {
            LOG.log(Level.WARNING, "The age of the locks of stores could not be looked at: {0}", e.getMessage());
        }
    }

    /** The first time it also closes what another node, or this one before it was started again, has reported. */
    synchronized void look() {
        Set<Concern> seen = new HashSet<>();
        for (Stores.Locking each : stores.locking()) {
            Optional<Severity> severity = stores.isLost(each.store()) ? Optional.empty() : severity(each);
            List<ProjectId> projects =
                    transactions.installation(connection -> CopyRepository.projectsIn(connection, each.store()));
            for (ProjectId project : projects) {
                var concern = new Concern(each.store(), project);
                seen.add(concern);
                try {
                    look(concern, each, severity);
                } catch (Failure e) {
                    // One project, deleted meanwhile say, does not keep the others from knowing
                    LOG.log(
                            Level.WARNING,
                            "That the lock of the store {0} is not measured is not told to the project {1}: {2}",
                            each.store(),
                            project.value(),
                            e.getMessage());
                }
            }
        }
        said.keySet().retainAll(seen);
    }

    static Optional<Severity> severity(Stores.Locking locking) {
        if (locking.lockDays() == 0 || locking.age().compareTo(WARNED) <= 0) {
            return Optional.empty();
        }
        return Optional.of(locking.age().compareTo(ALARMED) > 0 ? Severity.CRITICAL : Severity.WARNING);
    }

    private void look(Concern concern, Stores.Locking locking, Optional<Severity> severity) {
        Optional<Severity> now = severity.filter(found -> holds(concern));
        if (now.equals(said.get(concern))) {
            return;
        }
        String fingerprint = "backup.lock-age:" + concern.store();
        now.ifPresentOrElse(
                found -> findings.restate(concern.project(), report(concern, fingerprint, locking, found)),
                () -> findings.close(concern.project(), fingerprint));
        said.put(concern, now);
    }

    private boolean holds(Concern concern) {
        return transactions.in(
                concern.project(),
                connection -> CopyRepository.holds(connection, concern.store())
                        || CopyRepository.holdsLog(connection, concern.store()));
    }

    private FindingReport report(Concern concern, String fingerprint, Stores.Locking locking, Severity severity) {
        ProjectId project = concern.project();
        return new FindingReport(
                fingerprint,
                new Subject(
                        Subject.Kind.PROJECT,
                        project.value(),
                        fleet.project(project).name().value()),
                severity,
                "The lock of the store " + locking.store() + " is not measured",
                "Since " + MINUTE.format(locking.measuredAt())
                        + " nobody could measure whether the bucket of the store "
                        + locking.store() + " locks what is stored in it; the store is defined with a lock of "
                        + locking.lockDays()
                        + " days. Whoever took the lock away since then may delete what is stored.",
                "Check the store: a step that fails says why. Let its login read the bucket's lock, at S3"
                        + " s3:GetBucketObjectLockConfiguration; or change the store's lockDays.",
                Json.createObjectBuilder()
                        .add("store", locking.store())
                        .add("wantedDays", locking.lockDays())
                        .add("measuredAt", locking.measuredAt().toString())
                        .build(),
                null);
    }
}
