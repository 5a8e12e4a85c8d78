package dev.nightshift.backup;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What archiving has to report about an instance. */
@ApplicationScoped
class WalFindings {
    /** So many goals later it is no longer a warning. */
    private static final int CRITICAL_AFTER = 4;

    private static final String BEHIND = "wal.behind:";
    private static final String RETAINED = "wal.retained:";
    private static final String LOST = "wal.lost:";
    private static final String TAKEN_OVER = "wal.taken-over:";
    private static final String STRANGER = "wal.stranger:";

    /** After which a finding is told to be seen again, and one that another node left open is closed. */
    private static final Duration SAY_AGAIN = Duration.ofMinutes(5);

    /** What this node said last: null for nothing to report. */
    private final Map<String, Said> said = new ConcurrentHashMap<>();

    private record Said(@Nullable Severity severity, Instant at) {}

    @Inject
    private Findings findings;

    @Inject
    private WalRepository repository;

    @Inject
    private Transactions transactions;

    @Inject
    private Fleet fleet;

    @Inject
    private Clock clock;

    /** Log is missing: no restore comes past it, until there is a backup after it. */
    void gap(ProjectId project, UUID instance, String reason) {
        report(
                project,
                instance,
                "wal.gap:",
                Severity.CRITICAL,
                "The archived log of %s has a gap",
                "Log is missing because " + reason
                        + ". Backups from before restore up to the gap at most; nothing restores past it until there is a backup"
                        + " from after it.",
                "Take a backup now.",
                Json.createObjectBuilder().add("reason", reason).build());
    }

    /** A backup was taken: what is missing from before it is missed no more. */
    void bridged(ProjectId project, UUID instance, UUID backup) {
        transactions.run(project, connection -> {
            if (repository.continues(connection, instance, backup)) {
                findings.close(project, "wal.gap:" + instance);
            }
        });
    }

    /** What was missing has come after all. */
    void filled(ProjectId project, UUID instance) {
        findings.close(project, "wal.gap:" + instance);
    }

    /** The newest moment that is stored, held against the goal. */
    void covered(WalService service, @Nullable Instant to, Instant now) {
        Instant since = to == null ? service.chosenAt() : to;
        Duration age = Duration.between(since, now);
        if (age.compareTo(service.settings().rpoGoal()) <= 0) {
            fine(service, BEHIND);
            return;
        }
        boolean critical = age.compareTo(service.settings().rpoGoal().multipliedBy(CRITICAL_AFTER)) > 0;
        if (wasSaid(BEHIND + service.instance(), critical ? Severity.CRITICAL : Severity.WARNING)) {
            return;
        }
        String message = service.message();
        report(
                service.project(),
                service.instance(),
                BEHIND,
                critical ? Severity.CRITICAL : Severity.WARNING,
                "The log of %s is archived too late",
                (to == null
                                ? "Nothing of it is known to be stored."
                                : "All that the server acknowledged by " + to.truncatedTo(ChronoUnit.SECONDS)
                                        + " is stored; what came later would be lost with it.")
                        + " The goal is " + service.settings().rpoGoalSeconds() + " s."
                        + (message == null ? "" : " " + message),
                "Look at the server, the network and the store; archiving goes on by itself as soon as it can.",
                Json.createObjectBuilder()
                        .add("ageSeconds", age.toSeconds())
                        .add("goalSeconds", service.settings().rpoGoalSeconds())
                        .build());
    }

    /** What the server keeps for the slot, held against the limit. */
    void retained(WalService service, long bytes) {
        long limit = service.settings().retainedLimitBytes();
        if (bytes <= limit) {
            fine(service, RETAINED);
            return;
        }
        if (wasSaid(RETAINED + service.instance(), Severity.CRITICAL)) {
            return;
        }
        report(
                service.project(),
                service.instance(),
                RETAINED,
                Severity.CRITICAL,
                "%s keeps much log for its archive",
                "Its slot " + service.slot() + " holds " + new Bytes(bytes) + " of log; the limit is "
                        + new Bytes(limit) + ". A full disk stops the server.",
                "Look why archiving is behind. To free the space at once, switch archiving off: that drops the slot, and leaves"
                        + " a gap.",
                Json.createObjectBuilder()
                        .add("retainedBytes", bytes)
                        .add("limitBytes", limit)
                        .build());
    }

