package dev.nightshift.backup;

import dev.nightshift.backup.policy.Policies;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Watches over the age of every instance's newest proof: past the instance's policy it is a finding, past twice the policy
 * a critical one, until a backup is proven again. The goal of the backup policy that answers for an instance stands in for the
 * days that the instance has of its own. Every node watches; a finding is the same whoever reports it.
 */
@ApplicationScoped
class ProofAge {
    private static final System.Logger LOG = System.getLogger(ProofAge.class.getName());
    private static final Duration EVERY = Duration.ofMinutes(1);
    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    @Inject
    private Findings findings;

    @Inject
    private Policies policies;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    private Instant looked = Instant.EPOCH;

    /** What this node reported of each instance; empty where it found nothing to report. */
    private final Map<UUID, Said> said = new HashMap<>();

    /** What was reported by which days of whose: what another policy says is another finding's text. */
    private record Said(
            Optional<Severity> severity, int days, @Nullable Name policy) {}

    /**
     * How old the newest proof of an instance is.
     *
     * @param policyDays how old it may be; 0 where no proof is expected
     * @param policy the backup policy that says so; null where the instance itself does
     * @param provenAt null if no proof stands
     * @param takenAt of the newest backup; null if there is none
     * @param age of the proof, or of the instance's registration if no proof stands
     */
    record Age(
            ProjectId project,
            UUID instance,
            String name,
            int policyDays,
            @Nullable Name policy,
            @Nullable Instant provenAt,
            @Nullable Instant takenAt,
            Duration age) {
        /** The same, as a backup policy wants it; null for none. */
        Age under(Policies.@Nullable ProofGoal goal) {
            return goal == null
                    ? this
                    : new Age(project, instance, name, goal.days(), goal.policy(), provenAt, takenAt, age);
        }

        Optional<Severity> severity() {
            if (policyDays == 0) {
                return Optional.empty();
            }
            Duration policy = Duration.ofDays(policyDays);
            if (age.compareTo(policy.multipliedBy(2)) > 0) {
                return Optional.of(Severity.CRITICAL);
            }
            return age.compareTo(policy) > 0 ? Optional.of(Severity.WARNING) : Optional.empty();
        }
    }

    synchronized void look(@ObservesAsync Beat beat) {
        Instant now = clock.now();
        if (looked.plus(EVERY).isAfter(now)) {
            return;
        }
        looked = now;
        try {
            look();
        } catch (Failure e) {
            LOG.log(Level.WARNING, "The age of the proofs could not be looked at: {0}", e.getMessage());
        }
    }

    /** The first time it also closes what another node, or this one before it was started again, has reported. */
    synchronized void look() {
        Map<UUID, Policies.ProofGoal> goals = policies.proofGoals();
        List<Age> ages = transactions.installation(ProofAge::ages).stream()
                .map(each -> each.under(goals.get(each.instance())))
                .toList();
        for (Age each : ages) {
            Optional<Severity> severity = each.severity();
            Said before = said.get(each.instance());
            Said now = new Said(severity, each.policyDays(), each.policy());
            if (now.equals(before)
                    || (before != null
                            && severity.isEmpty()
                            && before.severity().isEmpty())) {
                continue;
            }
            severity.ifPresentOrElse(
                    found -> findings.restate(each.project(), report(each, found)),
                    () -> findings.close(each.project(), fingerprint(each)));
            said.put(each.instance(), now);
        }
        said.keySet().retainAll(ages.stream().map(Age::instance).toList());
    }

    private static String fingerprint(Age age) {
        return "proof.age:" + age.instance();
    }

    private static FindingReport report(Age age, Severity severity) {
        Name of = age.policy();
        String policy = "The policy " + (of == null ? "" : of + " ") + "is a proof every "
                + (age.policyDays() == 1 ? "day" : age.policyDays() + " days") + ".";
        String change = "or change the " + (of == null ? "instance's policy." : "policy " + of + ".");
        Instant provenAt = age.provenAt();
        Instant takenAt = age.takenAt();
        String proof = provenAt == null
                ? "No backup of it has been restored in a drill, or the last drill failed."
                : "Its newest proof is of " + MINUTE.format(provenAt) + ".";
        String backup = takenAt == null
                ? "There is no backup of it."
                : "Its newest backup is of " + MINUTE.format(takenAt) + ".";
        var evidence = Json.createObjectBuilder().add("policyDays", age.policyDays());
        if (of != null) {
            evidence.add("policy", of.value());
        }
        if (provenAt != null) {
            evidence.add("provenAt", provenAt.toString());
        }
        if (takenAt != null) {
            evidence.add("takenAt", takenAt.toString());
        }
        return new FindingReport(
                fingerprint(age),
                new Subject(Subject.Kind.INSTANCE, age.instance(), age.name()),
                severity,
                "Proof of " + age.name() + " is stale",
                String.join(" ", proof, backup, policy),
                takenAt == null
                        ? "Take a backup and start a restore drill, then schedule both; " + change
                        : "Start a restore drill and schedule it; " + change,
                evidence.build(),
                null);
    }

    /** Of all projects. */
    private static List<Age> ages(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                        "select project_id, instance_id, instance, policy_days, proven_at, taken_at,"
                                + " extract(epoch from age)::bigint from backup.proof_ages()");
                var rows = query.executeQuery()) {
            List<Age> ages = new ArrayList<>();
            while (rows.next()) {
                ages.add(new Age(
                        new ProjectId(rows.getObject(1, UUID.class)),
                        rows.getObject(2, UUID.class),
                        rows.getString(3),
                        rows.getInt(4),
                        null,
                        instant(rows.getTimestamp(5)),
                        instant(rows.getTimestamp(6)),
                        Duration.ofSeconds(rows.getLong(7))));
            }
            return ages;
        }
    }

    private static @Nullable Instant instant(@Nullable Timestamp at) {
        return at == null ? null : at.toInstant();
    }
}
