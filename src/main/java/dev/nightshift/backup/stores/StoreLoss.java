package dev.nightshift.backup.stores;

import dev.nightshift.access.Caller;
import dev.nightshift.audit.Audit;
import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.deletion.DeletingAction;
import dev.nightshift.backup.deletion.DeletionRequests;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Declares stores lost. Where two people delete in a project that holds something there, that waits for the second one: as a request
 * of the first such project by name, which tells of that project alone. A store is the installation's, and others hold something there
 * too: its audit log has it in either case, and that of each project which does.
 */
@ApplicationScoped
class StoreLoss implements DeletingAction {
    private static final System.Logger LOG = System.getLogger(StoreLoss.class.getName());

    private static final String KIND = "store-loss";
    private static final String ACTION = "store.lost";
    private static final String STORE = "store";
    private static final String REASON = "reason";

    @Inject
    private Transactions transactions;

    @Inject
    private LostStores lost;

    @Inject
    private DeletionRequests requests;

    @Inject
    private Fleet fleet;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    void declare(String store, String reason) {
        if (!lost.all().containsKey(store)) {
            held(store).stream()
                    .map(held -> new ProjectId(held.project()))
                    .filter(requests::isOn)
                    .min(Comparator.comparing(
                            project -> fleet.project(project).name().value()))
                    .ifPresent(project -> requests.require(project, KIND, asked(store, reason)));
        }
        String by = caller.name();
        Map<String, Object> details = Map.of(REASON, reason);
        transactions.installation(connection -> {
            LostStores.declare(connection, store, by, reason);
            audit.record(null, ACTION, "store " + store, details);
            return true;
        });
        tell(store, details, null);
    }

    /** Each in a transaction of its own, as projects are apart; what is declared is so before. */
    private void tell(String store, Map<String, Object> details, @Nullable ProjectId told) {
        held(store).stream()
                .map(held -> new ProjectId(held.project()))
                .filter(project -> !project.equals(told))
                .forEach(project -> audit.record(project, ACTION, "store " + store, details));
    }

    private List<LostStores.Held> held(String store) {
        return transactions.installation(connection -> LostStores.held(connection, store));
    }

    private static JsonObject asked(String store, String reason) {
        return Json.createObjectBuilder().add(STORE, store).add(REASON, reason).build();
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String covers() {
        return "a store declared lost that holds something of the project";
    }

    @Override
    public boolean isOfInstallation() {
        return true;
    }

    @Override
    public Consequences measure(ProjectId project, JsonObject asked) {
        List<LostStores.Held> all = held(asked.getString(STORE));
        LostStores.Held own = all.stream()
                .filter(held -> held.project().equals(project.value()))
                .findFirst()
                .orElse(new LostStores.Held(project.value(), 0, 0, 0));
        return new Consequences(
                "Declare the store " + asked.getString(STORE) + " lost for good: " + asked.getString(REASON),
                List.of(),
                own.onlyThere() + own.logs(),
                List.of(
                        own.onlyThere() + " kept backups of this project lie in no other store and count as lost.",
                        own.elsewhere() + " lie in another store too; the copies here count no more.",
                        own.logs() + " archived logs of this project lie here alone.",
                        "Other projects may hold something there too: look at the store before you approve."));
    }

    @Override
    public void perform(ProjectId project, JsonObject asked, UUID request, Approval approved) {
        String store = asked.getString(STORE);
        String reason = asked.getString(REASON);
        Map<String, Object> details = Map.of(REASON, reason, "request", request);
        transactions.run(project, connection -> {
            LostStores.declare(connection, store, caller.name(), reason);
            audit.record(project, ACTION, "store " + store, details);
            approved.done("");
        });
        // A transaction of a project writes nothing of the installation's: after a crash here the project's log alone
        // has it
        try {
            audit.record(null, ACTION, "store " + store, details);
            tell(store, Map.of(REASON, reason), project);
        } catch (RuntimeException e) {
            // It is declared: whoever approved it must not hear that it was not
            LOG.log(Level.ERROR, "The loss of the store " + store + " is not in every audit log", e);
        }
    }
}
