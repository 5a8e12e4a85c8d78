package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.deletion.DeletingAction;
import dev.nightshift.backup.deletion.DeletionRequests;
import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.KeepsLess;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Scheduled;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.schedule.PolicySchedules;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import java.io.StringReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Adds, changes and deletes backup policies; where two people delete, what keeps less than before waits for the second one. */
@ApplicationScoped
class PolicyChanges implements DeletingAction {
    private static final String KIND = "policy";
    private static final String DO = "do";
    private static final String POLICY = "policy";
    private static final String BODY = "body";
    private static final Jsonb JSONB = JsonbBuilder.create();

    @Inject
    private Policies policies;

    @Inject
    private PolicyWork work;

    @Inject
    private PolicySchedules schedules;

    @Inject
    private GoingByRule going;

    @Inject
    private DeletionRequests requests;

    @Inject
    private Fleet fleet;

    @Inject
    private Transactions transactions;

    @Inject
    private Audit audit;

    @Inject
    private Clock clock;

    private enum Change {
        ADD,
        CHANGE,
        DELETE
    }

    /** That two people have to agree on what was just tried. */
    private static final class TakesTwo extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TakesTwo() {
            super(null, null, false, false);
        }
    }

    /** Adds one, and answers its name. */
    String add(ProjectId project, PolicyBody body) {
        Policy policy = body.create(clock);
        String name = policy.name().value();
        return alone(project, asked(Change.ADD, name, body), () -> {
            add(project, policy);
            return name;
        });
    }

    /** Changes the one of that name. */
    void change(ProjectId project, String name, PolicyBody body) {
        alone(project, asked(Change.CHANGE, name, body), () -> apply(project, name, body));
    }

    /** Deletes the one of that name, and answers for which servers it answered. */
    List<Answering.Server> delete(ProjectId project, String name) {
        return alone(project, asked(Change.DELETE, name, null), () -> remove(project, name));
    }

    /**
     * Does what one person may do alone, and asks for the rest. Judged by what came of it, while nobody else changes policies: two
     * changes of which neither keeps less than what was can together.
     */
    private <T> T alone(ProjectId project, JsonObject asked, Supplier<T> change) {
        try {
            return transactions.in(project, connection -> {
                policies.lock(project);
                List<Policy> before = policies.all(project);
                T done = change.get();
                if (requests.isOn(project) && takesTwo(project, before, policies.all(project))) {
                    throw new TakesTwo(); // and with it goes what was done
                }
                return done;
            });
        } catch (TakesTwo e) {
            requests.require(project, KIND, asked);
            return transactions.in(project, connection -> change.get()); // it was switched off meanwhile
        }
    }

    private boolean takesTwo(ProjectId project, List<Policy> before, List<Policy> after) {
        Map<Name, Policy> were = before.stream().collect(Collectors.toMap(Policy::name, Function.identity()));
        List<Answering.Server> servers = Answering.servers(fleet.databases(project));
        return after.size() < before.size()
                || after.stream().anyMatch(each -> KeepsLess.of(were.get(each.name()), each))
                || !KeepsLess.of(servers, Answering.of(before, servers), Answering.of(after, servers))
                        .isEmpty();
    }

    private static JsonObject asked(Change change, String name, @Nullable PolicyBody body) {
        var asked = Json.createObjectBuilder().add(DO, change.name()).add(POLICY, name);
        if (body != null) {
            try (var reader = Json.createReader(new StringReader(JSONB.toJson(body)))) {
                asked.add(BODY, reader.readObject());
            }
        }
        return asked.build();
    }

    private static PolicyBody body(JsonObject asked) {
        return JSONB.fromJson(asked.getJsonObject(BODY).toString(), PolicyBody.class);
    }

    private void add(ProjectId project, Policy policy) {
        transactions.run(project, connection -> {
            work.require(project, policy, null);
            policies.add(project, policy);
            work.plan(project, policy, null);
            audit(project, "policy.add", policy);
        });
    }

    private Policy apply(ProjectId project, String name, PolicyBody body) {
        return transactions.in(project, connection -> {
            var was = new AtomicReference<Policy>();
            Policy policy = policies.change(project, name, before -> {
                was.set(before);
                Policy after = body.over(before);
                work.require(project, after, before);
                return after;
            });
            work.plan(project, policy, was.get());
            audit(project, "policy.change", policy);
            return policy;
        });
    }

    private List<Answering.Server> remove(ProjectId project, String name) {
        return transactions.in(project, connection -> {
            Policy policy = policies.named(project, name);
            List<Answering.Server> servers = policies.answering(project).answered(policy);
            policies.delete(project, name);
            schedules.keepOnly(project, name, List.of());
            audit(project, "policy.delete", policy);
            return servers;
        });
    }

    private void audit(ProjectId project, String action, Policy policy) {
        audit.record(
                project,
                action,
                "policy " + policy.name(),
                Map.of(
                        "databases", policy.databases(),
                        "goals", policy.goals().toString(),
                        "keep", policy.keep().toString(),
                        "schedules",
                                policy.schedules().stream()
                                        .map(Scheduled::toString)
                                        .toList(),
                        "stores", policy.stores()));
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String covers() {
        return "a policy added that expires, changed so that less is kept of a server or expiry begins, or deleted";
    }

    @Override
    public Consequences measure(ProjectId project, JsonObject asked) {
        return consequences(project, asked, going.measured(project));
    }

    /**
     * As of when it was asked for: what two people agree on is a rule, and which backups it lets go on that day. That newer ones push
     * older ones out of a number is what the rule says, and no more than that.
     */
    @Override
    public Consequences judge(ProjectId project, JsonObject asked, Instant askedAt) {
        return consequences(project, asked, going.judged(project, askedAt));
    }

    private Consequences consequences(ProjectId project, JsonObject asked, GoingByRule.OfServer ofServer) {
        String name = asked.getString(POLICY);
        Answering before = policies.answering(project);
        Answering after;
        String title;
        switch (Change.valueOf(asked.getString(DO))) {
            case ADD -> {
                Policy policy = body(asked).create(clock);
                after = policies.answeringWith(project, policy);
                title = "Add the policy " + name + ", which keeps "
                        + policy.keep().words();
            }
            case CHANGE -> {
                Policy was = policies.named(project, name);
                Policy policy = body(asked).over(was);
                after = policies.answeringWith(project, policy);
                title = "Change the policy " + name + ", which keeps "
                        + was.keep().words() + ", to keep " + policy.keep().words();
            }
            default -> {
                Policy was = policies.named(project, name);
                after = policies.answeringWithout(project, was.name());
                title = "Delete the policy " + name + ", which keeps "
                        + was.keep().words();
            }
        }
        List<Answering.Server> servers = Answering.servers(fleet.databases(project));
        List<Consequences.OfServer> of = new ArrayList<>();
        for (Answering.Server server : KeepsLess.of(servers, before, after)) {
            Policy policy = after.policyOf(server.id()).orElseThrow();
            of.add(ofServer.apply(server, policy.keep()));
        }
        return new Consequences(
                title,
                of,
                0,
                List.of(
                        "The next expiry by policy deletes them, and later what grows too old, or what newer backups push"
                                + " out of a number."));
    }

    @Override
    public void perform(ProjectId project, JsonObject asked, UUID request, Approval approved) {
        String name = asked.getString(POLICY);
        transactions.run(project, connection -> {
            policies.lock(project);
            // Another change may have been made since it was judged
            approved.judge();
            switch (Change.valueOf(asked.getString(DO))) {
                case ADD -> add(project, body(asked).create(clock));
                case CHANGE -> apply(project, name, body(asked));
                case DELETE -> remove(project, name);
            }
            approved.done("");
        });
    }
}
