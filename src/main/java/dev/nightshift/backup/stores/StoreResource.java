package dev.nightshift.backup.stores;

import dev.nightshift.access.Caller;
import dev.nightshift.access.NeedsInstallationAdmin;
import dev.nightshift.audit.Audit;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
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
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
            @Nullable String secretVariable) {
        static StoreView named(String name, String kind) {
            return new StoreView(name, kind, null, null, null, null, null, null, null, null);
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
                    store.secret() instanceof Secret.File file ? file.path().toString() : null,
                    store.secret() instanceof Secret.Variable variable ? variable.name() : null);
        }

        private static @Nullable String text(String text) {
            return text.isEmpty() ? null : text;
        }
    }

    /** A store to be made or changed; on a change, what is left out stays, and what is empty goes. */
    @Schema(name = "StoreRequest")
    public record Body(
            @Nullable String name,

            @Schema(enumeration = {"FOLDER", "S3", "AZBLOB", "GCS"}) @Nullable
            String kind,

            @Schema(description = "Of a FOLDER: absolute, below NIGHTSHIFT_STORE_ROOTS, the same on every node")
            @Nullable
            String folder,

            @Schema(description = "At Azure the container") @Nullable
            String bucket,

            @Schema(description = "The folder within the bucket") @Nullable
            String prefix,

            @Schema(description = "The service's address, unless it is the provider's own") @Nullable
            String endpoint,

            @Nullable String region,

            @Schema(description = "S3's access key id, unless the secret holds it too; Azure's storage account")
            @Nullable
            String account,

            @Schema(
                    description =
                            "File on every node, below NIGHTSHIFT_CREDENTIAL_ROOTS: S3's secret access key, Azure's"
                                    + " account key, or Google's key file itself")
            @Nullable
            String secretFile,

            @Schema(description = "Instead, a variable NIGHTSHIFT_CREDENTIAL_… of every node") @Nullable
            String secretVariable) {}

    /** Whether a store does what backups need, and where it failed. */
    @Schema(name = "StoreCheck")
    public record CheckView(boolean works, List<StepView> steps) {}

    /** One step of the check; {@code reason} and {@code remedy} where it failed. */
    @Schema(name = "StoreCheckStep")
    public record StepView(
            String step,
            boolean passed,
            long millis,
            @Nullable String reason,
            @Nullable String remedy) {}

    @GET
    @Operation(
            summary = "The stores",
            description = "Names and kinds for everybody; where they lie for the installation's admins.")
    public List<StoreView> list() {
        boolean all = caller.installationAdmin();
        return Stream.concat(
                        Stream.of(StoreView.named(Stores.LOCAL, StoreDefinition.Kind.FOLDER.name())),
                        repository.all().stream()
                                .map(store -> all
                                        ? StoreView.of(store)
                                        : StoreView.named(
                                                store.name().value(),
                                                store.kind().name())))
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
    public Response create(@Context UriInfo uri, @Nullable Body body) {
        Body asked = Asked.body(body);
        StoreDefinition store = defined(asked, null);
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
    public StoreView change(@PathParam("name") String name, @Nullable Body body) {
        StoreDefinition before = defined(name);
        StoreDefinition after = defined(Asked.body(body), before);
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
                            + " the node that answers. Up to two minutes a step where the store does not answer.")
    public CheckView check(@PathParam("name") String name) {
        if (!name.equals(Stores.LOCAL)) {
            defined(name);
        }
        List<StoreCheck.Result> results = StoreCheck.run(() -> stores.of(name));
        return new CheckView(
                results.stream().allMatch(result -> result.reason() == null),
                results.stream()
                        .map(result -> new StepView(
                                result.step().name(),
                                result.reason() == null,
                                result.millis(),
                                result.reason(),
                                result.remedy()))
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

    /** What a request describes, of a new store or of a change to one. */
    private StoreDefinition defined(Body asked, @Nullable StoreDefinition before) {
        StoreDefinition.Kind kind = Asked.word("kind", asked.kind(), StoreDefinition.Kind.class);
        if (before == null && (asked.name() == null || kind == null)) {
            String missing = asked.name() == null ? "name" : "kind";
            throw new Failure.Invalid(missing, "The field " + missing + " is missing.");
        }
        Secret secret = Secret.referred("secret", asked.secretFile(), asked.secretVariable(), fleet.credentialRoots());
        if (before == null) {
            String folder = given(asked.folder(), "");
            return new StoreDefinition(
                    new Name(Objects.requireNonNull(asked.name())),
                    Objects.requireNonNull(kind),
                    kind == StoreDefinition.Kind.FOLDER
                            ? stores.confined(folder).toString()
                            : folder,
                    given(asked.bucket(), ""),
                    given(asked.prefix(), ""),
                    given(asked.endpoint(), ""),
                    given(asked.region(), ""),
                    given(asked.account(), ""),
                    secret == null ? new Secret.None() : secret);
        }
        Asked.sameName("name", asked.name(), before.name().value());
        Asked.sameName("kind", kind == null ? null : kind.name(), before.kind().name());
        Asked.sameName("folder", asked.folder(), before.folder());
        Asked.sameName("bucket", asked.bucket(), before.bucket());
        Asked.sameName("prefix", asked.prefix(), before.prefix());
        boolean elsewhere = !given(asked.endpoint(), before.endpoint()).equals(before.endpoint())
                || !given(asked.account(), before.account()).equals(before.account());
        if (elsewhere && secret == null && !(before.secret() instanceof Secret.None)) {
            throw new Failure.Invalid(
                    "secretFile",
                    "Name what opens the store again: with another endpoint or account it would be shown to somebody else.");
        }
        return new StoreDefinition(
                before.name(),
                before.kind(),
                before.folder(),
                before.bucket(),
                before.prefix(),
                given(asked.endpoint(), before.endpoint()),
                given(asked.region(), before.region()),
                given(asked.account(), before.account()),
                secret == null ? before.secret() : secret);
    }

    private static String given(@Nullable String asked, String otherwise) {
        return asked == null ? otherwise : asked.strip();
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
                        "opens", String.valueOf(store.secret())));
    }
}
