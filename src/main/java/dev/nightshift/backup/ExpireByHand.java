package dev.nightshift.backup;

import dev.nightshift.access.Caller;
import dev.nightshift.audit.Audit;
import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.deletion.DeletingAction;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Answering;
import dev.nightshift.backup.policy.Policies;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The job expire, told to delete by a person: approved, it is a run that lets nothing go but what was shown. */
@ApplicationScoped
class ExpireByHand implements DeletingAction {
    static final String KIND = "expire";
    private static final String DATABASES = "databases";
    private static final String PARAMETERS = "parameters";
    private static final int MOST_TOLD = 8;

    @Inject
    private Runs runs;

    @Inject
    private Fleet fleet;

    @Inject
    private Policies policies;

    @Inject
    private GoingByRule going;

    @Inject
    private Transactions transactions;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    static JsonObject asked(List<String> databases, Parameters parameters) {
        return Json.createObjectBuilder()
                .add(DATABASES, Json.createArrayBuilder(databases))
                .add(PARAMETERS, parameters.asJson())
                .build();
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String covers() {
        return "a run of expire that deletes, started by hand";
    }

    @Override
    public Consequences measure(ProjectId project, JsonObject asked) {
        return consequences(project, asked, going.measured(project));
    }

    /** As of now, and not of when it was asked for: what is due to go then is what the run is about. */
    @Override
    public Consequences judge(ProjectId project, JsonObject asked, Instant askedAt) {
        return consequences(project, asked, going.judged(project, null));
    }

    private Consequences consequences(ProjectId project, JsonObject asked, GoingByRule.OfServer ofServer) {
        List<String> databases = databases(asked);
        Parameters parameters = Parameters.stored(asked.getJsonObject(PARAMETERS));
        boolean byPolicy = parameters.flag(ExpireJob.POLICY);
        KeepRule own = ExpireJob.rule(parameters);
        Answering answering = policies.answering(project);
        List<Consequences.OfServer> servers = new ArrayList<>();
        for (Answering.Server server : Answering.servers(meant(project, databases))) {
            Optional<Policy> policy = answering
                    .policyOf(server.id())
                    .filter(each -> parameters.text(ExpireJob.OF).stream()
                            .allMatch(each.name().value()::equals));
            KeepRule rule = byPolicy ? policy.map(Policy::keep).orElse(KeepRule.NOTHING) : own;
            servers.add(
                    rule.isEmpty()
                            ? GoingByRule.nothing(server.name(), "No policy says which of its backups to keep.")
                            : ofServer.apply(server, rule));
        }
        return new Consequences(
                "Run expire on " + told(databases) + " and delete, keeping "
                        + (byPolicy ? "what the policies say" : own.words()),
                servers,
                0,
                List.of());
    }

    /** A title holds so many. */
    private static String told(List<String> databases) {
        int more = databases.size() - MOST_TOLD;
        return more <= 0
                ? String.join(", ", databases)
                : String.join(", ", databases.subList(0, MOST_TOLD)) + " and " + more + " more";
    }

    private List<Database> meant(ProjectId project, List<String> names) {
        return fleet.databases(project).stream()
                .filter(database -> names.contains("*")
                        || names.contains(database.name().value())
                        || database.tags().stream().anyMatch(tag -> names.contains(RunRequest.TAG + tag)))
                .toList();
    }

    @Override
    public void perform(ProjectId project, JsonObject asked, UUID request, Approval approved) {
        var run = new RunRequest(
                "expire",
                databases(asked),
                Json.createObjectBuilder(asked.getJsonObject(PARAMETERS))
                        .add(ExpireJob.REQUEST, request.toString())
                        .build(),
                caller.kind() == Caller.Kind.PERSON ? RunRequest.Trigger.PERSON : RunRequest.Trigger.KEY,
                caller.name(),
                null,
                null);
        transactions.run(project, connection -> {
            UUID queued = runs.request(project, run);
            audit.record(
                    project,
                    "run.start",
                    "run " + queued,
                    Map.of("job", run.job(), DATABASES, run.databases(), "deletionRequest", request));
            approved.done("Run " + queued + ".");
        });
    }

    private static List<String> databases(JsonObject asked) {
        return asked.getJsonArray(DATABASES).getValuesAs(JsonString.class).stream()
                .map(JsonString::getString)
                .toList();
    }
}
