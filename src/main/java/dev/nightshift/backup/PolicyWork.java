package dev.nightshift.backup;

import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Scheduled;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.Runs;
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
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What policies have done at times: their schedules, and on which databases these work. */
@ApplicationScoped
class PolicyWork implements PolicyAim {
    @Inject
    private Policies policies;

    @Inject
    private PolicySchedules schedules;

    @Inject
    private Stores stores;

    @Inject
    private Runs runs;

    /**
     * Lets pass the stores that a policy names. What it named before may be gone by now: that keeps nobody from changing the rest.
     *
     * @throws Failure.Invalid naming the one that there is not
     */
    void require(Policy policy, List<String> before) {
        for (int i = 0; i < policy.stores().size(); i++) {
            if (!before.contains(policy.stores().get(i))) {
                stores.require("stores[" + i + "]", policy.stores().get(i));
            }
        }
    }

    /**
     * Makes the policy's schedules what it says, and no others. In the caller's transaction.
     *
     * @throws Failure.Invalid naming the field of the policy
     * @throws Failure.Conflict if a schedule's name is another's, or there are too many
     */
    void plan(ProjectId project, Policy policy) {
        String name = policy.name().value();
        schedules.keepOnly(
                project,
                name,
                policy.schedules().stream().map(each -> each.schedule(policy)).toList());
        for (int i = 0; i < policy.schedules().size(); i++) {
            Scheduled each = policy.schedules().get(i);
            try {
                schedules.keep(project, name, new Name(each.schedule(policy)), plan(policy, each));
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

    private static JsonObject parameters(Policy policy, Scheduled scheduled) {
        var parameters = Json.createObjectBuilder();
        List<String> stores = policy.stores();
        switch (scheduled.work()) {
            case FULL, INCREMENTAL, DIFFERENTIAL, LOGICAL, SCHEMA, DATA -> {
                parameters.add(BackupJob.KIND, scheduled.work().word());
                if (!stores.isEmpty()) {
                    parameters.add(BackupJob.STORE, stores.get(0));
                }
                if (stores.size() > 1 && isPhysical(scheduled)) {
                    parameters.add(BackupJob.COPIES, String.join(", ", stores.subList(1, stores.size())));
                }
            }
            case DRILL_NEWEST -> parameters.add(DrillChoice.WHICH, DrillChoice.NEWEST);
            case DRILL_RANDOM -> parameters.add(DrillChoice.WHICH, DrillChoice.RANDOM);
            case DRILL_RANDOM_POINT -> parameters.add(DrillChoice.WHICH, DrillChoice.RANDOM_POINT);
            case EXPIRE -> parameters.add(ExpireJob.POLICY, true).add(ExpireJob.APPLY, true);
        }
        return parameters.build();
    }

    /** The others are copied by the job copy alone. */
    private static boolean isPhysical(Scheduled scheduled) {
        return switch (scheduled.work()) {
            case FULL, INCREMENTAL, DIFFERENTIAL -> true;
            default -> false;
        };
    }

    private static String field(int i, String field) {
        if (field.startsWith("databases")) {
            return field;
        }
        return switch (field) {
            case "parameters." + BackupJob.STORE -> "stores[0]";
            case "parameters." + BackupJob.COPIES -> "stores";
            default ->
                "schedules[" + i + "]."
                        + (field.equals("cron") || field.equals("zone") || field.startsWith("except[")
                                ? field
                                : "work");
        };
    }

    /** Databases of the servers that the policy answers for; the others are their own policy's business. */
    @Override
    public List<String> of(ProjectId project, String policy, List<String> named) {
        Answering answering = policies.answering(project);
        Policy of = policies.named(project, policy);
        List<Answering.Server> answered = answering.answered(of);
        if (answered.size() == answering.meant(of).size()) {
            return named;
        }
        Set<String> mine =
                answered.stream().flatMap(server -> server.databases().stream()).collect(Collectors.toSet());
        return runs.present(project, named).stream().filter(mine::contains).toList();
    }
}
