package dev.nightshift.fleet;

import dev.nightshift.access.Caller;
import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.CheckReport;
import jakarta.enterprise.context.RequestScoped;
import jakarta.enterprise.inject.Any;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
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
import java.io.StringReader;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The databases of a project: what jobs aim at. */
@RequestScoped
@Path("/projects/{project}/databases")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Databases")
public class DatabaseResource {
    /** A database to register, to change or to test; on a change, what is left out stays. */
    @Schema(name = "DatabaseRequest")
    public record Body(
            @Nullable String name,

            @Schema(description = "A registered instance's name; or host, user and so on make one of the same name")
            @Nullable
            String instance,

            @Schema(description = "What the server calls the database; the name if left out") @Nullable
            String dbname,

            @Nullable String host,
            @Nullable Integer port,

            @Schema(
                    description =
                            "Further servers of its cluster, each host:port with the same login, at most 7; work is done"
                                    + " on the one that is the primary")
            @Nullable
            List<String> members,

            @Nullable String user,

            @Schema(description = "Stored encrypted and never shown") @Nullable
            String password,

            @Schema(description = "A file on Nightshift's machine, read at each connect (installation admin)") @Nullable
            String passwordFile,

            @Schema(description = "A variable NIGHTSHIFT_CREDENTIAL_… of Nightshift's environment (installation admin)")
            @Nullable
            String passwordVariable,

            @Schema(enumeration = {"disable", "prefer", "require", "verify-ca", "verify-full"}) @Nullable
            String tlsMode,

            @Schema(description = "PEM file on Nightshift's machine (installation admin)") @Nullable
            String rootCertificate,

            @Schema(description = "PEM file on Nightshift's machine (installation admin)") @Nullable
            String clientCertificate,

            @Schema(description = "PEM file of its key: PKCS #8, no passphrase (installation admin)") @Nullable
            String clientKey,

            @Nullable String maintenanceDatabase,
            @Nullable List<String> tags,
            @Nullable Vacuum vacuum) {
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
                    null);
        }

        /** Never the password. */
        @Override
        public String toString() {
            return "Body[" + name + "]";
        }
    }

    /** From when on tables are vacuumed; what is left out stays, or has its usual value. */
    @Schema(name = "VacuumSettings")
    public record Vacuum(
            @Schema(examples = "20", minimum = "1", maximum = "100") @Nullable
            Integer deadPercent,

            @Schema(examples = "10", minimum = "1", maximum = "100") @Nullable
            Integer changedPercent,

            @Schema(examples = "1000", minimum = "0") @Nullable
            Long floorRows) {
        static Vacuum of(VacuumSettings settings) {
            return new Vacuum(settings.deadPercent(), settings.changedPercent(), settings.floorRows());
        }

        VacuumSettings over(VacuumSettings present) {
            return new VacuumSettings(
                    deadPercent == null ? present.deadPercent() : deadPercent,
                    changedPercent == null ? present.changedPercent() : changedPercent,
                    floorRows == null ? present.floorRows() : floorRows);
        }
    }

    /** A database as it is shown. */
    @Schema(name = "Database")
    public record View(
            UUID id,
            String name,
            String instance,
            String dbname,
            List<String> tags,
            @Nullable Long sizeBytes,
            Vacuum vacuum,

            @Schema(implementation = CheckReport.class) @Nullable
            JsonObject lastCheck,

            @Schema(description = "The newest backup and its proof; null without one") @Nullable
            Object backup) {}

    static final String NEW_EXAMPLE = """
            {"name":"shop","dbname":"shop","host":"db1.example.com","port":5432,"user":"nightshift","password":"…",\
            "tlsMode":"verify-full"}""";
    private static final String ON_INSTANCE_EXAMPLE = """
            {"name":"shop","instance":"db1","dbname":"shop"}""";

    @Inject
    private Fleet fleet;

    @Inject
    private Registration registration;

    @Inject
    private Checkup checkup;

    @Inject
    private CurrentProject project;

    @Inject
    private Caller caller;

    @Inject
    @Any
    private jakarta.enterprise.inject.Instance<DatabaseFacts> facts;

    /** In the order of their names. */
    @GET
    @Operation(operationId = "databases", summary = "List a project's databases")
    public Page<View> list(@QueryParam("limit") @Nullable String limit, @QueryParam("after") @Nullable String after) {
        ProjectId id = project.id();
        Page<Database> page = fleet.databases(id, after, Page.size(limit));
        Map<UUID, Object> backups = facts(id, page.items());
        return page.map(database -> view(database, backups));
    }

    /** Registers one, on a registered instance or together with its instance. */
    @POST
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "createDatabase",
            summary = "Register a database",
            description = "The connection is tested; a database that does not answer is registered all the same.")
    @RequestBody(
            content =
                    @Content(
                            examples = {
                                @ExampleObject(name = "with its instance", value = NEW_EXAMPLE),
                                @ExampleObject(name = "on an instance", value = ON_INSTANCE_EXAMPLE)
                            }))
    @APIResponse(
            responseCode = "201",
            description = "The database",
            content = @Content(schema = @Schema(implementation = View.class)))
    @APIResponse(responseCode = "400", description = "A field breaks a rule; the problem names it")
    @APIResponse(responseCode = "409", description = "The name is taken, or another project holds the server")
    public Response create(@Nullable Body body, @Context UriInfo uri) {
        Body asked = Asked.body(body);
        ProjectId id = project.id();
        Name name = Checks.name("name", asked.name());
        NewDatabase database = new NewDatabase(
                name,
                asked.dbname() == null ? name.value() : asked.dbname(),
                Checks.tags(asked.tags()),
                asked.vacuum() == null
                        ? VacuumSettings.standard()
                        : asked.vacuum().over(VacuumSettings.standard()));
        Database made;
        if (asked.instance() == null) {
            made = registration.database(
                    id, Requests.server(asked.fields(), caller, fleet.credentialRoots()), database);
        } else {
            asked.fields().refuse();
            made = registration.database(
                    id, Requests.instance(fleet, id, asked.instance()).id(), database);
        }
        return Requests.created(uri, name, view(made, Map.of()));
    }

    /** One of them. */
    @GET
    @Path("/{database}")
    @Operation(operationId = "database", summary = "Show a database")
    public View get(@PathParam("database") String database) {
        return view(found(database));
    }

    /** Changes tags and vacuum settings. */
    @PUT
    @Needs(Role.ADMIN)
    @Path("/{database}")
    @Operation(
            operationId = "changeDatabase",
            summary = "Change a database's tags and vacuum settings",
            description =
                    "What is left out stays; names and instance never change. Where the server is and how to log in"
                            + " belongs to the instance.")
    public View change(@PathParam("database") String database, @Nullable Body body) {
        Body asked = Asked.body(body);
        Database before = found(database);
        Asked.sameName("name", asked.name(), before.name().value());
        Asked.sameName("instance", asked.instance(), before.instance().name().value());
        Asked.sameName("dbname", asked.dbname(), before.dbname());
        asked.fields().refuse();
        return view(registration.change(
                project.id(),
                before.id(),
                asked.tags() == null ? before.tags() : Checks.tags(asked.tags()),
                asked.vacuum() == null ? before.vacuum() : asked.vacuum().over(before.vacuum())));
    }

    /** Deletes one. */
    @DELETE
    @Needs(Role.ADMIN)
    @Path("/{database}")
    @Operation(
            operationId = "deleteDatabase",
            summary = "Stop looking after a database",
            description =
                    "Nothing on the server changes. The instance that was made with it goes with its last database.")
    @APIResponse(responseCode = "204", description = "It is gone")
    @APIResponse(responseCode = "409", description = "Backups of it are held")
    public void delete(@PathParam("database") String database, @QueryParam("confirm") @Nullable String confirm) {
        Database found = found(database);
        Asked.confirmed(confirm, found.name().value());
        registration.deleteDatabase(project.id(), found.id());
    }

    /** Tests a registered database's connection. */
    @POST
    @Path("/{database}/check")
    @Needs(Role.OPERATOR)
    @Consumes(MediaType.WILDCARD)
    @Operation(operationId = "checkDatabase", summary = "Test a database's connection and privileges")
    @APIResponse(
            responseCode = "200",
            description = "What was found",
            content = @Content(schema = @Schema(implementation = CheckReport.class)))
    public JsonObject check(@PathParam("database") String database) {
        return Checkup.json(checkup.check(project.id(), found(database).id()));
    }

    private Database found(String name) {
        ProjectId id = project.id();
        return Requests.found("database", name, valid -> fleet.databaseNamed(id, valid));
    }

    private View view(Database database) {
        return view(database, facts(database.project(), List.of(database)));
    }

    private static View view(Database database, Map<UUID, Object> backups) {
        return new View(
                database.id(),
                database.name().value(),
                database.instance().name().value(),
                database.dbname(),
                database.tags(),
                database.sizeBytes(),
                Vacuum.of(database.vacuum()),
                json(database.lastCheck()),
                backups.get(database.id()));
    }

    private Map<UUID, Object> facts(ProjectId id, Collection<Database> databases) {
        Map<UUID, Object> backups = new HashMap<>();
        for (DatabaseFacts each : facts) {
            if (each.field().equals("backup")) {
                backups.putAll(each.of(id, databases));
            }
        }
        return backups;
    }

    private static @Nullable JsonObject json(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }
}
