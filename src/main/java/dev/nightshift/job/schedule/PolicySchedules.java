package dev.nightshift.job.schedule;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Schedules that belong to a policy: made, changed and deleted with it, in its transaction. They are schedules like others, and
 * keep their runs and their pause while the policy keeps them.
 */
@ApplicationScoped
public class PolicySchedules {
    @Inject
    private Transactions transactions;

    @Inject
    private Schedules schedules;

    @Inject
    private Audit audit;

    /** All of the project that belong to a policy, by their names. */
    public Map<String, Schedules.Planned> all(ProjectId project) {
        return schedules.planned(project, schedule -> schedule.policy() != null).stream()
                .collect(Collectors.toMap(planned -> planned.schedule().name(), Function.identity()));
    }

    /**
     * Makes one of the policy's schedules what it is to be, whether or not there is one yet.
     *
     * @throws Failure.Conflict if the name is another schedule's, or there are too many
     * @throws Failure.Invalid naming a field of the plan
     */
    public void keep(ProjectId project, String policy, Name name, Plan plan) {
        transactions.run(project, connection -> {
            Schedule before = schedules.findForChange(project, name.value()).orElse(null);
            if (before == null) {
                schedules.add(project, name, policy, plan);
                record(project, "schedule.add", policy, name.value(), plan);
                return;
            }
            if (!policy.equals(before.policy())) {
                throw ScheduleRepository.nameTaken(name.value());
            }
            Plan was = before.asPlan();
            schedules.change(project, name.value(), policy, schedule -> plan);
            if (!was.equals(before.asPlan())) {
                record(project, "schedule.change", policy, name.value(), plan);
            }
        });
    }

    /** Deletes those of the policy that are not among these names. */
    public void keepOnly(ProjectId project, String policy, Collection<String> names) {
        transactions.run(project, connection -> {
            for (String name : schedules.namesOf(project, policy)) {
                if (!names.contains(name)) {
                    schedules.delete(project, name, policy);
                    audit.record(project, "schedule.delete", "schedule " + name, Map.of("policy", policy));
                }
            }
        });
    }

    private void record(ProjectId project, String action, String policy, String name, Plan plan) {
        Map<String, Object> details = new TreeMap<>(plan.details());
        details.put("policy", policy);
        audit.record(project, action, "schedule " + name, details);
    }
}
