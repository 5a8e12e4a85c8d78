package dev.nightshift.backup;

import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Scheduled;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.schedule.Misfire;
import dev.nightshift.job.schedule.Overlap;
import dev.nightshift.job.schedule.Plan;
import dev.nightshift.job.schedule.PolicyAim;
import dev.nightshift.job.schedule.PolicySchedules;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What policies have done at times: their schedules, and on which databases these work. */
@ApplicationScoped
class PolicyWork implements PolicyAim {
    @Inject
    private Policies policies;

    @Inject
    private PolicySchedules schedules;

    @Inject
    private Stores stores;

    /**
     * Lets pass the stores that a policy names, its drills' too, and keeps them until the caller's transaction ends. What it named
     * before may be gone by now: that keeps nobody from changing the rest.
     *
     * @param before what it was; null if it is new
     * @throws Failure.Invalid naming the one that there is not
     */
    void require(ProjectId project, Policy policy, @Nullable Policy before) {
        List<String> taken = before == null ? List.of() : before.stores();
        for (int i = 0; i < policy.stores().size(); i++) {
            if (!taken.contains(policy.stores().get(i))) {
                stores.hold(project, "stores[" + i + "]", policy.stores().get(i));
            }
        }
        List<String> read = before == null ? List.of() : read(before);
        for (int i = 0; i < policy.schedules().size(); i++) {
            String from = policy.schedules().get(i).from();
            if (from != null && !from.equals(Stores.EACH) && !read.contains(from)) {
                stores.hold(project, "schedules[" + i + "].from", from);
            }
        }
    }

    private static List<String> read(Policy policy) {
        return policy.schedules().stream()
                .flatMap(each -> Stream.ofNullable(each.from()))
                .toList();
    }

    /**
     * Makes the policy's schedules what it says, and no others. In the caller's transaction.
     *
     * @param before what it was; null if it is new. A line that stays as it was is let be, whatever became of its store
     * @throws Failure.Invalid naming the field of the policy
     * @throws Failure.Conflict if a schedule's name is another's, or there are too many
     */
    void plan(ProjectId project, Policy policy, @Nullable Policy before) {
        Map<String, Plan> were = before == null
                ? Map.of()
                : before.schedules().stream()
                        .collect(Collectors.toMap(each -> each.schedule(before), each -> plan(before, each)));
        String name = policy.name().value();
        schedules.keepOnly(
                project,
                name,
                policy.schedules().stream().map(each -> each.schedule(policy)).toList());
        for (int i = 0; i < policy.schedules().size(); i++) {
            Scheduled each = policy.schedules().get(i);
            try {
                String schedule = each.schedule(policy);
                schedules.keep(project, name, new Name(schedule), plan(policy, each), were.get(schedule));
            } catch (Failure.Invalid e) {
                throw new Failure.Invalid(field(i, String.valueOf(e.field())), e.getMessage());
            }
        }
    }

    private static Plan plan(Policy policy, Scheduled scheduled) {
        String job = switch (scheduled.work()) {
            case FULL, INCREMENTAL, DIFFERENTIAL, LOGICAL, SCHEMA, DATA -> "backup";
            case DRILL_NEWEST, DRILL_RANDOM, DRILL_RANDOM_POINT -> "restore-drill";
            case EXPIRE -> "expire";
        };
        return new Plan(
                job,
                scheduled.cron(),
                null,
                scheduled.zone(),
                policy.databases(),
                parameters(policy, scheduled),
                Misfire.ONCE,
                Overlap.SKIP,
                scheduled.except(),
                true);
    }

    static JsonObject parameters(Policy policy, Scheduled scheduled) {
        var parameters = Json.createObjectBuilder();
        List<String> stores = policy.stores();
        switch (scheduled.work()) {
            case FULL, INCREMENTAL, DIFFERENTIAL, LOGICAL, SCHEMA, DATA -> {
                parameters.add(BackupJob.KIND, scheduled.work().word());
                if (!stores.isEmpty()) {
                    parameters.add(BackupJob.STORE, stores.get(0));
                }
                if (stores.size() > 1) {
                    parameters.add(BackupJob.COPIES, String.join(", ", stores.subList(1, stores.size())));
                }
                if (scheduled.rateLimitKilobytesPerSecond() != null) {
                    parameters.add(RateParameter.NAME, scheduled.rateLimitKilobytesPerSecond());
                }
            }
            case DRILL_NEWEST -> drill(parameters, DrillChoice.NEWEST, scheduled);
            case DRILL_RANDOM -> drill(parameters, DrillChoice.RANDOM, scheduled);
            case DRILL_RANDOM_POINT -> drill(parameters, DrillChoice.RANDOM_POINT, scheduled);
            case EXPIRE ->
                parameters
                        .add(ExpireJob.POLICY, true)
                        .add(ExpireJob.OF, policy.name().value())
                        .add(ExpireJob.APPLY, true);
        }
        return parameters.build();
    }

    private static void drill(JsonObjectBuilder parameters, String which, Scheduled scheduled) {
        parameters.add(DrillChoice.WHICH, which);
        addIfSaid(parameters, PointParameters.FROM, scheduled.from());
        addIfSaid(parameters, DrillKit.KIT, scheduled.kit());
        addIfSaid(parameters, DrillKit.PASSPHRASE_FILE, scheduled.passphraseFile());
    }

    private static void addIfSaid(JsonObjectBuilder parameters, String name, @Nullable String value) {
        if (value != null) {
            parameters.add(name, value);
        }
    }

    /** Where the policy says what a field of one of its schedules is made from. */
    static String field(int i, String field) {
        if (field.startsWith("databases")) {
            return field;
        }
        return switch (field) {
            case "parameters." + BackupJob.STORE -> "stores[0]";
            case "parameters." + BackupJob.COPIES -> "stores";
            case "parameters." + PointParameters.FROM -> "schedules[" + i + "].from";
            case "parameters." + DrillKit.KIT -> "schedules[" + i + "].kit";
            case "parameters." + DrillKit.PASSPHRASE_FILE -> "schedules[" + i + "].passphraseFile";
            case "parameters." + RateParameter.NAME -> "schedules[" + i + "]." + RateParameter.NAME;
            default ->
                "schedules[" + i + "]."
                        + (field.equals("cron") || field.equals("zone") || field.startsWith("except[")
                                ? field
                                : "work");
        };
    }

    /** Whole servers: what a policy answers for, no other policy has done, also of databases that it does not name. */
    @Override
    public Aim of(ProjectId project, String policy) {
        Answering answering = policies.answering(project);
        Policy of = policies.named(project, policy);
        return new Aim(
                !answering.meant(of).isEmpty(),
                answering.answered(of).stream().map(Answering.Server::id).collect(Collectors.toSet()),
                answering.gone(of));
    }
}