    /**
     * What the server keeps for the slot is nothing any more, by its own choice: known before archiving goes on, which alone can
     * tell whether log is missing.
     *
     * @param to the newest moment that is stored; null if nothing is known to be
     */
    void lost(WalService service, boolean lost, @Nullable Instant to) {
        if (!lost) {
            fine(service, LOST);
            return;
        }
        if (wasSaid(LOST + service.instance(), Severity.CRITICAL)) {
            return;
        }
        report(
                service.project(),
                service.instance(),
                LOST,
                Severity.CRITICAL,
                "%s gave up the slot of its archive",
                "The server keeps no log for its slot " + service.slot() + " any more: it held more than"
                        + " max_slot_wal_keep_size, or nobody came for longer than idle_replication_slot_timeout. "
                        + (to == null
                                ? "Nothing is known to be stored."
                                : "What was acknowledged after " + to.truncatedTo(ChronoUnit.SECONDS)
                                        + " may be missing from the archive.")
                        + " Whether it is turns out when archiving goes on.",
                "Look why archiving is behind. It goes on by itself, with a new slot; where log is missing, take a backup then.",
                Json.createObjectBuilder().add("slot", service.slot()).build());
    }

    /**
     * Somebody else's timeline is what the archive ends with.
     *
     * @param writes the timeline that the server is on, where it is before the archive's; null where it is not
     */
    void takenOver(WalService service, @Nullable Integer writes, int archived) {
        if (writes == null) {
            fine(service, TAKEN_OVER);
            return;
        }
        if (wasSaid(TAKEN_OVER + service.instance(), Severity.CRITICAL)) {
            return;
        }
        report(
                service.project(),
                service.instance(),
                TAKEN_OVER,
                Severity.CRITICAL,
                "The archived log of %s goes on with another server's",
                "The server writes timeline " + writes + ", and log of timeline " + archived
                        + " was pushed. A restore to the newest moment, and to any after the fork, follows that one.",
                "If a copy was promoted, set archive_mode = off there, register the server anew under another name, push under that"
                        + " name and take a backup. If the copy took the server's place, change the address to its.",
                Json.createObjectBuilder()
                        .add("timeline", writes)
                        .add("archivedTimeline", archived)
                        .build());
    }

    /** What another server pushed under the name of this one was refused. */
    void stranger(WalService service, String file, Failure why, Severity severity) {
        if (wasSaid(STRANGER + service.instance(), severity)) {
            return;
        }
        report(
                service.project(),
                service.instance(),
                STRANGER,
                severity,
                "Another server pushes its log as that of %s",
                file + " was refused. " + why.getMessage()
                        + " By what the server at the address says it does not push it itself.",
                "Set archive_mode = off on the other server, or declare its log as pushed under a name of its own. If it took this"
                        + " server's place, or the file was pushed by hand: "
                        + (why.remedy() == null ? "look which of the two is right." : why.remedy()),
                Json.createObjectBuilder().add("file", file).build());
    }

    /** None did for a while. */
    void noStranger(WalService service) {
        said.remove(STRANGER + service.instance());
        findings.close(service.project(), STRANGER + service.instance());
    }

    /** The slot was dropped so that the server lives on. */
    void givenUp(WalService service, String reason) {
        fine(service, RETAINED);
        fine(service, LOST);
        report(
                service.project(),
                service.instance(),
                "wal.given-up:",
                Severity.CRITICAL,
                "Archiving of %s was given up",
                reason,
                "Mend the cause, switch archiving on again, and take a backup.",
                Json.createObjectBuilder().add("at", clock.now().toString()).build());
    }

    /** Nothing is archived any more because people said so, or it begins anew: what was said of it is over. */
    void over(ProjectId project, UUID instance) {
        for (String kind : new String[] {BEHIND, RETAINED, LOST, TAKEN_OVER, STRANGER, "wal.given-up:"}) {
            said.remove(kind + instance);
            findings.close(project, kind + instance);
        }
    }

    private void fine(WalService service, String kind) {
        String fingerprint = kind + service.instance();
        if (!wasSaid(fingerprint, null)) {
            findings.close(service.project(), fingerprint);
        }
    }

    /** Every server is looked at every few seconds, and mostly nothing has changed: that asks nothing of the repository. */
    private boolean wasSaid(String fingerprint, @Nullable Severity severity) {
        Instant now = clock.now();
        Said before = said.get(fingerprint);
        if (before != null
                && before.severity() == severity
                && before.at().plus(SAY_AGAIN).isAfter(now)) {
            return true;
        }
        said.put(fingerprint, new Said(severity, now));
        return false;
    }

    private void report(
            ProjectId project,
            UUID instance,
            String kind,
            Severity severity,
            String title,
            String text,
            String remedy,
            JsonObject evidence) {
        String name = fleet.instance(project, instance).name().value();
        findings.report(
                project,
                new FindingReport(
                        kind + instance,
                        new Subject(Subject.Kind.INSTANCE, instance, name),
                        severity,
                        String.format(java.util.Locale.ROOT, title, name),
                        text,
                        remedy,
                        evidence,
                        null));
    }
}
