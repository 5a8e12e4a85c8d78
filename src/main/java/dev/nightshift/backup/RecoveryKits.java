package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.NewProject;
import dev.nightshift.fleet.Project;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.ExportedKeys;
import dev.nightshift.vault.KeyChanges;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import dev.nightshift.vault.RecoveryKit;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.time.ZoneId;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Recovery kits: what a project needs to come back from its stores alone. */
@ApplicationScoped
class RecoveryKits {
    private static final String SERVERS = "servers";
    private static final String STORES = "stores";

    @Inject
    private Transactions transactions;

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    @Inject
    private Registration registration;

    @Inject
    private Stores stores;

    @Inject
    private ProjectKeyRepository repository;

    @Inject
    private KeyChanges changes;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /**
     * The kit's text.
     *
     * @throws Failure.Invalid if the passphrase is too short or too long
     */
    String make(ProjectId id, String passphrase) {
        ProjectKeys keys = keyring.of(id);
        Project project = fleet.project(id);
        var content = new RecoveryKit.Content(keys.export(), keys.keyId(), about(project));
        String kit = RecoveryKit.seal(content, project.name().value(), clock.now(), passphrase);
        keyring.exported(id, keys.ids());
        audit.record(id, "recovery-kit.make", "project " + project.name(), Map.of("keys", keys.ids()));
        live.changed(id, "backup", id.value());
        return kit;
    }

    private JsonObject about(Project project) {
        JsonArrayBuilder servers = Json.createArrayBuilder();
        @Nullable String after = null;
        do {
            Page<Instance> page = fleet.instances(project.id(), after, Page.MAX);
            page.items().forEach(instance -> servers.add(server(instance)));
            after = page.next();
        } while (after != null);
        Set<String> used = transactions.in(project.id(), connection -> repository.stores(connection, project.id()));
        JsonArrayBuilder places = Json.createArrayBuilder();
        stores.places().stream()
                .filter(place -> used.contains(place.name()))
                .forEach(place -> places.add(Json.createObjectBuilder()
                        .add("name", place.name())
                        .add("kind", place.kind())
                        .add("place", place.place())));
        return Json.createObjectBuilder()
                .add(
                        "project",
                        Json.createObjectBuilder()
                                .add("name", project.name().value())
                                .add("displayName", project.displayName())
                                .add("timeZone", project.timeZone().getId())
                                .add("currency", project.currency().getCurrencyCode()))
                .add(
                        "storedForm",
                        Json.createArrayBuilder(
                                List.of(Manifest.FULL_VERSION, Manifest.PARENT_VERSION, Manifest.DUMP_VERSION)))
                .add(SERVERS, servers)
                .add(STORES, places)
                .build();
    }

    private JsonObjectBuilder server(Instance instance) {
        JsonArrayBuilder databases = Json.createArrayBuilder();
        fleet.databasesOf(instance.project(), instance.id())
                .forEach(database -> databases.add(Json.createObjectBuilder()
                        .add("name", database.name().value())
                        .add("dbname", database.dbname())));
        JsonObjectBuilder server = Json.createObjectBuilder()
                .add("id", instance.id().toString())
                .add("name", instance.name().value())
                .add("host", instance.host())
                .add("port", instance.port())
                .add("members", Json.createArrayBuilder(instance.members()))
                .add("databases", databases);
        if (instance.systemIdentifier() != null) {
            server.add("systemIdentifier", instance.systemIdentifier());
        }
        return server;
    }

    /**
     * Takes over a kit's keys.
     *
     * @param name of the project, if it has to be made; null for the kit's
     * @throws Failure.Invalid if the passphrase is wrong, or the kit is damaged
     * @throws Failure.Conflict if the name is taken
     */
    RecoveryKitImportResource.ImportedView take(String text, String passphrase, @Nullable Name name) {
        RecoveryKit.Content content = opened(text, passphrase);
        ProjectId id = content.keys().project();
        Optional<Project> known = found(id);
        return known.map(project -> {
                    List<String> taken = adopt(content.keys(), content.primary());
                    return view(project, false, keyring.of(id).keyId(), taken, content.about());
                })
                .orElseGet(() -> {
                    NewProject asked = asked(content.about().getJsonObject("project"), name);
                    Project made = registration.project(asked, content.keys(), content.primary());
                    audit(made.id(), List.copyOf(content.keys().ids()));
                    return view(
                            made,
                            true,
                            content.primary(),
                            List.copyOf(content.keys().ids()),
                            content.about());
                });
    }

    private static RecoveryKit.Content opened(String text, String passphrase) {
        RecoveryKit kit;
        try {
            kit = RecoveryKit.parse(text, "The text");
        } catch (Failure.Fatal e) {
            throw new Failure.Invalid("kit", e.getMessage());
        }
        try {
            return kit.open(passphrase);
        } catch (Failure.Fatal e) {
            throw new Failure.Invalid("passphrase", e.getMessage());
        }
    }

    private Optional<Project> found(ProjectId id) {
        try {
            return Optional.of(fleet.project(id));
        } catch (Failure.NotFound e) {
            return Optional.empty();
        }
    }

    private List<String> adopt(ExportedKeys keys, String primary) {
        return changes.adopt(keys, primary, taken -> {
            audit(keys.project(), taken);
            live.changed(keys.project(), "backup", keys.project().value());
        });
    }

    private void audit(ProjectId project, List<String> taken) {
        audit.record(project, "recovery-kit.import", "project " + project, Map.of("keys", taken));
    }

    private static NewProject asked(JsonObject project, @Nullable Name name) {
        return new NewProject(
                name == null ? new Name(project.getString("name")) : name,
                project.getString("displayName"),
                ZoneId.of(project.getString("timeZone")),
                Currency.getInstance(project.getString("currency")));
    }

    private static RecoveryKitImportResource.ImportedView view(
            Project project, boolean created, String primary, List<String> keys, JsonObject about) {
        return new RecoveryKitImportResource.ImportedView(
                project.id().value(),
                project.name().value(),
                created,
                primary,
                keys,
                about.getJsonArray(SERVERS).getValuesAs(JsonObject.class).stream()
                        .map(server -> new RecoveryKitImportResource.ServerView(
                                server.getString("name"),
                                server.getString("systemIdentifier", null),
                                server.getString("host"),
                                server.getInt("port")))
                        .toList(),
                about.getJsonArray(STORES).getValuesAs(JsonObject.class).stream()
                        .map(store -> new RecoveryKitImportResource.StoreView(
                                store.getString("name"), store.getString("kind"), store.getString("place")))
                        .toList());
    }
}
