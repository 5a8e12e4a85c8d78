package dev.nightshift.backup.stores;

import dev.nightshift.access.Caller;
import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.audit.Audit;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The stores that backups can lie in. */
@Path("stores")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Stores")
public class StoreResource {
    @Inject
    private Stores stores;

    @Inject
    private StoreRepository repository;

    @Inject
    private LostStores losses;

    @Inject
    private Transactions transactions;

    @Inject
    private Fleet fleet;

    @Inject
    private Audit audit;

    @Inject
    private Caller caller;

    /** A store; where it lies and what opens it for installation admins alone. */
    @Schema(name = "Store")
    public record StoreView(
            String name,
            String kind,
            @Nullable String folder,
            @Nullable String bucket,
            @Nullable String prefix,
            @Nullable String endpoint,
            @Nullable String region,
            @Nullable String account,
            @Nullable String secretFile,
            @Nullable String secretVariable,

            @Schema(description = "For how many days the bucket is to lock what is stored") @Nullable
            Integer lockDays,

            @Schema(description = "Of S3: the access key id of the login that deletes") @Nullable
            String deleteAccount,

            @Nullable String deleteSecretFile,
            @Nullable String deleteSecretVariable,

            @Schema(description = "Since when it is declared lost for good; null if it is not") @Nullable
            Instant lostSince) {
        static StoreView named(String name, String kind) {
            return new StoreView(
                    name, kind, null, null, null, null, null, null, null, null, null, null, null, null, null);
        }

        StoreView lost(LostStores.@Nullable Loss loss) {
            return loss == null
                    ? this
                    : new StoreView(
                            name,
                            kind,
                            folder,
                            bucket,
                            prefix,
                            endpoint,
                            region,
                            account,
                            secretFile,
                            secretVariable,
                            lockDays,
                            deleteAccount,
                            deleteSecretFile,
                            deleteSecretVariable,
                            loss.at());
        }

        static StoreView of(StoreDefinition store) {
            return new StoreView(
                    store.name().value(),
                    store.kind().name(),
                    text(store.folder()),
                    text(store.bucket()),
                    text(store.prefix()),
                    text(store.endpoint()),
                    text(store.region()),
                    text(store.account()),
                    file(store.secret()),
                    variable(store.secret()),
                    store.lockDays() == 0 ? null : store.lockDays(),
                    text(store.deleting().account()),
                    file(store.deleting().secret()),
                    variable(store.deleting().secret()),
                    null);
        }

        private static @Nullable String file(Secret secret) {
            return secret instanceof Secret.File file ? file.path().toString() : null;
        }

        private static @Nullable String variable(Secret secret) {
            return secret instanceof Secret.Variable variable ? variable.name() : null;
        }

        private static @Nullable String text(String text) {
            return text.isEmpty() ? null : text;
        }
    }

    /** Whether a store does what backups need, and where it failed. */
    @Schema(name = "StoreCheck")
    public record CheckView(boolean works, List<StepView> steps) {}

    /** One step of the check; {@code reason} and {@code remedy} where it failed, {@code found} where there is more to say. */
    @Schema(name = "StoreCheckStep")
    public record StepView(
            String step,
            boolean passed,
            long millis,
            @Nullable String reason,
            @Nullable String remedy,

            @Schema(description = "What was measured: whether and for how long the bucket locks what is stored")
            @Nullable
            String found) {}

    @GET
    @Operation(
            summary = "The stores",
            description = "Names and kinds for everybody; where they lie for the installation's admins.")
    public List<StoreView> list() {
        boolean all = caller.installationAdmin();
        Map<String, LostStores.Loss> lost = losses.all();
        return Stream.concat(
                        Stream.of(StoreView.named(Stores.LOCAL, StoreDefinition.Kind.FOLDER.name())),
                        repository.all().stream()
                                .map(store -> all
                                        ? StoreView.of(store)
                                        : StoreView.named(
                                                store.name().value(),
                                                store.kind().name())))
                .map(view -> view.lost(lost.get(view.name())))
                .toList();
    }

