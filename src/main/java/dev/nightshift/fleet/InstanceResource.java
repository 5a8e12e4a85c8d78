package dev.nightshift.fleet;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.BreakerStatus;
import dev.nightshift.postgres.ClientCertificate;
import dev.nightshift.postgres.PoolStatus;
import dev.nightshift.postgres.TargetPools;
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
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The PostgreSQL servers of a project. */
@RequestScoped
@Path("/projects/{project}/instances")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Instances")
public class InstanceResource {
    /** An instance to register or to change; on a change, what is left out stays. */
    @Schema(name = "InstanceRequest")
    public record Body(
            @Nullable String name,
            @Nullable String host,
            @Nullable Integer port,

            @Schema(
                    description =
                            "Further servers of its cluster, each host:port with the same login, at most 7; work is done"
                                    + " on the one that is the primary")
            @Nullable
            List<String> members,

            @Nullable String user,

            @Schema(description = "Stored encrypted and never shown; empty for none") @Nullable
            String password,

            @Schema(description = "A file on Nightshift's machine, read at each connect (installation admin)") @Nullable
            String passwordFile,

            @Schema(description = "A variable NIGHTSHIFT_CREDENTIAL_… of Nightshift's environment (installation admin)")
            @Nullable
            String passwordVariable,

            @Schema(enumeration = {"disable", "prefer", "require", "verify-ca", "verify-full"}) @Nullable
            String tlsMode,

            @Schema(
                    description =
                            "PEM file on Nightshift's machine (installation admin); empty for the JDK's trust store")
            @Nullable
            String rootCertificate,

            @Schema(description = "PEM file on Nightshift's machine (installation admin); empty for none") @Nullable
            String clientCertificate,

            @Schema(description = "PEM file of its key: PKCS #8, no passphrase (installation admin); empty for none")
            @Nullable
            String clientKey,

            @Nullable String maintenanceDatabase,
            @Nullable List<String> tags,

            @Schema(description = "How many days old its newest proof may be (7); 0 where none is expected") @Nullable
            Integer proofDays) {
        ServerFields fields() {
            return new ServerFields(
                    host,
                    port,
                    members,
                    user,
                    password,
                    passwordFile,
                    passwordVariable,
                    tlsMode,
                    rootCertificate,
                    clientCertificate,
                    clientKey,
                    maintenanceDatabase,
                    tags,
                    proofDays);
        }

        /** Never the password. */
        @Override
        public String toString() {
            return "Body[" + name + "]";
        }
    }

    /** An instance as it is shown. */
    @Schema(name = "Instance")
    public record View(
            UUID id,
            String name,
            String host,
            int port,
            List<String> members,
            String tlsMode,
            @Nullable String rootCertificate,
            @Nullable String clientCertificate,
            @Nullable String clientKey,
            String user,
            boolean hasPassword,
            @Nullable String passwordFile,
            @Nullable String passwordVariable,
            String maintenanceDatabase,
            @Nullable String serverVersion,
            @Nullable String systemIdentifier,
            List<String> tags,
            int proofDays,
            BreakerView breaker,
            PoolView pool,
            List<String> databases) {}

    /** Whether this node asks the instance at present. */
    @Schema(name = "Breaker")
    public record BreakerView(
            BreakerStatus.State state,
            @Nullable Instant since,
            int failures,
            @Nullable String lastError,
            @Nullable Instant retryAt) {}

    /** This node's connections to the instance. */
    @Schema(name = "Pool")
    public record PoolView(int active, int idle, int waiting) {}

    private static final String EXAMPLE = """
            {"name":"shop","host":"db1.example.com","port":5432,"user":"nightshift","password":"…",\
            "tlsMode":"verify-full","rootCertificate":"/srv/nightshift/credentials/ca.pem","tags":["production"]}""";

    @Inject
    private Fleet fleet;

    @Inject
    private Registration registration;

    @Inject
    private TargetPools pools;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    /** In the order of their names. */
    @GET
    @Operation(operationId = "instances", summary = "List a project's instances")
    public Page<View> list(@QueryParam("limit") @Nullable String limit, @QueryParam("after") @Nullable String after) {
        ProjectId id = project.id();
        Page<Instance> page = fleet.instances(id, after, Page.size(limit));
        List<Database> databases =
                fleet.databasesOf(id, page.items().stream().map(Instance::id).toList());
        return page.map(instance -> view(instance, databases));
    }

