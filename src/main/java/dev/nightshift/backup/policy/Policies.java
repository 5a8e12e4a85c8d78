package dev.nightshift.backup.policy;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** The policies of the projects. */
@ApplicationScoped
public class Policies {
    /** Far more than anybody tells apart; all of them are read to find the one that answers. */
    private static final int MOST = 200;

    @Inject
    private Transactions transactions;

    @Inject
    private PolicyRepository repository;

    @Inject
    private Fleet fleet;

    /** In the order of their names. */
    public List<Policy> all(ProjectId project) {
        return transactions.in(project, repository::all);
    }

    /**
     * The one of that name.
     *
     * @throws Failure.NotFound if there is none
     */
    public Policy named(ProjectId project, String name) {
        return all(project).stream()
                .filter(policy -> policy.name().value().equals(name))
                .findFirst()
                .orElseThrow(() -> new Failure.NotFound("There is no policy \"" + name + "\"."));
    }

    /** Projects whose goals are to be looked at: that have policies, or still findings about one that is gone. */
    public List<ProjectId> projects() {
        return transactions.installation(PolicyRepository::projects);
    }

    /** Which policy answers for which server, as things are. */
    public Answering answering(ProjectId project) {
        return Answering.of(all(project), servers(project));
    }

    /** The same, were this one there, in the place of the one of its name. */
    public Answering answeringWith(ProjectId project, Policy policy) {
        List<Policy> others = new ArrayList<>(all(project));
        others.removeIf(each -> each.name().equals(policy.name()));
        others.add(policy);
        return Answering.of(others, servers(project));
    }

    /** The same, were there none of this name. */
    public Answering answeringWithout(ProjectId project, Name name) {
        List<Policy> others = new ArrayList<>(all(project));
        others.removeIf(each -> each.name().equals(name));
        return Answering.of(others, servers(project));
    }

    private List<Answering.Server> servers(ProjectId project) {
        return Answering.servers(fleet.databases(project));
    }

    /**
     * The policy that says which backups of a server to keep.
     *
     * @throws Failure.Skippable if none says so
     */
    public Policy keeping(ProjectId project, UUID server) {
        Policy policy = answering(project)
                .policyOf(server)
                .orElseThrow(() -> new Failure.Skippable(
                        "No policy answers for this server, so nothing says which backups to keep.",
                        "Let a policy name it, or one of its tags.",
                        null));
        if (policy.keep().isEmpty()) {
            throw new Failure.Skippable(
                    "The policy " + policy.name() + ", which answers for this server, says not which backups to keep.",
                    "Give the policy a keep rule.",
                    null);
        }
        return policy;
    }

    /** How old the newest proof of a server may be by a policy, in days. */
    public record ProofGoal(Name policy, int days) {}

    /** Of the servers of every project for which a policy says so. */
    public Map<UUID, ProofGoal> proofGoals() {
        Map<UUID, ProofGoal> goals = new HashMap<>();
        for (ProjectId project : projects()) {
            Answering answering = answering(project);
            for (Policy policy : all(project)) {
                Integer wanted = policy.goals().proofDays();
                if (wanted != null) {
                    answering.answered(policy).stream()
                            .filter(server -> server.outside(policy, Goal.PROOF).isEmpty())
                            .forEach(server -> goals.put(server.id(), new ProofGoal(policy.name(), wanted)));
                }
            }
        }
        return goals;
    }

    /** Until the caller's transaction ends nobody else changes policies of the project. */
    public void lock(ProjectId project) {
        transactions.run(project, connection -> repository.lock(connection, project));
    }

    /**
     * Adds one.
     *
     * @throws Failure.Invalid if it names a database or tag that the project has not
     * @throws Failure.Conflict if its name is taken, or there are too many
     */
    public void add(ProjectId project, Policy policy) {
        requireKnown(project, policy, List.of());
        transactions.run(project, connection -> {
            repository.lock(connection, project);
            if (repository.all(connection).size() >= MOST) {
                throw new Failure.Conflict(
                        "This project has " + MOST + " policies, and no more are possible.",
                        "Let one policy answer for several databases, by name or by tag.");
            }
            repository.insert(connection, project, policy);
        });
    }

    /**
     * Changes the one of that name, and answers what it is now.
     *
     * @throws Failure.Invalid if it newly names a database or tag that the project has not
     */
    public Policy change(ProjectId project, String name, UnaryOperator<Policy> change) {
        return transactions.in(project, connection -> {
            repository.lock(connection, project);
            Policy before = named(project, name);
            Policy after = change.apply(before);
            requireKnown(project, after, before.databases());
            repository.update(connection, after);
            return after;
        });
    }

    /** Its goals are nobody's any more; the watch closes the findings about them. */
    public void delete(ProjectId project, String name) {
        transactions.run(project, connection -> {
            repository.lock(connection, project);
            repository.delete(connection, named(project, name));
        });
    }

    /** What it named before may be gone by now: that keeps nobody from changing the rest. */
    private void requireKnown(ProjectId project, Policy policy, List<String> before) {
        if (policy.isForAll()) {
            return;
        }
        List<Answering.Server> servers = servers(project);
        for (int i = 0; i < policy.databases().size(); i++) {
            String each = policy.databases().get(i);
            if (!before.contains(each) && servers.stream().noneMatch(server -> server.isMeantBy(each))) {
                throw new Failure.Invalid(
                        "databases[" + i + "]",
                        each.startsWith(Policy.TAG)
                                ? "No database of this project has the tag " + each.substring(Policy.TAG.length()) + "."
                                : "This project has no database of this name.");
            }
        }
    }
}