    @POST
    @NeedsInstallationAdmin
    @Operation(summary = "Define a store", description = "Nothing is asked of it yet; check it afterwards.")
    @RequestBody(
            content =
                    @Content(
                            examples =
                                    @ExampleObject(
                                            name = "example",
                                            value = "{\"name\":\"offsite\",\"kind\":\"S3\",\"bucket\":\"acme-backups\","
                                                    + "\"region\":\"eu-central-1\",\"account\":\"AKIA…\","
                                                    + "\"secretVariable\":\"NIGHTSHIFT_CREDENTIAL_OFFSITE\"}")))
    @APIResponse(
            responseCode = "201",
            description = "The store",
            content = @Content(schema = @Schema(implementation = StoreView.class)))
    @APIResponse(responseCode = "409", description = "The name is taken, or the place another store's")
    public Response create(@Context UriInfo uri, @Nullable StoreBody body) {
        StoreDefinition store = Asked.body(body).create(stores, fleet.credentialRoots());
        transactions.installation(connection -> {
            repository.insert(connection, store);
            audit("store.create", store);
            return true;
        });
        return Response.created(
                        uri.getAbsolutePathBuilder().path(store.name().value()).build())
                .entity(StoreView.of(store))
                .build();
    }

    @PUT
    @Path("{name}")
    @NeedsInstallationAdmin
    @Operation(
            summary = "Change how a store is reached, or what opens it",
            description = "Its name, kind, folder, bucket and prefix never change: the backups lie there.")
    public StoreView change(@PathParam("name") String name, @Nullable StoreBody body) {
        StoreDefinition before = defined(name);
        StoreDefinition after = Asked.body(body).over(before, fleet.credentialRoots());
        transactions.installation(connection -> {
            repository.update(connection, after);
            audit("store.change", after);
            return true;
        });
        return StoreView.of(after);
    }

    @DELETE
    @Path("{name}")
    @NeedsInstallationAdmin
    @Operation(summary = "Forget a store; what lies in it stays there")
    @APIResponse(responseCode = "204", description = "It is forgotten")
    @APIResponse(
            responseCode = "409",
            description = "Backups lie in it, or are on their way there, or a policy names it")
    public Response delete(@PathParam("name") String name, @QueryParam("confirm") @Nullable String confirm) {
        StoreDefinition store = defined(name);
        Asked.confirmed(confirm, name);
        transactions.installation(connection -> {
            repository.delete(connection, name);
            audit("store.delete", store);
            return true;
        });
        return Response.noContent().build();
    }

    @POST
    @Path("{name}/check")
    @NeedsInstallationAdmin
    @Operation(
            summary = "Try a store",
            description =
                    "Writes a small object, sees that it cannot be overwritten, reads it, lists it and deletes it, from"
                            + " the node that answers; where another login deletes, sees that the first one cannot, nor for good where the bucket keeps versions; asks for how long the bucket locks what is stored. Up to two minutes a step where the store does not answer.")
    public CheckView check(@PathParam("name") String name) {
        int lockDays = name.equals(Stores.LOCAL) ? 0 : defined(name).lockDays();
        List<StoreCheck.Result> results =
                StoreCheck.run(() -> stores.found(name), lockDays, lock -> stores.measured(name, lockDays, lock));
        return new CheckView(
                results.stream().allMatch(result -> result.reason() == null),
                results.stream()
                        .map(result -> new StepView(
                                result.step().name(),
                                result.reason() == null,
                                result.millis(),
                                result.reason(),
                                result.remedy(),
                                result.found()))
                        .toList());
    }

    private StoreDefinition defined(String name) {
        if (name.equals(Stores.LOCAL)) {
            throw new Failure.Conflict(
                    "The store local is the folder that NIGHTSHIFT_STORE names; it is not defined here.",
                    "Change that setting, or define another store.");
        }
        return stores.definition(name);
    }

    private void audit(String action, StoreDefinition store) {
        audit.record(
                null,
                action,
                "store " + store.name(),
                Map.of(
                        "kind", store.kind().name(),
                        "bucket", store.bucket(),
                        "folder", store.folder(),
                        "endpoint", store.endpoint(),
                        "prefix", store.prefix(),
                        "region", store.region(),
                        "account", store.account(),
                        "opens", String.valueOf(store.secret()),
                        "lockDays", store.lockDays(),
                        "deletes",
                                store.deleting().account() + " "
                                        + store.deleting().secret()));
    }
}