    /** Registers one. */
    @POST
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "createInstance",
            summary = "Register an instance",
            description = "The server is asked who it is; one that does not answer is registered all the same.")
    @RequestBody(content = @Content(examples = @ExampleObject(name = "shop", value = EXAMPLE)))
    @APIResponse(
            responseCode = "201",
            description = "The instance",
            content = @Content(schema = @Schema(implementation = View.class)))
    @APIResponse(responseCode = "400", description = "A field breaks a rule; the problem names it")
    @APIResponse(responseCode = "409", description = "The name is taken, or another project holds the server")
    public Response create(@Nullable Body body, @Context UriInfo uri) {
        Body asked = Asked.body(body);
        Instance made = registration.instance(
                project.id(),
                Checks.name("name", asked.name()),
                Requests.server(asked.fields(), caller, fleet.credentialRoots()));
        return Requests.created(uri, made.name(), view(made, List.of()));
    }

    /** One of them. */
    @GET
    @Path("/{instance}")
    @Operation(operationId = "instance", summary = "Show an instance")
    public View get(@PathParam("instance") String instance) {
        return view(found(instance));
    }

    /** Changes one. */
    @PUT
    @Needs(Role.ADMIN)
    @Path("/{instance}")
    @Operation(
            operationId = "changeInstance",
            summary = "Change an instance",
            description =
                    "What is left out stays. Another host, port, member or user, or less of a check who answers, asks for the"
                            + " password again. An empty list of members leaves none.")
    public View change(@PathParam("instance") String instance, @Nullable Body body) {
        Body asked = Asked.body(body);
        Instance before = found(instance);
        Asked.sameName("name", asked.name(), before.name().value());
        return view(registration.change(
                project.id(), before.id(), Requests.server(asked.fields(), before, caller, fleet.credentialRoots())));
    }

    /** Deletes one that has no databases. */
    @DELETE
    @Needs(Role.ADMIN)
    @Path("/{instance}")
    @Operation(operationId = "deleteInstance", summary = "Delete an instance that has no databases and no backups")
    @APIResponse(responseCode = "204", description = "It is gone")
    @APIResponse(responseCode = "409", description = "It has databases or backups")
    public void delete(@PathParam("instance") String instance, @QueryParam("confirm") @Nullable String confirm) {
        Instance found = found(instance);
        Asked.confirmed(confirm, found.name().value());
        registration.deleteInstance(project.id(), found.id());
    }

    private Instance found(String name) {
        ProjectId id = project.id();
        return Requests.found("instance", name, valid -> fleet.instanceNamed(id, valid));
    }

    private View view(Instance instance) {
        return view(instance, fleet.databasesOf(instance.project(), instance.id()));
    }

    private View view(Instance instance, List<Database> databases) {
        ClientCertificate certificate = instance.clientCertificate();
        return new View(
                instance.id(),
                instance.name().value(),
                instance.host(),
                instance.port(),
                instance.members(),
                instance.tls().text(),
                text(instance.rootCertificate()),
                certificate == null ? null : text(certificate.certificate()),
                certificate == null ? null : text(certificate.key()),
                instance.user(),
                instance.hasPassword(),
                text(instance.passwordFile()),
                instance.passwordVariable(),
                instance.maintenanceDatabase(),
                instance.serverVersion(),
                instance.systemIdentifier(),
                instance.tags(),
                instance.proofDays(),
                breaker(instance),
                pool(instance),
                databases.stream()
                        .filter(database -> database.instance().id().equals(instance.id()))
                        .map(database -> database.name().value())
                        .toList());
    }

    private static @Nullable String text(java.nio.file.@Nullable Path path) {
        return path == null ? null : path.toString();
    }

    /** Of the member that is worked on. */
    private BreakerView breaker(Instance instance) {
        String address = fleet.address(instance);
        return pools.breakers().stream()
                .filter(status -> status.instance().equals(address))
                .findFirst()
                .map(status -> new BreakerView(
                        status.state(), status.since(), status.failures(), status.lastError(), status.retryAt()))
                .orElse(new BreakerView(BreakerStatus.State.CLOSED, null, 0, null, null));
    }

    private PoolView pool(Instance instance) {
        String address = fleet.address(instance);
        List<PoolStatus> open = pools.pools().stream()
                .filter(status -> status.instance().equals(address))
                .toList();
        return new PoolView(
                open.stream().mapToInt(PoolStatus::active).sum(),
                open.stream().mapToInt(PoolStatus::idle).sum(),
                open.stream().mapToInt(PoolStatus::waiting).sum());
    }
}
